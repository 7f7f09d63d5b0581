"""Upload jobs: duplicates, progress, and ends other than done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import encord.orm.storage as orm
import pytest

from tests.emulator.emulator_support import BUCKET_URL, Control, image_manifest, upload
from tests.emulator.storage_support import start_upload

if TYPE_CHECKING:
    from encord import EncordUserClient

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize(("scope", "items"), [("folder", 2), ("organisation", 1)])
def test_duplicates_are_looked_for_where_the_switch_says(
    client: EncordUserClient, control: Control, scope: str, items: int
) -> None:
    control.switch(duplicate_url_scope=scope)
    for name in ("A", "B"):
        upload(client, client.create_storage_folder(name), image_manifest(1))
    counts = [len(list(folder.list_items())) for folder in client.find_storage_folders()]
    assert sum(counts) == items


@pytest.mark.parametrize(("counted", "done"), [(True, 3), (False, 1)])
def test_skipped_duplicates_count_as_the_switch_says(
    client: EncordUserClient, control: Control, counted: bool, done: int
) -> None:
    control.switch(skipped_duplicates_counted=counted)
    folder = client.create_storage_folder("F")
    upload(client, folder, image_manifest(2))
    again = upload(client, folder, image_manifest(3))
    assert (again.status, again.units_done_count) == ("DONE", done)


def test_an_upsert_without_metadata_leaves_what_is_there(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("F")
    url = f"{BUCKET_URL}/a.jpg"
    upload(client, folder, {"images": [{"objectUrl": url, "clientMetadata": {"v": 1}}]})
    items = orm.DataUploadItems(
        images=[orm.DataUploadImage(object_url=url)], skip_duplicate_urls=True, upsert_metadata=True
    )
    upload(client, folder, items)
    assert [item.client_metadata for item in folder.list_items()] == [{"v": 1}]


def test_one_url_twice_in_an_upload_is_one_item_if_duplicates_are_skipped(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("F")
    images = [{"objectUrl": f"{BUCKET_URL}/a.jpg"}] * 2
    upload(client, folder, {"images": images, "skip_duplicate_urls": True})
    assert len(list(folder.list_items())) == 1
    upload(client, folder, {"images": images})
    assert len(list(folder.list_items())) == 3


def test_a_job_progresses_and_keeps_what_was_done_when_it_is_cancelled(
    client: EncordUserClient, control: Control
) -> None:
    control.switch(upload_seconds=20)
    folder = client.create_storage_folder("F")
    job = start_upload(client, folder, image_manifest(400))
    deadline = time.monotonic() + 15
    state = folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)
    while state.units_done_count == 0 and time.monotonic() < deadline:
        state = folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)
    assert state.status == "PENDING"
    assert 0 < state.units_done_count < 400
    assert state.units_done_count + state.units_pending_count == 400
    cancelled = folder.add_data_to_folder_job_cancel(job).units_cancelled_count
    end = folder.add_private_data_to_folder_get_result(job, timeout_seconds=5)
    assert (end.status, end.units_cancelled_count, end.units_pending_count) == ("CANCELLED", cancelled, 0)
    assert end.units_done_count == 400 - cancelled == len(end.items_with_names) == len(list(folder.list_items()))
    assert folder.add_data_to_folder_job_cancel(job).units_cancelled_count == 0


def test_a_job_whose_folder_is_gone_ends_in_error(client: EncordUserClient, control: Control) -> None:
    control.switch(upload_seconds=60)
    folder = client.create_storage_folder("F")
    start_upload(client, folder, image_manifest(2))
    folder.delete()
    client.create_storage_folder("G")
    [job] = control.call("GET", "state")["upload_jobs"]
    assert (job["status"], job["units_error"]) == ("ERROR", 2)


def test_a_job_that_cannot_be_done_ends_in_error_and_spoils_no_other_request(
    client: EncordUserClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = client.create_storage_folder("F")

    def broken(*_: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr("include.encord_emulator.store.uploads.register", broken)
    result = upload(client, folder, image_manifest(2))
    assert (result.status, result.units_error_count, result.units_pending_count) == ("ERROR", 2, 0)
    monkeypatch.undo()
    assert upload(client, folder, image_manifest(2)).status == "DONE"
