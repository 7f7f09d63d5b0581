from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.benchmark_qa.campaign import CampaignError, load_campaign
from include.benchmark_qa.campaign_parts import SECRET_OPTIONS

PROJECT_ROOT = Path(__file__).resolve().parents[3]
SMALLEST: dict[str, Any] = {
    "title": "Roads",
    "integration": "Bucket",
    "workspace": "build/roads",
    "bucket": {"uri": "s3://roads"},
    "ontology": {"title": "Roads"},
    "benchmark_project": {"title": "B", "folder": "B files", "dataset": "B data", "workflow_template": "t-1"},
    "production_project": {"title": "P", "folder": "P files", "dataset": "P data", "workflow_template": "t-2"},
}


@pytest.fixture
def campaigns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(tmp_path))
    return tmp_path


def write(campaigns: Path, **changes: Any) -> None:
    """Write ``roads.yaml``; a change with a dotted name goes into the mapping before the dot."""
    fields = {name: dict(value) if isinstance(value, dict) else value for name, value in SMALLEST.items()}
    for name, value in changes.items():
        outer, _, inner = name.partition("__")
        (fields[outer] if inner else fields)[inner or outer] = value
    (campaigns / "roads.yaml").write_text(yaml.safe_dump(fields))


def problem(campaigns: Path) -> str:
    """Return what is said about ``roads.yaml``, without its path."""
    with pytest.raises(CampaignError) as caught:
        load_campaign("roads")
    path, _, said = str(caught.value).partition(": ")
    assert path == str(campaigns / "roads.yaml")
    return said


def test_the_smallest_campaign_has_defaults_for_the_rest(campaigns: Path) -> None:
    write(campaigns)
    campaign = load_campaign("roads")
    assert (campaign.name, campaign.encord_connection, campaign.import_.max_failed) == ("roads", "encord_default", 0)
    assert (campaign.bucket.benchmark_prefix, campaign.bucket.production_prefix) == ("benchmark/", "production/")
    workflow = campaign.workflow
    assert (workflow.agent_stage, workflow.benchmark_pathway, workflow.production_pathway, workflow.scored_stage) == (
        "Benchmark Task?",
        "YES",
        "NO",
        "Consensus 1",
    )
    assert (campaign.policy.on_pass, campaign.policy.on_fail) == ("leave", "leave")
    assert (campaign.schedule.campaign, campaign.schedule.loop) == (None, "*/10 * * * *")


def test_a_local_folder_needs_no_integration_and_one_word_chooses_cloud_synced_folders(campaigns: Path) -> None:
    write(campaigns, integration=None, bucket__uri="/files")
    assert (load_campaign("roads").integration, load_campaign("roads").import_.mode) == (None, "manifest")
    rules = {"rules": [{"match": [".jpg"], "type": "image"}]}
    write(campaigns, manifest=rules, **{"import": "cloud_synced"})
    assert load_campaign("roads").import_.mode == "cloud_synced"
    write(campaigns, manifest=rules, bucket__production_prefix="work", **{"import": "cloud_synced"})
    assert "prefix 'work' must end in a slash" in problem(campaigns)


@pytest.mark.parametrize("require", ["all", 0.9, 1, {"stage": "Review"}])
def test_how_much_ground_truth_is_enough_is_one_of_three(campaigns: Path, require: Any) -> None:
    write(campaigns, ground_truth={"require": require})
    assert load_campaign("roads").ground_truth.model_dump()["require"] == require


