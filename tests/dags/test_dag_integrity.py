from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DagRunInfo

from tests.conftest import ROOT

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

DAG_IDS = ("benchmark_qa__demo", "benchmark_qa_loop__demo")
CAMPAIGNS = ("demo", "road_videos")
HEAVY = {"encord", "numpy", "pandas", "scipy", "shapely", "pyarrow", "duckdb", "boto3", "botocore", "fastapi"} | {
    "google.cloud", "google.auth", "azure", "aiobotocore", "moto", "pydicom", "av", "PIL", "requests"
}  # fmt: skip

PASS = {
    "route_tasks": {"list_submissions", "score_labels", "apply_decisions"},
    "list_submissions": {"score_labels", "apply_decisions"},
    "score_labels": {"apply_decisions"},
    "apply_decisions": {"publish_scores"},
    "publish_scores": set(),
}
LOOP = PASS | {
    "find_work": {"route_tasks"},
    "route_tasks": {*PASS["route_tasks"], "remember_pass"},
    "publish_scores": {"remember_pass"},
    "remember_pass": set(),
}
CAMPAIGN = {
    "list_bucket": {"generate_manifest"},
    "generate_manifest": {"import_files"},
    "import_files": {"create_benchmark_project", "create_production_project"},
    "create_benchmark_project": {"wait_for_ground_truth", "approve_ground_truth"},
    "wait_for_ground_truth": {"approve_ground_truth"},
    "approve_ground_truth": {"create_production_project"},
    "create_production_project": {"begin_first_pass"},
    "begin_first_pass": {"wait_for_turn"},
    "wait_for_turn": {"route_tasks"},
    **PASS,
}
PARSE = f"""
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

sys.path.insert(0, {str(ROOT / "dags")!r})
heavy, before = {HEAVY!r}, set(sys.modules)
bag = DagBag(dag_folder={str(ROOT / "dags")!r})
print(json.dumps({{
    "errors": bag.import_errors,
    "heavy": sorted(heavy & set(sys.modules) - before),
    "dags": {{dag_id: DagSerialization.to_dict(dag) for dag_id, dag in bag.dags.items()}},
}}, sort_keys=True))
"""


@pytest.fixture(params=DAG_IDS)
def dag(dag_bag: DagBag, request: pytest.FixtureRequest) -> DAG:
    return dag_bag.dags[request.param]


@pytest.fixture(scope="module")
def fresh_parse() -> dict[str, Any]:
    """Return what a process that has imported nothing yet makes of the Dag files."""
    command = [sys.executable, "-c", PARSE]
    # Another hash seed than this process's shows what depends on the order of a set.
    path = os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_all_dag_files_are_read_without_error_or_warning(dag_bag: DagBag) -> None:
    assert dag_bag.import_errors == {}
    assert dag_bag.captured_warnings == {}
    assert len(dag_bag.dags) == 2 * len(CAMPAIGNS)


def test_each_campaign_has_one_dag_file_and_two_dags(dag_bag: DagBag) -> None:
    campaigns = {path.stem for path in (ROOT / "include" / "campaigns").glob("*.yaml")}
    assert campaigns == set(CAMPAIGNS)
    files = Counter(Path(dag.fileloc).stem for dag in dag_bag.dags.values())
    assert files == {f"benchmark_qa__{name}": 2 for name in campaigns}
    assert set(dag_bag.dags) == {
        f"{dag}__{name}" for dag in ("benchmark_qa", "benchmark_qa_loop") for name in campaigns
    }


def test_a_dag_says_whose_it_is_and_what_it_does(dag: DAG) -> None:
    assert dag.tags == {"benchmark-qa", "encord", "demo"}
    assert dag.doc_md
    assert dag.dag_display_name != dag.dag_id
    assert (dag.catchup, dag.max_active_runs) == (False, 1 if "loop" in dag.dag_id else 16)
    assert dag.start_date is not None
    assert dag.start_date.tzinfo is not None


