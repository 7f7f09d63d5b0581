"""
A backfill from the command line, with Airflow's own scheduler, triggerer and workers, and the loop that follows it.

BACKFILL_DAYS, BACKFILL_OBJECTS and BACKFILL_PARALLEL say how much.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.backfill_world import KNOWN, LATE
from tests.support.demo_runs import Home
from tests.support.local_servers import free_port

DAYS, OBJECTS, PARALLEL = (
    int(os.environ.get(f"BACKFILL_{name}", default))
    for name, default in (("DAYS", "4"), ("OBJECTS", "40"), ("PARALLEL", "3"))
)
SECONDS = 600 + 90 * DAYS

pytestmark = [pytest.mark.system, pytest.mark.timeout(SECONDS + 60)]

KNOWN_FILES = [f"benchmark/{number}.jpg" for number in range(KNOWN)]
FILES = [f"production/{number % 10}/{number}.jpg" for number in range(OBJECTS)]


@dataclass(frozen=True)
class Story:
    home: Home
    output: str
    found: dict[str, Any]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = Home(tmp_path_factory.mktemp("backfill"))
    amount = ["--days", str(DAYS), "--objects", str(OBJECTS), "--parallel", str(PARALLEL)]
    log, out = home.path / "backfill.txt", home.path / "found.json"
    try:
        process = home.start(
            "tests.support.backfill_world", log, *amount, "--port", str(free_port()), "--out", str(out)
        )
        status = process.wait(SECONDS)
        output = log.read_text(encoding="utf-8")
        assert status == 0, output[-4000:]
        yield Story(home, output, json.loads(out.read_text(encoding="utf-8")))
    finally:
        home.end_all()


def test_every_interval_ran_and_several_at_a_time(story: Story) -> None:
    print(f"{DAYS} intervals over {OBJECTS} objects took {story.found['seconds']:.0f} s")
    runs = Counter((run["run_type"], run["state"]) for run in story.found["runs"])
    assert runs == {("backfill", "success"): DAYS}
    assert 1 < story.found["most_at_once"] <= PARALLEL


def test_each_object_was_registered_once(story: Story) -> None:
    assert sorted(story.found["before"]["Demo: production files"]) == sorted(FILES)
    assert sorted(story.found["after"]["Demo: benchmark files"]) == KNOWN_FILES


def test_a_late_object_is_registered_when_its_interval_is_run_again(story: Story) -> None:
    assert sorted(story.found["after"]["Demo: production files"]) == sorted([*FILES, LATE])


def test_there_is_one_of_everything(story: Story) -> None:
    state = story.found["state"]
    assert sorted(one["name"] for one in state["folders"]) == ["Demo: benchmark files", "Demo: production files"]
    assert {one["title"]: one["rows"] for one in state["datasets"]} == {
        "Demo: benchmark": KNOWN,
        "Demo: production": OBJECTS + 1,
    }
    assert [one["title"] for one in state["ontologies"]] == ["Benchmark QA demo"]
    assert sorted(one["title"] for one in state["projects"]) == ["Demo: ground truth", "Demo: production"]


def test_the_loop_routed_what_the_intervals_brought(story: Story) -> None:
    [production] = [one for one in story.found["state"]["projects"] if one["title"] == "Demo: production"]
    assert production["routed"] == {"Benchmark Task?": {"YES": KNOWN, "NO": OBJECTS + 1}}
    assert 1 <= len(story.found["loop_runs"]) <= DAYS + 1
    in_intervals = {one["state"] for one in story.found["tasks"] if one["task_id"] == "route_tasks"}
    assert in_intervals == {"skipped"}
