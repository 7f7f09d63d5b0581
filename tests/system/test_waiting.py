"""
A run that waits: for people, and for one person's approval, while Airflow's processes are killed and tasks are marked.

One Airflow tells one story; each test looks at a part of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from encord.utilities.project_user import ProjectUserRole

from include.encord_emulator.server import RunningEmulator
from tests.emulator.emulator_support import (
    ANNOTATORS,
    ESTABLISHING,
    KEYS,
    MANAGER,
    REVIEWER,
    SEED,
    Control,
    image_manifest,
    make_dataset,
    sdk_client,
)
from tests.support.demo_runs import Home, wait_until
from tests.support.small_airflow import SmallAirflow

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.system

DAG = "waiting"
READING_SECONDS = 3.0
# The part of a campaign's Dag that waits; the whole of it is in tests/dags.
DAG_FILE = """
from datetime import timedelta

from airflow.sdk import DAG, chain

from encord_provider.operators.approval import EncordApproveGroundTruthOperator
from encord_provider.operators.project import EncordCreateProjectOperator
from encord_provider.sensors.project import EncordGroundTruthSensor

with DAG("waiting", schedule=None, default_args={"retries": 2, "retry_delay": timedelta(seconds=1)}):
    wait = EncordGroundTruthSensor(
        task_id="wait_for_ground_truth", project_hash=PLACES["benchmark"], poke_interval=0.5, deferrable=True
    )
    approve = EncordApproveGroundTruthOperator(
        task_id="approve_ground_truth",
        required="{{ params.get('approval', True) }}",
        project_title="Production",
        project_hash=PLACES["benchmark"],
        progress=wait.output,
    )
    make = EncordCreateProjectOperator(
        task_id="create_production_project",
        trigger_rule="none_failed",
        title="Production",
        dataset_hashes=[],
        ontology=PLACES["ontology"],
        workflow_template=PLACES["template"],
    )
    after = EncordCreateProjectOperator(
        task_id="after",
        title="After",
        dataset_hashes=[],
        ontology=PLACES["ontology"],
        workflow_template=PLACES["template"],
    )
    chain(wait, approve, make, after)
"""
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

    def log(self, run: str, task: str) -> str:
        """Return the log of a task's latest try: on a busy machine, Airflow may lose a try before it begins."""
        path = f"{self._run(run)}/taskInstances/{task}"
        return str(self._get(f"{path}/logs/{self._get(path)['try_number']}?full_content=true"))

    def xcom(self, run: str, task: str, key: str) -> Any:
        return self._get(f"{self._run(run)}/taskInstances/{task}/xcomEntries/{key}")["value"]

    def question(self, run: str) -> dict[str, Any]:
        return self._get(f"{self._run(run)}/taskInstances/{APPROVE}/-1/hitlDetails")

    def answer(self, run: str, option: str) -> None:
        """
        Answer, and wait for the end of the run.

        An answer within a second can come before the worker has noticed that the task waits: Airflow then takes it for
        a failure, tries again, and asks again. So the question is read first.
        """
        path = f"{self._run(run)}/taskInstances/{APPROVE}/-1/hitlDetails"

        def is_over() -> bool:
            if self.states(run)[APPROVE] == "awaiting_input":
                time.sleep(READING_SECONDS)
                self.api.patch(path, json={"chosen_options": [option], "params_input": {}})  # 409: it is answered
            return bool(self._get(self._run(run))["state"] == "success")

        wait_until(is_over, f"end of the run after {option}")

    def idle(self) -> dict[str, int] | None:
        """Return the pool's slots once nothing runs."""
        pool = self._get("/api/v2/pools/default_pool")
        slots = {name: pool[f"{name}_slots"] for name in ("running", "occupied", "deferred")}
        return None if slots["running"] else slots

    def _run(self, run: str) -> str:
        return f"/api/v2/dags/{DAG}/dagRuns/{run}"

    def _get(self, path: str) -> Any:
        return self.api.get(path).raise_for_status().json()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = Home(tmp_path_factory.mktemp("waiting"))
    with RunningEmulator(seed=SEED) as emulator:
        connection = {"conn_type": "encord", "host": emulator.url, "password": KEYS[MANAGER].private_pem}
        client = sdk_client(emulator.url, KEYS[MANAGER])
        dataset_hash = make_dataset(client, "Benchmark", image_manifest(2))
        ontology_hash = client.create_ontology("Roads").ontology_hash
        project_hash = client.create_project(
            "Ground truth", [dataset_hash], ontology_hash=ontology_hash, workflow_template_hash=ESTABLISHING
        )
        client.get_project(project_hash).add_users([ANNOTATORS[0]], ProjectUserRole.ANNOTATOR)
        client.get_project(project_hash).add_users([REVIEWER], ProjectUserRole.REVIEWER)
        (home.path / "dags").mkdir()
        places = {"benchmark": project_hash, "ontology": ontology_hash, "template": ESTABLISHING}
        (home.path / "dags" / "waiting.py").write_text(f"PLACES = {places!r}\n{DAG_FILE}", encoding="utf-8")
        airflow = SmallAirflow(home, {"AIRFLOW_CONN_ENCORD_DEFAULT": json.dumps(connection)})
        try:
            with closing(airflow.start(DAG)) as api:
                yield tell(Story(api), airflow, Control(emulator.url), project_hash)
        finally:
            airflow.end()