def test_the_demos_campaign_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCHMARK_QA_CAMPAIGNS", raising=False)
    assert load_campaign("demo").title == "Demo"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tittle": "x"}, "tittle: no such field"),
        ({"bucket__url": "s3://x"}, "bucket.url: no such field"),
        ({"bucket__filters": {"suffix": [".jpg"]}}, "bucket.filters.suffix: no such field"),
        ({"bucket__filters": {"min_size": 2, "max_size": 1}}, "bucket.filters: min_size 2 is more than max_size 1"),
        ({"bucket__uri": ""}, "bucket.uri: String should have at least 1 character"),
        ({"title": None}, "title: Input should be a valid string"),
        ({"encord_connection": "x" * 201}, "encord_connection: String should have at most 200 characters"),
        ({"scoring_queue": ""}, "scoring_queue: String should have at least 1 character"),
        ({"import": {"max_failed": -1}}, "import.max_failed: Input should be greater than or equal to 0"),
        ({"import": {"poll_interval": 0}}, "import.poll_interval: Input should be greater than 0"),
        ({"import": "mirror"}, "import.mode: Input should be 'manifest' or 'cloud_synced'"),
        (
            {"import": "cloud_synced"},
            "campaign: manifest.rules: cloud_synced folders take no dicom_series, nifti; name",
        ),
        (
            {"import": "cloud_synced", "bucket__uri": "/files"},
            "campaign: import.mode: Encord cannot mirror a local fol",
        ),
        ({"integration": None}, "campaign: integration: name Encord's cloud integration that can read s3://roads"),
        *(
            (
                {"ground_truth": {"require": require}},
                f"ground_truth.require: {require!r} is none of these: all, a share",
            )
            for require in ("most", 0, 1.5, True, {"stage": None}, {"step": "Review"})
        ),
        ({"ground_truth": {"require": {"stage": ""}}}, "ground_truth.require"),
        ({"name": "streets"}, "name is 'streets' but the file is called roads.yaml"),
        ({"ontology": {}}, "ontology: name the ontology by hash or by title, one of them"),
        ({"ontology": {"hash": "h", "title": "t"}}, "ontology: name the ontology by hash or by title, one of them"),
        ({"scoring": {"iou_threshold": 0}}, "scoring.iou_threshold: Input should be greater than 0"),
        ({"decision": {"required_pass_rate": 1}}, "decision.required_pass_rate: Input should be less than 1"),
        ({"policy": {"on_pass": "aprove"}}, "policy.on_pass: Input should be 'approve', 'reject' or 'leave'"),
        (
            {"policy": {"on_fail": {"moove": "Rework"}}},
            "policy.on_fail: Input should be 'approve', 'reject' or 'leave', or one of {move: a stage} and {proc",
        ),
        ({"policy": {"on_annotator_fail": "fire"}}, "policy.on_annotator_fail: Input should be 'leave', 'notify' or"),
        ({"production_project__title": "B"}, "campaign: benchmark_project.title and production_project.title must"),
        ({"production_project__folder": "B files"}, "campaign: benchmark_project.folder and production_project.folder"),
        ({"production_project__dataset": "B data"}, "campaign: benchmark_project.dataset and production_project.data"),
        ({"bucket__benchmark_prefix": "production/b/"}, "bucket: benchmark_prefix 'production/b/' and production_pref"),
        ({"bucket__production_prefix": ""}, "bucket: production_prefix is empty: every file would be of that kind"),
        ({"schedule": {"loop": "every day"}}, "schedule.loop: 'every day' is no cron expression of five fields"),
        ({"schedule": {"campaign": "0 25 * * *"}}, "schedule.campaign: '0 25 * * *' is no cron expression"),
        ({"schedule": {"loop": "0 0 * * * *"}}, "schedule.loop: '0 0 * * * *' is no cron expression of five fields"),
        ({"benchmark_project__users": [{"email": "a@b.c", "role": "BOSS"}]}, "benchmark_project.users.0.role: Input"),
    ],
)
def test_a_wrong_field_is_named(campaigns: Path, changes: dict[str, Any], said: str) -> None:
    write(campaigns, **changes)
    assert problem(campaigns).startswith(said)


def test_all_wrong_fields_are_named_at_once_and_values_are_not_quoted(campaigns: Path) -> None:
    write(campaigns, tittle="hunter2", bucket__secret_key="hunter2", policy={"on_pass": "hunter2"})
    said = problem(campaigns)
    assert [name for name in ("tittle", "bucket.secret_key", "policy.on_pass") if name not in said] == []
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: [", "not valid YAML: while parsing"),
        ("- title", "a campaign is a mapping of fields, not list"),
        ("", "a campaign is a mapping of fields, not NoneType"),
    ],
)
def test_a_file_that_is_no_campaign_says_so_in_one_line(campaigns: Path, text: str, said: str) -> None:
    (campaigns / "roads.yaml").write_text(text)
    message = problem(campaigns)
    assert message.startswith(said)
    assert "\n" not in message


