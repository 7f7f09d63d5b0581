"""`make demo`, run in a fresh place: once to the end, once with Ctrl-C in the middle, once more to the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo_runs import EncordContent, Home, assert_one_of_everything, press_ctrl_c, wait_until

pytestmark = pytest.mark.system

SUMMARY_TYPES = {
    "routed": {"YES": int, "NO": int},
    "registered": {"benchmark": int, "production": int},
    "benchmark_project": str,
    "production_project": str,
    "annotators": [{"email": str, "submissions": int, "passes": int, "mean_score": float, "decision": str}],
    "not_computed": int,
    "encord_requests": int,
}
TRUE_ORDER = [f"{name}@demo.example" for name in ("careful", "steady", "hasty", "careless")]


@dataclass
class Run:
    """How one `python -m include.demo` went."""

    status: int
    seconds: float
    output: str
    left_running: list[str]
    summary: dict[str, Any]


@dataclass
class Story:
    """Three runs in one home, and what Encord held after the first and after the last."""

    home: Home
    first: Run
    interrupted: Run
    last: Run
    after_first: EncordContent
    after_last: EncordContent


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = Home(tmp_path_factory.mktemp("demo"))
    try:
        first = run(home, "first")
        after_first = home.encord()
        interrupted = run(home, "interrupted", stop_at="  list_bucket done")
        last = run(home, "last")
        yield Story(home, first, interrupted, last, after_first, home.encord())
    finally:
        home.end_all()


def run(home: Home, name: str, stop_at: str | None = None) -> Run:
    """Run the demo to its end, or until it prints a line and Ctrl-C is pressed."""
    started = time.monotonic()
    log = home.path / f"{name}.txt"
    process = home.start("include.demo", log)
    if stop_at:
        wait_until(lambda: stop_at in log.read_text(encoding="utf-8"), repr(stop_at), process)
        press_ctrl_c(process)
    status = process.wait(600)
    seconds = time.monotonic() - started
    left_running = [" ".join(one.cmdline()) for one in home.processes()]
    output = log.read_text(encoding="utf-8")
    print(f"{name} run: {seconds:.0f} s, status {status}\n{output}")
    summary = home.build / "summary.json"
    return Run(status, seconds, output, left_running, json.loads(summary.read_text(encoding="utf-8")))


def test_both_undisturbed_runs_end_well(story: Story) -> None:
    assert (story.first.status, story.last.status) == (0, 0)


def test_a_run_leaves_no_process_however_it_ends(story: Story) -> None:
    assert [story.first.left_running, story.interrupted.left_running, story.last.left_running] == [[], [], []]


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(story: Story) -> None:
    assert story.interrupted.status == 130
    assert "everything that was started is stopped" in story.interrupted.output
    assert "Traceback" not in story.interrupted.output


def test_the_summary_has_the_documented_fields_and_no_others(story: Story) -> None:
    assert outline(story.first.summary) == outline(SUMMARY_TYPES | {"annotators": SUMMARY_TYPES["annotators"] * 4})
    assert outline(story.last.summary) == outline(story.first.summary)


def test_known_units_are_routed_yes_and_all_others_no(story: Story) -> None:
    files = [path for kind in ("benchmark", "production") for path in (story.home.build / "material" / kind).rglob("*")]
    benchmark = [path for path in files if path.is_file() and "benchmark" in path.parts]
    production = [path for path in files if path.is_file() and "production" in path.parts]
    assert (len(benchmark) >= 60, len(production) >= 400) == (True, True)
    units = story.home.expected_units()
    for summary in (story.first.summary, story.last.summary):
        assert summary["registered"] == units
        assert summary["routed"] == {"YES": units["benchmark"], "NO": units["production"]}


def test_the_scorecard_puts_annotators_in_their_true_order(story: Story) -> None:
    annotators = {one["email"]: one for one in story.first.summary["annotators"]}
    assert sorted(annotators, key=lambda one: -annotators[one]["mean_score"]) == TRUE_ORDER
    assert (annotators[TRUE_ORDER[0]]["decision"], annotators[TRUE_ORDER[-1]]["decision"]) == ("PASS", "FAIL")
    known = story.home.expected_units()["benchmark"]
    done = sum(one["submissions"] for one in annotators.values()) + story.first.summary["not_computed"]
    assert done == known * len(TRUE_ORDER)
    assert min(one["submissions"] for one in annotators.values()) >= 60
    assert [line.split()[0] for line in story.first.output.splitlines() if "@demo.example" in line] == TRUE_ORDER


def test_the_scorecard_needs_nothing_from_anywhere(story: Story) -> None:
    page = Path(story.home.build, "workspace", "scorecard.html").read_text(encoding="utf-8")
    parser = _References()
    parser.feed(page)
    assert parser.found == []
    assert "@import" not in page
    assert "url(" not in page
    assert "careless@demo.example" in page
    assert str(story.home.build / "workspace" / "scorecard.html") in story.first.output


def test_a_second_run_makes_nothing_new_and_says_so(story: Story) -> None:
    assert "Nothing new was made in Encord" in story.last.output
    assert "New in Encord: 2 folders" in story.first.output
    counted = {"encord_requests"}
    first, last = ({k: v for k, v in run.summary.items() if k not in counted} for run in (story.first, story.last))
    assert last == first
    things = ("folders", "datasets", "ontologies", "upload_jobs")
    assert {t: story.after_last.state[t] for t in things} == {t: story.after_first.state[t] for t in things}


def test_there_is_one_of_everything(story: Story) -> None:
    assert_one_of_everything(story.home, story.after_first)
    assert_one_of_everything(story.home, story.after_last)


def test_every_request_was_signed_and_none_refused(story: Story) -> None:
    journal = story.after_last.journal
    assert {entry["signature"] for entry in journal} == {"v2", "legacy"}
    assert {entry["user"] for entry in journal} == {"data-operations@demo.example"}
    assert {entry["status"] for entry in journal} == {200}
    assert story.first.summary["encord_requests"] > 0


class _References(HTMLParser):
    """Collects what a page would fetch: anything referred to that is neither in the page nor a link for people."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"src", "srcset", "data", "poster", "action"} | (set() if tag == "a" else {"href", "xlink:href"})
        self.found += [f"{tag} {name}={value}" for name, value in attrs if name in names and not _is_inside(value)]


def _is_inside(reference: str | None) -> bool:
    return reference is None or reference.startswith(("#", "data:"))


def outline(value: Any) -> Any:
    """Return a JSON value with types in place of values."""
    if isinstance(value, dict):
        return {key: outline(one) for key, one in value.items()}
    if isinstance(value, list):
        return [outline(one) for one in value]
    return value if isinstance(value, type) else type(value)
