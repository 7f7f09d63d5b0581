"""The demo campaign on PostgreSQL, Redis and two Celery workers, undisturbed: as `make stack-native` runs it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.benchmark_qa.campaign import load_campaign
from include.native_stack import runs
from include.native_stack.__main__ import run_campaign
from include.native_stack.addresses import WORKER_ADDRESSES
from include.native_stack.places import ROOT, WORKERS, Places
from include.native_stack.stack import NativeStack
from include.native_stack.starting import DAGS, running_stack
from tests.support.demo_runs import EncordContent, read_encord
from tests.support.secret_check import key_lines, leaks

pytestmark = [pytest.mark.stack, pytest.mark.system, pytest.mark.timeout(2400)]


@dataclass
class Story:
    """What was seen while everything ran, and what is left."""

    places: Places
    output: str
    tasks: list[dict[str, Any]]
    shown_logs: dict[str, str]
    content: EncordContent
    pids: list[int]
    secrets: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    lines: list[str] = []
    home = tmp_path_factory.mktemp("stack")
    with running_stack(home, say=print) as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr("include.native_stack.__main__.say", lines.append)
        run_campaign(stack, load_campaign("demo"))
        tasks = [task for dag_id in DAGS for task in runs.task_instances(stack, dag_id)]
        key = stack.places.encord_key.read_text(encoding="ascii")
        seen = Story(
            stack.places,
            "\n".join(lines),
            tasks,
            {name: shown_log(stack, tasks, name) for name in WORKERS},
            read_encord(stack.encord_url, key),
            [process.pid for one in stack.processes.values() for process in (one, *one.children(recursive=True))],
            [*stack.secrets.values(), *key_lines(key)],
        )
    print(seen.output)
    return seen


def shown_log(stack: NativeStack, tasks: list[dict[str, Any]], worker: str) -> str:
    """Return what the UI shows as the log of some scoring task that this worker ran."""
    task = next(one for one in tasks if one["task_id"] == "score_labels" and runs.worker_of(one) == worker)
    url = f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/logs/1"
    answer = stack.api.get(url, params={"map_index": task["map_index"], "full_content": True}).raise_for_status()
    return answer.text


def test_no_task_failed_or_was_tried_twice(story: Story) -> None:
    states = Counter(task["state"] for task in story.tasks)
    assert set(states) <= {"success", "skipped"}
    assert {task["task_id"]: task["try_number"] for task in story.tasks if task["try_number"] > 1} == {}


def test_the_scores_are_those_of_the_readme(story: Story) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    expected = [line.split() for line in readme.splitlines() if "@demo.example  " in line]
    assert len(expected) == 4
    assert [line.split() for line in story.output.splitlines() if "@demo.example" in line] == expected


def test_mapped_scoring_tasks_ran_on_both_workers(story: Story) -> None:
    scored = [task for task in story.tasks if task["task_id"] == "score_labels" and task["state"] == "success"]
    assert {task["hostname"] for task in scored} == set(WORKER_ADDRESSES.values())
    for name in WORKERS:
        of_one_pass = {path.parent.name for path in (story.places.part(name) / "logs").rglob("task_id=score_labels/*")}
        assert of_one_pass, name


def test_every_file_is_in_encord_once_and_routed(story: Story) -> None:
    production = story.content.project("Demo: production")
    keys = story.content.source_keys
    counts = {"YES": len(keys["Demo: benchmark files"]), "NO": len(keys["Demo: production files"])}
    assert production["routed"] == {"Benchmark Task?": counts}
    assert all(len(one) == len(set(one)) for one in keys.values())
    assert sum(production["tasks"].values()) == sum(counts.values())
    assert story.content.names("projects") == ["Demo: ground truth", "Demo: production"]


def test_the_ui_shows_the_logs_of_both_workers(story: Story) -> None:
    for worker, text in story.shown_logs.items():
        assert "Could not read served logs" not in text, worker
        assert "submission" in text, worker


def test_workers_keep_nothing_but_logs(story: Story) -> None:
    for name in WORKERS:
        folder = story.places.part(name)
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert {file for file in files if not file.startswith("logs/")} == {"airflow/airflow.cfg"}


def test_no_secret_is_in_a_log(story: Story) -> None:
    folders = [story.places.logs, *(story.places.part(name) / "logs" for name in ("triggerer", *WORKERS))]
    assert [leak for folder in folders for leak in leaks(folder, story.secrets)] == []


def test_nothing_is_left_running(story: Story) -> None:
    assert json.loads(story.places.register.read_text(encoding="utf-8")) == []
    assert [pid for pid in story.pids if Path(f"/proc/{pid}").exists()] == []