def test_a_missing_file_is_named(campaigns: Path) -> None:
    assert problem(campaigns) == "there is no such campaign file"


@pytest.mark.parametrize("uri", ["s3://bucket/roads", "file:///data/roads"])
def test_a_workspace_with_a_scheme_stays_as_it_is(campaigns: Path, uri: str) -> None:
    write(campaigns, workspace=uri)
    assert load_campaign("roads").workspace_uri == uri


def test_a_relative_workspace_lies_in_the_home_else_in_the_project(
    campaigns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(campaigns)
    campaign = load_campaign("roads")
    monkeypatch.setenv("BENCHMARK_QA_HOME", "/home/of/this/test")
    assert campaign.workspace_uri == "/home/of/this/test/build/roads"
    monkeypatch.delenv("BENCHMARK_QA_HOME")
    assert campaign.workspace_uri == str(PROJECT_ROOT / "build" / "roads")


@pytest.mark.parametrize(
    ("place", "uri"),
    [
        ("s3://workspaces", "s3://workspaces/build/roads"),
        ("gs://workspaces/qa/", "gs://workspaces/qa/build/roads"),
        ("/mnt/workspaces", "/mnt/workspaces/build/roads"),
        ("workspaces", "/home/of/this/test/workspaces/build/roads"),
        ("", "/home/of/this/test/build/roads"),
    ],
)
def test_a_deployment_says_where_relative_workspaces_lie(
    campaigns: Path, monkeypatch: pytest.MonkeyPatch, place: str, uri: str
) -> None:
    monkeypatch.setenv("BENCHMARK_QA_HOME", "/home/of/this/test")
    monkeypatch.setenv("BENCHMARK_QA_WORKSPACES", place)
    write(campaigns)
    assert load_campaign("roads").workspace_uri == uri
    for elsewhere in ("/data/roads", "az://account/qa"):
        write(campaigns, workspace=elsewhere)
        assert load_campaign("roads").workspace_uri == elsewhere


def test_two_spellings_of_a_workspace_are_one_and_none_leads_out_of_the_bucket(
    campaigns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHMARK_QA_WORKSPACES", "s3://workspaces/qa")
    write(campaigns, workspace="./build//other/../roads/")
    assert load_campaign("roads").workspace_uri == "s3://workspaces/qa/build/roads"
    write(campaigns, workspace="build/../../roads")
    with pytest.raises(CampaignError, match=r"^campaign 'roads', field workspace: \S+ leads out of \$BENCHMARK_QA_W"):
        _ = load_campaign("roads").workspace_uri


@pytest.mark.parametrize("name", sorted(SECRET_OPTIONS))
def test_secrets_do_not_belong_into_a_campaign(campaigns: Path, name: str) -> None:
    write(campaigns, bucket__options={name: "hunter2"})
    assert problem(campaigns) == (
        f"bucket.options: {name}: keep it in an Airflow connection, and name that in bucket.connection"
    )


def test_options_may_be_words_or_true_and_false(campaigns: Path) -> None:
    write(campaigns, bucket__options={"region": "eu-west-1", "dualstack": True})
    assert load_campaign("roads").bucket.options == {"region": "eu-west-1", "dualstack": True}


def test_a_wrong_rule_is_said_once(campaigns: Path) -> None:
    write(campaigns, manifest={"rules": [{"mach": "*.png", "type": "image"}]})
    assert problem(campaigns) == "manifest.rules.0.mach: no such field"
    write(campaigns, manifest={"rules": []})
    assert problem(campaigns).startswith("manifest.rules: ")


@pytest.mark.parametrize("workspace", ["arn:aws:s3::123456789012:accesspoint/abc.mrap/qa", "az://account/qa"])
def test_a_workspace_may_be_any_bucket(campaigns: Path, workspace: str) -> None:
    write(campaigns, workspace=workspace)
    assert load_campaign("roads").workspace_uri == workspace


def test_a_scheme_in_capitals_is_no_folder(campaigns: Path) -> None:
    write(campaigns, bucket__uri="S3://roads")
    assert not load_campaign("roads").bucket.is_local
