"""The form of a Dag: what it asks for, what it refuses, and what a wrong campaign file does to it."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from airflow.sdk import DAG
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization
from pydantic import BaseModel

from benchmark_qa_wiring.form import add_form, campaign_of_run, for_run
from benchmark_qa_wiring.form_fields import CAMPAIGN_FORM, SCORING_FORM, TARGET_METRICS, FormField
from include.benchmark_qa.campaign import Campaign, CampaignError, load_campaign
from include.benchmark_qa.scoring.settings import TARGET_METRIC, DecisionSettings, ScoringSettings
from tests.conftest import ROOT

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

DAG_IDS = ["benchmark_qa__demo", "benchmark_qa_loop__demo"]
# What a campaign holds beside: what names it and its things in Encord, what is of one machine, and what a form of one
# run cannot change for the runs after it.
NOT_ASKED = {
    *("name", "title", "summary", "owner", "encord_connection", "workspace", "ontology", "workflow", "schedule"),
    *("queue", "scoring_queue", "batches"),
    *("bucket.options", "bucket.connection", "bucket.filters.suffixes", "ground_truth.complete_stage"),
    *("manifest.rules", "manifest.shard_items", "manifest.max_shard_bytes", "scoring.node_sigmas", "policy.notify"),
    *(f"{project}.{part}" for project in ("benchmark_project", "production_project")
      for part in ("title", "folder", "dataset", "description", "tags", "users", "groups")),
}  # fmt: skip


def leaves(model: type[BaseModel], rooms: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the dotted names of all fields of a model, and of the models in it; of what is not asked, its first."""
    for name, field in model.model_fields.items():
        path = (*rooms, field.alias or name)
        if (
            ".".join(path) not in NOT_ASKED
            and isinstance(field.annotation, type)
            and issubclass(field.annotation, BaseModel)
        ):
            yield from leaves(field.annotation, path)
        else:
            yield ".".join(path)


def test_the_form_asks_for_every_field_that_makes_sense_for_one_run() -> None:
    asked = {one.path for one in CAMPAIGN_FORM.values()}
    assert asked | NOT_ASKED == set(leaves(Campaign))
    assert asked & NOT_ASKED == set()


@pytest.mark.parametrize(("dag_id", "fields"), zip(DAG_IDS, (CAMPAIGN_FORM, SCORING_FORM), strict=True))
def test_a_form_has_sections_titles_and_help_and_the_campaigns_values(
    dag_bag: DagBag, dag_id: str, fields: dict[str, FormField]
) -> None:
    form = dag_bag.dags[dag_id].params
    assert set(form) == set(fields)
    for name in form:
        param = form.get_param(name)
        assert param.schema["section"], name
        assert param.schema["title"], name
        assert param.description, name
        assert param.schema["type"], name
    values = {"pass_mark": 0.75, "on_pass": "approve", "dry_run": False, "benchmark_mix": "interleave"}
    assert {name: form[name] for name in values} == values


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_section_stands_in_one_place(dag_bag: DagBag, dag_id: str) -> None:
    form = dag_bag.dags[dag_id].params
    sections = [form.get_param(name).schema["section"] for name in form]
    assert [section for section, _ in groupby(sections)] == list(dict.fromkeys(sections))


def test_choices_are_those_that_the_campaign_takes() -> None:
    base = load_campaign("demo")
    targets = {"on_pass_target": "Review", "on_fail_target": "Review", "require_share": 0.5, "require_stage": "Review"}
    for name, one in CAMPAIGN_FORM.items():
        for choice in one.choices or ():
            if choice != "cloud_synced":  # it takes other rules than the demo's
                campaign_of_run(base, targets | {name: choice})
    metrics = re.compile(TARGET_METRIC)
    assert [metric for metric in TARGET_METRICS if not metrics.match(metric)] == []


@pytest.mark.parametrize("dag_id", DAG_IDS)
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


def rendered(dag: DAG, task_id: str, **form: Any) -> Any:
    """Return the task as a run of this form would have it, as far as its arguments need no other task."""
    task = copy.copy(dag.get_task(task_id))
    fields = [name for name in task.template_fields if callable(getattr(task, name))]
    params = {name: dag.params[name] for name in dag.params} | form
    task._do_render_template_fields(task, fields, {"params": params, "dag": dag}, dag.get_template_env(), set())
    return task


