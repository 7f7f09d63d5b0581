"""
A run that waits: for people, and for one person's approval, while Airflow's processes are killed and tasks are marked.

One Airflow tells one story; each test looks at a part of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from tests.support.demo_runs import ROOT, Home, wait_until
from tests.support.live_airflow import LiveAirflow

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.system

DAG = "benchmark_qa__demo"
WAIT, APPROVE, PRODUCTION = "wait_for_ground_truth", "approve_ground_truth", "create_production_project"


@dataclass
class Story:
    """What was seen; states are of the run's tasks."""

    api: httpx.Client
    seen: dict[str, Any] = field(default_factory=dict)

    def trigger(self) -> str:
        answer = self.api.post(f"/api/v2/dags/{DAG}/dagRuns", json={"logical_date": None}).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def states(self, run: str) -> dict[str, str | None]:
        tasks = self._get(f"{self._run(run)}/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] for task in tasks}

    def until(self, run: str, task: str, state: str) -> None:
        wait_until(lambda: self.states(run).get(task) == state, f"{task} {state}")

    def until_run(self, run: str, state: str) -> None:
        wait_until(lambda: self._get(self._run(run))["state"] == state, f"run {state}")

    def mark_failed(self, run: str, task: str) -> None:
        path = f"{self._run(run)}/taskInstances/{task}"
        self.api.patch(path, json={"new_state": "failed"}).raise_for_status()

    def clear(self, run: str, task: str) -> None:
        body = {"dag_run_id": run, "task_ids": [task], "dry_run": False, "only_failed": False}
        body |= {"include_downstream": True, "reset_dag_runs": True}
        self.api.post(f"/api/v2/dags/{DAG}/clearTaskInstances", json=body).raise_for_status()

    def log(self, run: str, task: str, number: int) -> str:
        return str(self._get(f"{self._run(run)}/taskInstances/{task}/logs/{number}?full_content=true"))

    def xcom(self, run: str, task: str, key: str) -> Any:
        return self._get(f"{self._run(run)}/taskInstances/{task}/xcomEntries/{key}")["value"]

    def question(self, run: str) -> dict[str, Any]:
        return self._get(f"{self._run(run)}/taskInstances/{APPROVE}/-1/hitlDetails")

    def answer(self, run: str, option: str) -> None:
        path = f"{self._run(run)}/taskInstances/{APPROVE}/-1/hitlDetails"
        self.api.patch(path, json={"chosen_options": [option], "params_input": {}}).raise_for_status()

    def slots(self) -> dict[str, int]:
        pool = self._get("/api/v2/pools/default_pool")
        return {name: pool[f"{name}_slots"] for name in ("running", "occupied", "deferred")}

    def _run(self, run: str) -> str:
        return f"/api/v2/dags/{DAG}/dagRuns/{run}"

    def _get(self, path: str) -> Any:
        return self.api.get(path).raise_for_status().json()


def campaigns(folder: Path) -> Path:
    """Write the demo's campaign as one that asks for an approval, and whose loop is not in the way."""
    folder.mkdir()
    shutil.copytree(ROOT / "include" / "campaigns", folder, dirs_exist_ok=True)
    campaign = yaml.safe_load((folder / "demo.yaml").read_text(encoding="utf-8"))
    campaign |= {"approval": True, "schedule": {"campaign": None, "loop": None}}
    (folder / "demo.yaml").write_text(yaml.safe_dump(campaign), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = Home(tmp_path_factory.mktemp("waiting"))
    airflow = LiveAirflow(home, {"BENCHMARK_QA_CAMPAIGNS": str(campaigns(home.path / "campaigns"))})
    try:
        url = airflow.start_world()
        airflow.hold_people()
        with closing(airflow.start(DAG)) as api:
            yield tell(Story(api), airflow, url)
    finally:
        home.end_all()


def tell(story: Story, airflow: LiveAirflow, url: str) -> Story:
    seen, run = story.seen, story.trigger()
    story.until(run, WAIT, "deferred")
    seen["progress"] = wait_until(lambda: story.xcom(run, WAIT, "progress"), "progress")
    seen["slots"] = wait_until(lambda: (slots := story.slots())["running"] == 0 and slots, "a free worker")
    story.mark_failed(run, WAIT)
    seen["killed"] = wait_until(lambda: "The wait has ended" in story.log(run, WAIT, 1), "end of the trigger")
    seen["marked"] = story.states(run)
    story.clear(run, WAIT)
    story.until(run, WAIT, "deferred")
    airflow.kill_and_restart("triggerer")
    airflow.kill_and_restart("scheduler")
    seen["after the kills"] = story.states(run)[WAIT]
    airflow.hold_people(go_on=True)
    story.until(run, APPROVE, "awaiting_input")
    seen["tries"], seen["question"] = story.log(run, WAIT, 2), story.question(run)
    story.answer(run, "Reject")
    story.until_run(run, "success")
    seen["rejected"], seen["told"] = story.states(run), story.log(run, APPROVE, 1)
    seen["projects"] = [one["title"] for one in httpx.get(f"{url}/_emulator/state", timeout=30).json()["projects"]]
    story.clear(run, APPROVE)
    story.until(run, APPROVE, "awaiting_input")
    story.answer(run, "Approve")
    story.until_run(run, "success")
    seen["approved"] = story.states(run)
    again = story.trigger()
    story.until_run(again, "success")
    seen["again"] = story.states(again)
    return story


def test_a_run_that_waits_costs_no_worker(story: Story) -> None:
    assert story.seen["slots"] == {"running": 0, "occupied": 0, "deferred": 1}


def test_its_progress_is_seen_without_a_log(story: Story) -> None:
    assert story.seen["progress"].startswith("Ground truth: 0 of ")


def test_marking_the_task_ends_its_wait(story: Story) -> None:
    assert story.seen["killed"]
    assert story.seen["marked"][WAIT] == "failed"
    assert story.seen["marked"][PRODUCTION] in {"upstream_failed", None}


def test_a_cleared_task_waits_again_and_outlives_triggerer_and_scheduler(story: Story) -> None:
    assert story.seen["after the kills"] == "deferred"
    assert " complete" in story.seen["tries"]
    assert story.seen["approved"][WAIT] == "success"


def test_the_question_says_what_to_look_at(story: Story) -> None:
    assert story.seen["question"]["options"] == ["Approve", "Reject"]
    assert "known units have finished ground truth" in story.seen["question"]["body"]


def test_a_rejection_ends_the_run_and_makes_nothing(story: Story) -> None:
    after = {task: state for task, state in story.seen["rejected"].items() if state != "success"}
    assert set(after.values()) == {"skipped"}
    assert {PRODUCTION, "route_tasks", "publish_scores"} <= set(after)
    assert story.seen["projects"] == ["Demo: ground truth"]
    assert "The ground truth was rejected" in story.seen["told"]


def test_an_approval_lets_the_run_go_on(story: Story) -> None:
    assert story.seen["approved"][APPROVE] == "success"
    assert story.seen["approved"][PRODUCTION] == "success"


def test_nobody_is_asked_again_for_a_project_that_exists(story: Story) -> None:
    assert story.seen["again"][APPROVE] == "skipped"
    assert story.seen["again"][PRODUCTION] == "success"
