"""Which task runs in which pool, and on which workers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from encord_provider.operators.base import EncordTask
from encord_provider.operators.project import EncordCreateProjectOperator
from tests.conftest import ROOT

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

CALLING = {
    *("import_files", "wait_for_ground_truth", "approve_ground_truth", "find_work"),
    *("route_tasks", "list_submissions", "score_labels", "apply_decisions"),
}
CREATING = {"create_benchmark_project", "create_production_project"}


def pool_of_class(task: Any, connection: str) -> str:
    """Return the pool that a task belongs into, by what its class does."""
    kind = getattr(task, "operator_class", type(task))
    if issubclass(kind, EncordCreateProjectOperator):
        return f"{connection}_create"
    return connection if issubclass(kind, EncordTask) else "default_pool"


def demo_dags(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> dict[str, DAG]:
    """Return the Dags of the demo's campaign with other values of some fields."""
    from airflow.dag_processing.dagbag import DagBag

    (folder / "dags").mkdir()
    shutil.copy(ROOT / "dags" / "benchmark_qa__demo.py", folder / "dags")
    fields = yaml.safe_load((ROOT / "include" / "campaigns" / "demo.yaml").read_text(encoding="utf-8"))
    (folder / "demo.yaml").write_text(yaml.safe_dump(fields | changes))
    monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(folder))
    bag = DagBag(dag_folder=folder / "dags")
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_whoever_calls_encord_shares_the_pool_of_its_connection(dag_bag: DagBag) -> None:
    for dag in dag_bag.dags.values():
        pools = {task.task_id: task.pool for task in dag.tasks}
        assert pools == {task.task_id: pool_of_class(task, "encord_default") for task in dag.tasks}, dag.dag_id
    seen = {task.task_id: task.pool for dag in dag_bag.dags.values() for task in dag.tasks}
    assert {name for name, pool in seen.items() if pool == "encord_default"} == CALLING
    assert {name for name, pool in seen.items() if pool == "encord_default_create"} == CREATING


def test_each_connection_has_pools_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for dag in demo_dags(tmp_path, monkeypatch, encord_connection="encord/eu").values():
        assert {task.pool for task in dag.tasks} - {"default_pool"} <= {"encord_eu", "encord_eu_create"}
        for task in dag.tasks:
            assert task.pool == pool_of_class(task, "encord_eu"), task.task_id


@pytest.mark.parametrize(
    ("changes", "queue", "scoring"),
    [
        ({}, "default", "default"),
        ({"queue": "qa"}, "qa", "qa"),
        ({"scoring_queue": "large"}, "default", "large"),
        ({"queue": "qa", "scoring_queue": "large"}, "qa", "large"),
    ],
)
def test_a_campaign_or_its_scoring_alone_can_be_sent_to_workers_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], queue: str, scoring: str
) -> None:
    for dag in demo_dags(tmp_path, monkeypatch, **changes).values():
        queues = {task.task_id: task.queue for task in dag.tasks}
        assert queues.pop("score_labels") == scoring
        assert set(queues.values()) == {queue}