def test_what_the_form_says_reaches_the_tasks_with_its_type(dag_bag: DagBag) -> None:
    dag = dag_bag.dags["benchmark_qa__demo"]
    form = {"bucket_uri": "s3://other", "integration": "Other", "filter_max_size": 9, "import_max_failed": 3}
    form |= {
        "directed": True,
        "on_fail": "move",
        "on_fail_target": "Second look",
        "dry_run": True,
        "timeout_hours": 0.5,
    }
    assert rendered(dag, "list_bucket", **form).bucket_uri == "s3://other"
    assert rendered(dag, "list_bucket", **form).filters["max_size"] == 9
    import_files = rendered(dag, "import_files", **form)
    assert (import_files.integration, import_files.max_failed, import_files.mode) == ("Other", 3, "manifest")
    assert rendered(dag, "list_submissions", **form).settings["directed"] is True
    policy = rendered(dag, "apply_decisions", **form).policy
    assert (policy["on_fail"], policy["dry_run"]) == ({"move": "Second look"}, True)
    wait = rendered(dag, "wait_for_ground_truth", **form)
    assert (wait.poke_interval, wait.timeout) == (0.5, 1800.0)


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_an_untouched_form_is_the_campaign(dag_bag: DagBag, dag_id: str) -> None:
    form = dag_bag.dags[dag_id].params
    campaign = load_campaign("demo")
    assert campaign_of_run(campaign, {name: form[name] for name in form}) == campaign


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": {"on_pass": {"proceed": "NO"}, "on_fail": {"move": "Annotate"}}},
        {"ground_truth": {"require": 0.9}},
        {"ground_truth": {"require": {"stage": "Review"}}},
    ],
)
def test_a_value_of_several_forms_comes_through_the_form(changes: dict[str, Any]) -> None:
    fields = load_campaign("demo").model_dump(by_alias=True)
    campaign = Campaign.model_validate(fields | changes)
    dag = DAG("any", schedule=None)
    add_form(dag, campaign, CAMPAIGN_FORM)
    assert campaign_of_run(campaign, dag.params.validate()) == campaign


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"benchmark_prefix": "a/", "production_prefix": "a/b/"}, "benchmark_prefix 'a/' and production_prefix 'a/b/'"),
        ({"integration": None}, "integration: name Encord's cloud integration that can read s3://benchmark-qa-demo"),
        ({"filter_min_size": 9, "filter_max_size": 1}, "bucket.filters: min_size 9 is more than max_size 1"),
        ({"import_mode": "cloud_synced"}, "cloud_synced folders take no dicom_series, image_group, nifti"),
        ({"on_fail": "move"}, "on_fail_target is empty, and on_fail is 'move'"),
        ({"require": "share"}, "require_share is empty, and require is 'share'"),
        ({"min_tasks": 0}, "decision.min_tasks: Input should be greater than or equal to 1"),
        ({"pass_marks": 0.9}, "pass_marks: no such field"),
    ],
)
@pytest.mark.parametrize("field", ["bucket.uri", "scoring"])
def test_a_wrong_form_fails_the_first_task_whichever_field_is_wrong(
    dag_bag: DagBag, field: str, form: dict[str, Any], message: str
) -> None:
    dag = dag_bag.dags["benchmark_qa__demo"]
    params = {name: dag.params[name] for name in dag.params} | form
    with pytest.raises(CampaignError, match=f"^this run's form: .*{re.escape(message)}") as caught:
        for_run(load_campaign("demo"), field)({"params": params, "dag": dag}, None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_the_first_task_looks_at_the_whole_form(dag_bag: DagBag, dag_id: str) -> None:
    for task in dag_bag.dags[dag_id].roots:
        assert [name for name in task.template_fields if callable(getattr(task, name))], task.task_id


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


def test_a_broken_campaign_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.dag_processing.dagbag import DagBag

    campaigns = tmp_path / "campaigns"
    shutil.copytree(ROOT / "include" / "campaigns", campaigns)
    demo = (campaigns / "demo.yaml").read_text().replace("pass_mark: 0.75", "pass_mark: 75")
    (campaigns / "demo.yaml").write_text(demo)
    monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(campaigns))
    bag = DagBag(dag_folder=ROOT / "dags")
    assert set(bag.dags) == {"benchmark_qa__road_videos", "benchmark_qa_loop__road_videos"}
    [(file, error)] = bag.import_errors.items()
    assert Path(file).name == "benchmark_qa__demo.py"
    assert error.splitlines()[-1].endswith(
        f"{campaigns / 'demo.yaml'}: scoring.pass_mark: Input should be less than or equal to 1"
    )


def test_an_import_error_is_the_one_line_where_airflow_is_told_so(
    parse_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS", "False")
    [error] = parse_with({"scorring": {}}).import_errors.values()
    assert re.fullmatch(r"/\S+/demo\.yaml: scorring: no such field", error)


def test_a_schedule_of_the_campaign_is_the_dags(parse_with: Any) -> None:
    bag = parse_with({"schedule": {"campaign": "0 3 * * *", "loop": None}})
    assert bag.import_errors == {}
    timetables = {dag_id: type(dag.timetable).__name__ for dag_id, dag in bag.dags.items()}
    # Data intervals of some width for the first: a plain cron string would list nothing.
    assert timetables == {
        "benchmark_qa__demo": "CronDataIntervalTimetable",
        "benchmark_qa_loop__demo": "AssetTriggeredTimetable",
    }


@pytest.mark.parametrize(("cron", "inner"), [(None, "BackfillTimetable"), ("0 3 * * *", "CronDataIntervalTimetable")])
def test_a_queue_starts_runs_beside_the_timetable(parse_with: Any, cron: str | None, inner: str) -> None:
    queue = {"queue": "https://sqs.eu-west-1.amazonaws.com/123456789012/new-files", "queue_connection": "files"}
    bag = parse_with({"schedule": {"campaign": cron, **queue}})
    assert bag.import_errors == {}
    dag = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["benchmark_qa__demo"]))
    assert type(dag.timetable.timetable).__name__ == inner
    assert dag.timetable.periodic
    [asset] = bag.dags["benchmark_qa__demo"].timetable.asset_condition.objects
    [watcher] = asset.watchers
    assert watcher.trigger.serialize()[1] == {
        "queue_url": queue["queue"],
        "aws_conn_id": "files",
        "poll_interval": 30.0,
    }


def test_a_campaigns_bucket_is_the_tasks(parse_with: Any) -> None:
    bucket = {"uri": "/files", "connection": "files", "filters": {"suffixes": [".jpg"], "max_size": 9}}
    bag = parse_with({"bucket": bucket})
    assert bag.import_errors == {}
    list_bucket, generate_manifest = (
        bag.dags["benchmark_qa__demo"].get_task(task) for task in ("list_bucket", "generate_manifest")
    )
    filters = rendered(bag.dags["benchmark_qa__demo"], "list_bucket").filters
    assert (filters["suffixes"], filters["max_size"]) == ([".jpg"], 9)
    assert (list_bucket.bucket_conn_id, generate_manifest.bucket_conn_id) == ("files", "files")
