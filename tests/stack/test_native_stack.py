"""The demo campaign on PostgreSQL, Redis and two Celery workers, undisturbed: as `make stack-native` runs it."""

from __future__ import annotations

from collections import Counter

import pytest

from include.native_stack.addresses import WORKER_ADDRESSES
from include.native_stack.places import ROOT, WORKERS
from include.native_stack.stack import NativeStack
from tests.support.secret_check import key_lines, leaks
from tests.support.stack_story import Story

pytestmark = [pytest.mark.stack, pytest.mark.system, pytest.mark.timeout(2400)]


def test_no_task_failed_or_was_tried_twice(undisturbed: Story) -> None:
    states = Counter(task["state"] for task in undisturbed.tasks)
    assert set(states) <= {"success", "skipped"}
    assert {task["task_id"]: task["try_number"] for task in undisturbed.tasks if task["try_number"] > 1} == {}


def test_the_scores_are_those_of_the_readme(undisturbed: Story) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    expected = [line.split() for line in readme.splitlines() if "@demo.example  " in line]
    assert len(expected) == 4
    assert [line.split() for line in undisturbed.output.splitlines() if "@demo.example" in line] == expected


def test_mapped_scoring_tasks_ran_on_both_workers(undisturbed: Story) -> None:
    scored = [task for task in undisturbed.tasks if task["task_id"] == "score_labels" and task["state"] == "success"]
    assert {task["hostname"] for task in scored} == set(WORKER_ADDRESSES.values())
    for name in WORKERS:
        assert [file for file in undisturbed.files[name] if "task_id=score_labels" in file], name


def test_every_file_is_in_encord_once_and_routed(undisturbed: Story) -> None:
    production = undisturbed.content.project("Demo: production")
    keys = undisturbed.content.source_keys
    counts = {"YES": len(keys["Demo: benchmark files"]), "NO": len(keys["Demo: production files"])}
    assert production["routed"] == {"Benchmark Task?": counts}
    assert all(len(one) == len(set(one)) for one in keys.values())
    assert sum(production["tasks"].values()) == sum(counts.values())
    assert undisturbed.content.names("projects") == ["Demo: ground truth", "Demo: production"]


def test_the_ui_shows_the_logs_of_both_workers(undisturbed: Story) -> None:
    for worker, text in undisturbed.shown_logs.items():
        assert "Could not read served logs" not in text, worker
        assert "submission" in text, worker


def test_workers_keep_nothing_but_logs(undisturbed: Story) -> None:
    for name, files in undisturbed.files.items():
        assert [file for file in files if not file.startswith("logs/")] == ["airflow/airflow.cfg"], name


def test_no_secret_is_in_a_log(stack: NativeStack, undisturbed: Story) -> None:
    assert undisturbed.tasks
    key = stack.places.encord_key.read_text(encoding="ascii")
    folders = [stack.places.logs, *(stack.home(name) / "logs" for name in ("triggerer", *WORKERS))]
    secrets = [*stack.secrets.values(), *key_lines(key)]
    assert [leak for folder in folders for leak in leaks(folder, secrets)] == []