def tell(story: Story, airflow: SmallAirflow, control: Control, project_hash: str) -> Story:
    seen, run = story.seen, story.trigger()
    story.until(run, WAIT, "deferred")
    seen["progress"] = wait_until(lambda: story.xcom(run, WAIT, "progress"), "progress")
    seen["slots"] = wait_until(story.idle, "a free worker")
    asked = control.call("GET", "requests")["total"]
    wait_until(lambda: control.call("GET", "requests")["total"] > asked, "look of the trigger")
    story.mark_failed(run, WAIT)
    seen["killed"] = wait_until(lambda: "The wait has ended" in story.log(run, WAIT), "end of the trigger")
    # As a person does; Airflow 3.3.2 on SQLite loses its scheduler to a clear in the middle of its decision.
    story.until_run(run, "failed")
    seen["marked"] = story.states(run)
    story.clear(run, WAIT)
    story.until(run, WAIT, "deferred")
    airflow.kill_and_restart("triggerer")
    airflow.kill_and_restart("scheduler")
    seen["after the kills"] = story.states(run)[WAIT]
    control.submit(ANNOTATORS[0], project_hash, control.take(ANNOTATORS[0], project_hash, "ANNOTATION"))
    control.review(REVIEWER, project_hash, "approve", "REVIEW")
    story.until(run, APPROVE, "awaiting_input")
    seen["tries"], seen["question"] = story.log(run, WAIT), story.question(run)
    story.answer(run, "Reject")
    seen["rejected"], seen["told"] = story.states(run), story.log(run, APPROVE)
    seen["projects"] = [one["title"] for one in control.call("GET", "state")["projects"]]
    story.clear(run, APPROVE)
    story.until(run, APPROVE, "awaiting_input")
    story.answer(run, "Approve")
    seen["approved"] = story.states(run)
    again = story.trigger()
    story.until_run(again, "success")
    seen["again"] = story.states(again)
    return story


def test_a_run_that_waits_costs_no_worker(story: Story) -> None:
    assert story.seen["slots"] == {"running": 0, "occupied": 0, "deferred": 1}


def test_its_progress_is_seen_without_a_log(story: Story) -> None:
    assert story.seen["progress"].startswith("Ground truth: 0 of 2 complete")
    assert "in this log only" not in story.seen["tries"]  # what the trigger says when it cannot show its own


def test_marking_the_task_ends_its_wait(story: Story) -> None:
    assert story.seen["killed"]
    assert story.seen["marked"][WAIT] == "failed"
    assert story.seen["marked"][PRODUCTION] == "upstream_failed"


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
    assert set(after) == {PRODUCTION, "after"}
    assert story.seen["projects"] == ["Ground truth"]
    assert "The ground truth was rejected" in story.seen["told"]


def test_an_approval_lets_the_run_go_on(story: Story) -> None:
    assert story.seen["approved"][APPROVE] == "success"
    assert story.seen["approved"][PRODUCTION] == "success"


def test_nobody_is_asked_again_for_a_project_that_exists(story: Story) -> None:
    assert story.seen["again"][APPROVE] == "skipped"
    assert story.seen["again"][PRODUCTION] == "success"
