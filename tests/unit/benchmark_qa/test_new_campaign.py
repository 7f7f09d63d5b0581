from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from include.benchmark_qa.campaign import Campaign, CampaignError, load_campaign
from include.benchmark_qa.new_campaign import TEMPLATE, begin_campaign, main
from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(tmp_path))
    return tmp_path


def fill_in(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = text.replace("uri: <", "uri: s3://roads # <").replace("workspace: <", "workspace: build/roads # <")
    path.write_text(re.sub(r": <[^>]*>", ": filled-in", text), encoding="utf-8")


def test_a_new_campaign_names_what_is_to_be_filled_in_and_is_one_when_it_is(folder: Path) -> None:
    settings, dag_file = begin_campaign("road_signs", folder, folder)
    with pytest.raises(CampaignError) as caught:
        load_campaign("road_signs")
    open_fields = re.findall(r"([a-z_.]+): still to be filled in", str(caught.value))
    assert open_fields == [
        *("integration", "workspace", "bucket.uri"),
        *("benchmark_project.workflow_template", "production_project.workflow_template"),
    ]
    fill_in(settings)
    campaign = load_campaign("road_signs")
    assert (campaign.title, campaign.production_project.title) == ("Road signs", "Road signs: production")
    assert campaign.policy.dry_run
    compile(dag_file.read_text(encoding="utf-8"), dag_file.name, "exec")


def test_the_template_shows_every_field_that_there_is() -> None:
    text = TEMPLATE.read_text(encoding="utf-8").replace("$title", "Roads").replace("# ", "").replace("<", "")
    missing = [name for name in field_names(Campaign) - {"name", "hash"} if not re.search(rf"\b{name}:", text)]
    assert missing == []


def field_names(model: type[BaseModel]) -> set[str]:
    """Return the names of all fields of a campaign, at any depth of its own models."""
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(field.alias or name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= field_names(field.annotation)
    return names


def test_what_the_template_leaves_as_it_is_is_the_default(folder: Path) -> None:
    settings, _ = begin_campaign("road_signs", folder, folder)
    fill_in(settings)
    fields = load_campaign("road_signs").model_dump(by_alias=True)
    plain = {name: fields[name] for name in ("title", "integration", "workspace", "ontology")}
    plain |= {"bucket": {"uri": "s3://roads"}, "name": "road_signs", "policy": {"dry_run": True}}
    plain |= {name: fields[name] for name in ("benchmark_project", "production_project", "manifest")}
    assert Campaign.model_validate(plain).model_dump(by_alias=True) == fields


@pytest.mark.parametrize("name", ["", "Roads", "road signs", "1st", "../roads", "x" * 61, "roads\n"])
def test_a_bad_name_is_refused_in_one_line(folder: Path, name: str) -> None:
    with pytest.raises(CampaignError, match="cannot be a campaign's name") as caught:
        begin_campaign(name, folder, folder)
    assert "\n" not in str(caught.value)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("taken", ["roads.yaml", "benchmark_qa__roads.py"])
def test_nothing_is_written_over(folder: Path, taken: str) -> None:
    (folder / taken).write_text("mine", encoding="utf-8")
    with pytest.raises(CampaignError, match=f"{taken} is there already"):
        begin_campaign("roads", folder, folder)
    assert [path.read_text(encoding="utf-8") for path in folder.iterdir()] == ["mine"]


def test_the_command_says_what_is_wrong(folder: Path, capsys: Any) -> None:
    assert main("Bad") == 2
    assert capsys.readouterr().err.startswith("'Bad' cannot be a campaign's name")


@pytest.mark.parametrize("name", ["demo", "road_videos"])
def test_the_dag_files_are_as_the_command_writes_them(folder: Path, name: str) -> None:
    _, dag_file = begin_campaign(name, folder, folder)
    assert (ROOT / "dags" / dag_file.name).read_text(encoding="utf-8") == dag_file.read_text(encoding="utf-8")


def test_the_example_of_videos_has_what_it_is_to_show() -> None:
    campaign = load_campaign("road_videos")
    assert campaign.bucket.uri.startswith("gs://")
    [rule] = campaign.manifest.rules
    assert (rule.type.value, rule.metadata.frames is not None) == ("video", True)
    assert yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
