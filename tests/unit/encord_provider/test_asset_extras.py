"""What the events of assets tell: enough to find the thing, and no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from airflow.sdk import Asset
from airflow.sdk.execution_time.context import OutletEventAccessors

from encord_provider.operators.scorecard import PublishScoresOperator
from tests.emulator.emulator_support import KEYS, MANAGER
from tests.unit.encord_provider.provider_support import DATASETS, images, importer, project_maker, run, write_manifest

if TYPE_CHECKING:
    from tests.emulator.emulator_support import Control

ASSET = Asset(name="project", uri="encord://benchmark-qa/roads/production-project")


@pytest.mark.emulator
def test_the_event_of_a_project_says_which_it_is_and_how_much_is_in_it(
    workspace: Path, encord_default: str, control: Control
) -> None:
    write_manifest(workspace, {"benchmark": images("benchmark", 2), "production": images("production", 3)})
    imported = run(importer(workspace))
    datasets = [imported[f"{kind}_dataset"] for kind in DATASETS]
    maker = project_maker("Production project", datasets, outlets=[ASSET])
    events = OutletEventAccessors()
    project_hash = run(maker, outlet_events=events)
    extra = events[ASSET].extra
    assert extra.pop("ontology_hash")
    assert extra == {
        "project_hash": project_hash,
        "title": "Production project",
        "url": f"{control.url}/projects/view/{project_hash}/summary",
        "dataset_units": dict(zip(datasets, (2, 3), strict=True)),
        "units": 5,
    }
    assert not [line for line in KEYS[MANAGER].private_pem.splitlines() if line in json.dumps(extra)]


def test_the_event_of_a_scorecard_counts_annotators_by_decision(workspace: Path) -> None:
    operator = PublishScoresOperator(
        task_id="publish_scores",
        campaign_title="Roads",
        workspace=str(workspace),
        decision={},
        settings={},
        outlets=[ASSET],
    )
    events = OutletEventAccessors()
    done = run(operator, outlet_events=events)
    assert events[ASSET].extra == done | {"pass": 0, "fail": 0, "undecided": 0, "workspace": str(workspace)}