def test_nothing_runs_before_somebody_turns_it_on_but_the_demo(dag_bag: DagBag) -> None:
    paused = {dag_id: dag.is_paused_upon_creation for dag_id, dag in dag_bag.dags.items()}
    assert paused == {dag_id: "demo" not in dag_id for dag_id in paused}


def test_every_task_has_an_owner_and_tries_again(dag: DAG) -> None:
    for task in dag.tasks:
        assert task.owner == "demo", task.task_id
        assert task.retries >= 1, task.task_id
        assert isinstance(task.retry_delay, timedelta), task.task_id
        assert task.retry_policy is not None, task.task_id


def test_every_task_says_what_it_does_and_what_to_do_when_it_fails(dag: DAG) -> None:
    assert [task.task_id for task in dag.tasks if "**If it fails**" not in (task.doc_md or "")] == []


@pytest.mark.parametrize(("dag_id", "edges"), [("benchmark_qa__demo", CAMPAIGN), ("benchmark_qa_loop__demo", LOOP)])
def test_tasks_follow_each_other_in_this_order(dag_bag: DagBag, dag_id: str, edges: dict[str, set[str]]) -> None:
    assert {task.task_id: task.downstream_task_ids for task in dag_bag.dags[dag_id].tasks} == edges


def test_a_second_parse_makes_no_new_dag_version(dag_bag: DagBag, fresh_parse: dict[str, Any]) -> None:
    for dag_id, dag in dag_bag.dags.items():
        assert json.loads(json.dumps(DagSerialization.to_dict(dag))) == fresh_parse["dags"][dag_id]


def test_a_parse_imports_nothing_heavy(fresh_parse: dict[str, Any]) -> None:
    assert (fresh_parse["errors"], fresh_parse["heavy"]) == ({}, [])


def test_the_loop_starts_when_the_campaign_reports_a_production_project(dag_bag: DagBag) -> None:
    [outlet] = dag_bag.dags["benchmark_qa__demo"].get_task("create_production_project").outlets
    timetable = dag_bag.dags["benchmark_qa_loop__demo"].timetable
    assert [asset.uri for _, asset in timetable.asset_condition.iter_assets()] == [outlet.uri]
    assert outlet.uri == "encord://benchmark-qa/demo/production-project"


def test_only_the_loop_skips_while_there_is_no_project(dag_bag: DagBag) -> None:
    skips = {dag_id: dag_bag.dags[dag_id].get_task("route_tasks").skip_without_project for dag_id in DAG_IDS}
    assert skips == {"benchmark_qa__demo": False, "benchmark_qa_loop__demo": True}


def test_a_campaign_without_timetable_can_be_backfilled_by_day_and_runs_by_itself_never(dag_bag: DagBag) -> None:
    dag = DagSerialization.from_dict(DagSerialization.to_dict(dag_bag.dags["benchmark_qa__demo"]))
    assert (dag.timetable.periodic, dag.timetable.summary) == (True, "On request")
    for last in (None, DagRunInfo.interval(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC))):
        assert dag.next_dagrun_info(last_automated_run_info=last) is None
    runs = dag.iter_dagrun_infos_between(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 3, tzinfo=UTC))
    intervals = [(run.data_interval.start.day, run.data_interval.end.day) for run in runs]
    assert intervals == [(1, 2), (2, 3), (3, 4)]


@pytest.mark.parametrize(
    ("run_type", "goes_on"),
    [
        ("manual", True),
        ("operator_triggered", True),
        ("backfill", False),
        ("scheduled", False),
        ("asset_triggered", False),
    ],
)
def test_only_a_run_that_a_person_started_routes_by_itself(dag_bag: DagBag, run_type: str, goes_on: bool) -> None:
    first_pass = dag_bag.dags["benchmark_qa__demo"].get_task("begin_first_pass")
    assert first_pass.python_callable(dag_run=SimpleNamespace(run_type=DagRunType(run_type))) is goes_on
    assert first_pass.ignore_downstream_trigger_rules
