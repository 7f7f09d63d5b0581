"""Buttons on tasks: each leads to its page in the web app, once the task knows the thing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from encord_provider.operators.dataset import EncordCreateDatasetOperator
from encord_provider.operators.storage import EncordCreateFolderOperator
from encord_provider.operators.workflow import EncordRouteTasksOperator
from encord_provider.sensors.project import EncordGroundTruthSensor
from tests.unit.encord_provider.provider_support import (
    DATASETS,
    FOLDERS,
    images,
    importer,
    project_maker,
    run,
    write_manifest,
)

if TYPE_CHECKING:
    from tests.emulator.emulator_support import Control


def links(operator: Any) -> dict[str, str]:
    """Return what Airflow's worker keeps of a task's links when the task ends."""
    keys = [link.xcom_key for link in operator.operator_extra_links]
    assert len(set(keys)) == len(keys)
    return {link.name: link.get_link(operator, ti_key=None) for link in operator.operator_extra_links}


def test_a_link_is_empty_until_the_project_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ENCORD_DEFAULT", '{"conn_type": "encord"}')
    operator = EncordRouteTasksOperator(task_id="route", project_title="P", benchmark_dataset_title="B")
    assert links(operator) == {"Encord project": "", "Encord stage": ""}
    operator.project_hash = "p-1"
    assert links(operator) == {
        "Encord project": "https://app.encord.com/projects/view/p-1/summary",
        "Encord stage": "https://app.encord.com/projects/view/p-1/queue",
    }


def test_a_task_that_failed_for_want_of_a_connection_has_no_link() -> None:
    sensor = EncordGroundTruthSensor(task_id="wait", project_hash="p-1", encord_conn_id="no_such_connection")
    assert set(links(sensor).values()) == {""}


def test_a_template_that_was_never_rendered_is_no_link(encord_default: str) -> None:
    sensor = EncordGroundTruthSensor(task_id="wait", project_hash="")
    vars(sensor)["project_hash"] = project_maker("P", []).output
    assert set(links(sensor).values()) == {""}


@pytest.mark.emulator
def test_an_import_links_both_folders_and_both_datasets(workspace: Path, encord_default: str, control: Control) -> None:
    write_manifest(workspace, {kind: images(kind, 2) for kind in FOLDERS})
    task = importer(workspace)
    done = run(task)
    assert links(task) == {
        f"Encord {kind} {thing}": f"{control.url}/data/{page}/{done[f'{kind}_{thing}']}"
        for kind in DATASETS
        for thing, page in (("folder", "files"), ("dataset", "datasets"))
    }


@pytest.mark.emulator
def test_operators_of_one_thing_link_it(encord_default: str, control: Control) -> None:
    folder = EncordCreateFolderOperator(task_id="folder", title="F")
    dataset = EncordCreateDatasetOperator(task_id="dataset", title="D")
    folder_uuid, dataset_hash = run(folder), run(dataset)
    assert links(folder) == {"Encord folder": f"{control.url}/data/files/{folder_uuid}"}
    assert links(dataset) == {"Encord dataset": f"{control.url}/data/datasets/{dataset_hash}"}


@pytest.mark.emulator
def test_links_open_in_the_local_encord(encord_default: str) -> None:
    folder = EncordCreateFolderOperator(task_id="folder", title="Cats & <dogs>")
    dataset = EncordCreateDatasetOperator(task_id="dataset", title="Cats & <dogs>")
    run(folder)
    maker = project_maker("Cats & <dogs>", [run(dataset)])
    run(maker)
    for task in (folder, dataset, maker):
        url = next(iter(links(task).values()))
        answer = httpx.get(url)
        assert answer.status_code == 200
        assert "<h1>Cats &amp; &lt;dogs&gt;</h1>" in answer.text
        assert httpx.get(url.replace("-4", "-5")).status_code == 404
