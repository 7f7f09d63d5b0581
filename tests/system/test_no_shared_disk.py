"""
Both Dags of the demo with each task as a pod is: a program of its own, in an empty folder, deleted at its end.

That is what Airflow's KubernetesExecutor gives a task, and the most that any executor may count on. The workspace is in
the local S3; whatever else a task left for another to find would be gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from include.demo.bucket import CREDENTIALS
from tests.support.demo_runs import ROOT, EncordContent, Home, assert_one_of_everything, read_encord, wait_until
from tests.support.live_airflow import LiveAirflow, live_airflow

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.full_faults, pytest.mark.timeout(3600)]

PATIENCE_SECONDS = 900.0
DAGS = ("benchmark_qa__demo", "benchmark_qa_loop__demo")
BUCKET, FOLDER = "benchmark-qa-demo", "workspaces"
CODE = ("dags", "plugins", "include")


@dataclass
class Story:
    """What was left when all was scored; `tasks` are the names of both Dags' tasks."""

    home: Home
    tasks: set[str]
    pods: list[dict[str, Any]]
    content: EncordContent
    changed: set[Path]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = Home(tmp_path_factory.mktemp("pods"))
    before = code()
    with pods_end(home.path), running(home) as live:
        live.pause(DAGS[1], paused=True)  # it passes when the test says so
        live.begin_to_annotate()
        until_success(live, DAGS[0])
        until_all_is_scored(live)
        content = read_encord(live.encord_url, (home.build / "encord_key").read_text(encoding="ascii"))
        tasks = {task for dag in DAGS for task in tasks_of(live, dag)}
    pods = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(home.path.glob("pods/*.json"))]
    return Story(home, tasks, pods, content, {path for path, _ in code() ^ before})


def running(home: Home) -> Any:
    place = f"s3://{BUCKET}/{FOLDER}"
    return live_airflow(home, "--executor", "tests.support.pod_executor.PodExecutor", BENCHMARK_QA_WORKSPACES=place)


@contextmanager
def pods_end(home: Path) -> Iterator[None]:
    """Leave no task running when a test has failed: they know nothing of the home by which others are found."""
    try:
        yield
    finally:
        for process in psutil.process_iter(["environ"]):
            if (process.info["environ"] or {}).get("HOME", "").startswith(f"{home}/pods/"):
                process.kill()


def code() -> set[tuple[Path, int]]:
    """Return all files of the project's code with their times of change, without what Python keeps beside them."""
    files = (path for name in CODE for path in (ROOT / name).rglob("*") if "__pycache__" not in path.parts)
    return {(path, path.stat().st_mtime_ns) for path in files if path.is_file()}


def until_success(live: LiveAirflow, dag_id: str) -> None:
    run_id = live.trigger(dag_id)
    states = {"success", "failed"}
    wait_until(lambda: live.run_state(dag_id, run_id) in states, f"end of {run_id}", live.world, PATIENCE_SECONDS)
    assert live.run_state(dag_id, run_id) == "success", live.tasks(dag_id, run_id)


def until_all_is_scored(live: LiveAirflow) -> None:
    known = live.home.expected_units()["benchmark"]
    live.pause(DAGS[1], paused=False)

    def passed_again() -> bool:
        until_success(live, DAGS[1])
        published = scorecard(live)
        return sum(one["submissions"] for one in published["annotators"]) + len(published["not_computed"]) == known * 4

    wait_until(passed_again, "scores of all submissions", live.world, PATIENCE_SECONDS)


def scorecard(live: LiveAirflow) -> dict[str, Any]:
    url = json.loads((live.home.path / "world.json").read_bytes())["environment"]["AWS_ENDPOINT_URL"]
    key, secret = CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    client = boto3.client("s3", endpoint_url=url, aws_access_key_id=key, aws_secret_access_key=secret)
    [found] = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{FOLDER}/build/demo/workspace/scorecard.json")["Contents"]
    published: dict[str, Any] = json.load(client.get_object(Bucket=BUCKET, Key=found["Key"])["Body"])
    return published


def tasks_of(live: LiveAirflow, dag_id: str) -> set[str]:
    answer = live.api.get(f"/api/v2/dags/{dag_id}/tasks").raise_for_status().json()
    return {task["task_id"] for task in answer["tasks"]}


def test_every_task_of_both_dags_was_a_program_of_its_own_and_ended_well(story: Story) -> None:
    # Which of the Dags scores first is chance; the tasks that both have are the same.
    assert {pod["task"].partition(".")[2] for pod in story.pods} == story.tasks
    assert {pod["status"] for pod in story.pods} == {0}


def test_no_task_left_a_file_where_it_ran(story: Story) -> None:
    assert {pod["task"]: pod["left"] for pod in story.pods if pod["left"]} == {}


def test_nothing_was_written_beside_the_code_or_in_a_local_workspace(story: Story) -> None:
    assert story.changed == set()
    assert not (story.home.build / "workspace").exists()


def test_the_campaign_came_to_what_it_comes_to_on_one_disk(story: Story) -> None:
    assert_one_of_everything(story.home, story.content)
