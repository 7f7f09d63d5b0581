"""The form of a Dag: what it asks for, what it refuses, and what a wrong campaign file does to it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from airflow.sdk.exceptions import ParamValidationError

from include.benchmark_qa.scoring.settings import DecisionSettings, ScoringSettings
from tests.conftest import ROOT

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

FORM = {
    "bucket_uri": ("Files", "string", "s3://benchmark-qa-demo"),
    "benchmark_prefix": ("Files", "string", "benchmark/"),
    "production_prefix": ("Files", "string", "production/"),
    "integration": ("Files", "string", "Demo bucket"),
    "benchmark_template": ("Projects", "string", "2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1b01"),
    "production_template": ("Projects", "string", "2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1c01"),
    "iou_threshold": ("Scoring", "number", 0.5),
    "pass_mark": ("Scoring", "number", 0.75),
    "required_pass_rate": ("Scoring", "number", 0.7),
    "min_tasks": ("Scoring", "integer", 10),
}
SCORING = {name: field for name, field in FORM.items() if field[0] == "Scoring"}


@pytest.mark.parametrize(("dag_id", "form"), [("benchmark_qa__demo", FORM), ("benchmark_qa_loop__demo", SCORING)])
def test_the_form_asks_for_these_fields(dag_bag: DagBag, dag_id: str, form: dict[str, Any]) -> None:
    params = {name: dag_bag.dags[dag_id].params.get_param(name) for name in dag_bag.dags[dag_id].params}
    assert {name: (one.schema["section"], one.schema["type"], one.value) for name, one in params.items()} == form
    assert [name for name, one in params.items() if not one.schema["title"]] == []


@pytest.mark.parametrize("dag_id", ["benchmark_qa__demo", "benchmark_qa_loop__demo"])
def test_a_run_without_a_form_has_all_it_needs(dag_bag: DagBag, dag_id: str) -> None:
    dag_bag.dags[dag_id].params.validate()


@pytest.mark.parametrize(
    ("name", "value", "settings"),
    [
        ("iou_threshold", 0, ScoringSettings),
        ("iou_threshold", 1.01, ScoringSettings),
        ("pass_mark", -0.1, ScoringSettings),
        ("pass_mark", 1.1, ScoringSettings),
        ("required_pass_rate", 0, DecisionSettings),
        ("required_pass_rate", 1, DecisionSettings),
        ("min_tasks", 0, DecisionSettings),
        ("min_tasks", 2.5, DecisionSettings),
    ],
)
def test_the_form_refuses_what_the_tasks_would(dag_bag: DagBag, name: str, value: float, settings: Any) -> None:
    with pytest.raises(ValueError, match=name):
        settings(**{name: value})
    param = dag_bag.dags["benchmark_qa_loop__demo"].params.get_param(name)
    with pytest.raises(ParamValidationError):
        param.resolve(value)


@pytest.mark.parametrize("name", ["bucket_uri", "integration", "benchmark_template", "production_template"])
def test_a_field_that_every_run_needs_is_not_left_empty(dag_bag: DagBag, name: str) -> None:
    with pytest.raises(ParamValidationError):
        dag_bag.dags["benchmark_qa__demo"].params.get_param(name).resolve("")


@pytest.fixture
def parse_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that parses the demo's Dag file with changed campaign fields (None: without the file)."""
    from airflow.dag_processing.dagbag import DagBag

    def parse(changes: dict[str, Any] | None) -> DagBag:
        dags, campaigns = tmp_path / "dags", tmp_path / "campaigns"
        dags.mkdir()
        campaigns.mkdir()
        shutil.copy(ROOT / "dags" / "benchmark_qa__demo.py", dags)
        fields = yaml.safe_load((ROOT / "include" / "campaigns" / "demo.yaml").read_text())
        if changes is not None:
            (campaigns / "demo.yaml").write_text(yaml.safe_dump(fields | changes))
        monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(campaigns))
        return DagBag(dag_folder=dags)

    return parse


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scorring": {}}, "demo.yaml: scorring: no such field"),
        ({"scoring": {"iou_treshold": 0.5}}, "demo.yaml: scoring.iou_treshold: no such field"),
        ({"scoring": {"pass_mark": 2}}, "demo.yaml: scoring.pass_mark: Input should be less than or equal to 1"),
        (None, "demo.yaml: there is no such campaign file"),
        ({"bucket": {"uri": "/files", "options": {"region": "x"}}}, "field bucket: /files: unknown option(s) region"),
        ({"bucket": {"uri": "ftp://files"}}, "field bucket: ftp://files: unknown scheme ftp://; use s3://bucket"),
        ({"bucket": {"uri": "gs://Files"}}, "field bucket: gs://Files: no bucket can have this name"),
        ({"workspace": "ftp://files"}, "field workspace: ftp://files: unknown scheme ftp://"),
    ],
)
def test_a_mistake_in_a_campaign_file_is_one_import_error_that_names_it(
    parse_with: Any, changes: dict[str, Any] | None, message: str
) -> None:
    bag = parse_with(changes)
    assert bag.dags == {}
    [error] = bag.import_errors.values()
    assert message in error.splitlines()[-1]


def test_a_schedule_of_the_campaign_is_the_dags(parse_with: Any) -> None:
    bag = parse_with({"schedule": {"campaign": "0 3 * * *", "loop": None}})
    assert bag.import_errors == {}
    timetables = {dag_id: type(dag.timetable).__name__ for dag_id, dag in bag.dags.items()}
    # Data intervals of some width for the first: a plain cron string would list nothing.
    assert timetables == {
        "benchmark_qa__demo": "CronDataIntervalTimetable",
        "benchmark_qa_loop__demo": "AssetTriggeredTimetable",
    }


def test_a_campaigns_bucket_is_the_tasks(parse_with: Any) -> None:
    bucket = {"uri": "/files", "connection": "files", "filters": {"suffixes": [".jpg"], "max_size": 9}}
    bag = parse_with({"bucket": bucket})
    assert bag.import_errors == {}
    list_bucket, generate_manifest = (
        bag.dags["benchmark_qa__demo"].get_task(task) for task in ("list_bucket", "generate_manifest")
    )
    assert list_bucket.filters == {"suffixes": [".jpg"], "max_size": 9}
    assert (list_bucket.bucket_conn_id, generate_manifest.bucket_conn_id) == ("files", "files")
