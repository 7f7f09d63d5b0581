"""Uploads into datasets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests
from encord.exceptions import InvalidArgumentsError

from tests.emulator.emulator_support import (
    ESTABLISHING,
    INTEGRATION,
    Control,
    image_manifest,
)
from tests.emulator.storage_support import EVERY_TYPE, new_dataset, upload_to

if TYPE_CHECKING:
    from pathlib import Path

    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


def test_an_upload_into_a_dataset_makes_items_and_rows(client: EncordUserClient, tmp_path: Path) -> None:
    dataset, folder = new_dataset(client), client.create_storage_folder("F")
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(EVERY_TYPE), encoding="utf-8")
    result = upload_to(client, dataset, path, folder)
    assert (result.status, result.units_done_count) == ("DONE", 9)
    items = {item.uuid: item.name for item in folder.list_items()}
    assert {info.backing_item_uuid: info.title for info in result.data_hashes_with_titles} == items
    rows = {row.uid: row.title for row in dataset.list_data_rows()}
    assert {info.data_hash: info.title for info in result.data_hashes_with_titles} == rows


def test_an_upload_into_a_dataset_becomes_tasks_of_its_projects(
    client: EncordUserClient, make_project: MakeProject
) -> None:
    project = make_project(ESTABLISHING, images=1)
    dataset = client.get_dataset(str(next(iter(project.list_datasets())).dataset_hash))
    upload_to(client, dataset, image_manifest(2, "more"), client.create_storage_folder("F"))
    titles = {task.data_title for task in project.workflow.stages[0].get_tasks()}
    assert titles == {"image-0.jpg", "more-0.jpg", "more-1.jpg"}


def test_errors_of_units_of_a_dataset_upload_are_told(client: EncordUserClient) -> None:
    dataset, folder = new_dataset(client), client.create_storage_folder("F")
    bad = {"images": [{"objectUrl": "a b.jpg"}, {"objectUrl": "c.jpg"}]}
    result = upload_to(client, dataset, bad, folder, ignore_errors=True)
    assert (result.status, result.units_error_count, len(result.data_hashes_with_titles)) == ("DONE", 1, 1)
    assert [error.object_urls for error in result.data_unit_errors] == [["a b.jpg"]]
    assert upload_to(client, dataset, bad, folder).status == "ERROR"


def test_a_mirror_dataset_takes_no_other_folder_and_others_need_one(client: EncordUserClient) -> None:
    mirror, plain = new_dataset(client, mirror=True), new_dataset(client)
    folder = client.create_storage_folder("F")
    with pytest.raises(InvalidArgumentsError):
        upload_to(client, mirror, image_manifest(1), folder)
    with pytest.raises(InvalidArgumentsError):
        upload_to(client, plain, image_manifest(1))
    assert len(upload_to(client, mirror, image_manifest(2)).data_hashes_with_titles) == 2


def test_what_is_uploaded_to_the_folder_of_a_mirror_dataset_becomes_rows(client: EncordUserClient) -> None:
    mirror = new_dataset(client, mirror=True)
    assert mirror.backing_folder_uuid is not None
    folder = client.get_storage_folder(mirror.backing_folder_uuid)
    integration = client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])[0]
    job = folder.add_private_data_to_folder_start(integration.id, image_manifest(2))
    folder.add_private_data_to_folder_get_result(job, timeout_seconds=10)
    assert [row.title for row in mirror.list_data_rows()] == ["image-0.jpg", "image-1.jpg"]


@pytest.mark.parametrize(("linked", "rows"), [(True, 2), (False, 0)])
def test_skipped_duplicates_are_linked_as_the_switch_says(
    client: EncordUserClient, control: Control, linked: bool, rows: int
) -> None:
    control.switch(skipped_duplicates_linked=linked)
    first, second, folder = new_dataset(client), new_dataset(client), client.create_storage_folder("F")
    upload_to(client, first, image_manifest(2), folder)
    upload_to(client, second, image_manifest(2), folder)
    assert len(second.list_data_rows()) == rows
    assert len(list(folder.list_items())) == 2


def test_duplicates_are_looked_for_in_the_dataset_if_the_switch_says_so(
    client: EncordUserClient, control: Control
) -> None:
    control.switch(duplicate_url_scope="dataset")
    dataset = new_dataset(client)
    for name in ("A", "B"):
        upload_to(client, dataset, image_manifest(2), client.create_storage_folder(name))
    assert len(dataset.list_data_rows()) == 2


def test_local_files_become_rows_of_a_dataset(client: EncordUserClient, tmp_path: Path) -> None:
    dataset, folder = new_dataset(client), client.create_storage_folder("F")
    paths = [tmp_path / f"{number}.png" for number in range(2)]
    for path in paths:
        path.write_bytes(b"bytes of " + path.name.encode())
    image = dataset.upload_image(paths[0], folder=folder)
    [group] = dataset.create_image_group(paths, folder=folder, create_video=False)
    series = dataset.create_dicom_series(paths, folder=folder)
    rows = {row.uid: row for row in dataset.list_data_rows()}
    assert set(rows) == {image["data_hash"], group["data_hash"], series["data_hash"]}
    assert rows[image["data_hash"]].title == "0.png"
    row = rows[image["data_hash"]]
    row.refetch_data(signed_url=True)
    assert row.signed_url is not None
    assert requests.get(row.signed_url, timeout=10).content == b"bytes of 0.png"
