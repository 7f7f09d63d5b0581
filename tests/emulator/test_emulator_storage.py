from __future__ import annotations

import json
from typing import TYPE_CHECKING

import encord.orm.storage as orm
import pytest
from encord.exceptions import InvalidArgumentsError, ResourceNotFoundError, UnknownException
from encord.http.bundle import Bundle

from tests.emulator.emulator_support import BUCKET_URL, INTEGRATION, Control, image_manifest, upload
from tests.emulator.storage_support import EVERY_TYPE

if TYPE_CHECKING:
    from encord import EncordUserClient

pytestmark = pytest.mark.emulator


def test_folders_are_found_by_name_and_nested(client: EncordUserClient) -> None:
    parent = client.create_storage_folder("Benchmark", description="d", client_metadata={"run": 1})
    child = client.create_storage_folder("Benchmark child", parent_folder=parent)
    client.create_storage_folder("Production")
    assert [folder.uuid for folder in client.find_storage_folders(search="Benchmark")] == [parent.uuid, child.uuid]
    assert [folder.uuid for folder in parent.list_subfolders()] == [child.uuid]
    found = client.get_storage_folder(parent.uuid)
    assert (found.name, found.description, found.client_metadata) == ("Benchmark", "d", {"run": 1})


def test_a_manifest_with_every_type_registers_every_type(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("Everything")
    result = upload(client, folder, EVERY_TYPE)
    assert (result.status, result.units_done_count, result.units_error_count) == ("DONE", 9, 0)
    items = {item.name: item for item in folder.list_items()}
    assert {name: item.item_type.value for name, item in items.items()} == {
        "a video": "video", "/b/c.png": "image", "a group": "imageGroup", "a sequence": "imageSequence",
        "a series": "dicomSeries", "a sound": "audio", "a volume": "nifti", "a text": "plainText", "a document": "pdf",
    }  # fmt: skip
    assert (items["a video"].frame_count, items["a video"].width) == (30, 64)
    assert items["/b/c.png"].client_metadata == {"key": "b/c.png"}
    assert [child.url for child in items["a group"].get_child_items()] == [f"{BUCKET_URL}/1.jpg", f"{BUCKET_URL}/2.jpg"]
    assert items["/b/c.png"].get_signed_url() == f"{BUCKET_URL}/b/c.png"


def test_the_structured_form_gives_the_same_items(client: EncordUserClient) -> None:
    metadata = orm.CustomerProvidedImageMetadata(mime_type="image/png", file_size=7, height=5, width=6)
    frames = [orm.DataUploadImageGroupImage(url=f"{BUCKET_URL}/{number}.jpg") for number in range(11)]
    items = orm.DataUploadItems(
        images=[orm.DataUploadImage(object_url=f"{BUCKET_URL}/a.png", title="A", image_metadata=metadata)],
        image_groups=[orm.DataUploadImageGroup(images=frames, title="G", create_video=False)],
        dicom_series=[
            orm.DataUploadDicomSeries(
                dicom_files=[orm.DataUploadDicomSeriesDicomFile(url=f"{BUCKET_URL}/1.dcm", title=None)], title="D"
            )
        ],
    )
    folder = client.create_storage_folder("Structured")
    assert upload(client, folder, items).units_done_count == 3
    image, series, group = folder.list_items()  # by name
    assert (image.width, image.height, image.file_size, image.mime_type) == (6, 5, 7, "image/png")
    assert (group.frame_count, series.frame_count) == (11, 1)


def test_the_same_url_is_skipped_in_its_folder_only(client: EncordUserClient) -> None:
    first, second = client.create_storage_folder("One"), client.create_storage_folder("Two")
    for folder in (first, first, second):
        upload(client, folder, image_manifest(3))
    assert [len(list(folder.list_items())) for folder in (first, second)] == [3, 3]
    upload(client, first, image_manifest(3) | {"skip_duplicate_urls": False})
    assert len(list(first.list_items())) == 6


@pytest.mark.parametrize(("upsert", "expected"), [(True, {"v": 2}), (False, {"v": 1})])
def test_metadata_of_a_skipped_duplicate_changes_only_with_upsert(
    client: EncordUserClient, upsert: bool, expected: dict[str, int]
) -> None:
    folder = client.create_storage_folder("F")
    for version in (1, 2):
        image = {"objectUrl": f"{BUCKET_URL}/a.jpg", "clientMetadata": {"v": version}}
        upload(client, folder, {"images": [image], "skip_duplicate_urls": True, "upsert_metadata": upsert})
    assert [item.client_metadata for item in folder.list_items()] == [expected]


@pytest.mark.parametrize(("reported", "named"), [(True, 2), (False, 0)])
def test_skipped_duplicates_are_named_by_the_job_as_the_switch_says(
    client: EncordUserClient, control: Control, reported: bool, named: int
) -> None:
    control.switch(skipped_duplicates_reported=reported)
    folder = client.create_storage_folder("F")
    upload(client, folder, image_manifest(2))
    assert len(upload(client, folder, image_manifest(2)).items_with_names) == named


BAD_UNITS = {
    "images": [{"objectUrl": f"{BUCKET_URL}/good.jpg"}, {"objectUrl": f"{BUCKET_URL}/a b.jpg"}],
    "image_groups": [{"createVideo": False, "objectUrl_0": f"{BUCKET_URL}/1.jpg"}],
    "videos": [
        {"objectUrl": f"{BUCKET_URL}/v.mp4", "title": "x" * 301},
        {"objectUrl": f"{BUCKET_URL}/w.mp4", "videoMetadata": {"fps": None, "duration": 1}},
    ],
}


@pytest.mark.parametrize(
    ("ignore_errors", "kept", "status", "items"),
    [(True, True, "DONE", 1), (False, True, "ERROR", 1), (False, False, "ERROR", 0)],
)
def test_bad_units_are_reported_and_good_ones_kept_as_the_switch_says(
    client: EncordUserClient, control: Control, ignore_errors: bool, kept: bool, status: str, items: int
) -> None:
    control.switch(partial_uploads_kept=kept)
    folder = client.create_storage_folder("F")
    result = upload(client, folder, BAD_UNITS, ignore_errors=ignore_errors)
    assert (result.status, result.units_error_count) == (status, 4)
    assert sorted(error.error.split(" ")[0] for error in result.unit_errors) == ["The", "the", "title", "title"]
    assert len(list(folder.list_items())) == items


def test_an_unknown_key_of_the_manifest_is_refused_by_name(client: EncordUserClient) -> None:
    with pytest.raises(InvalidArgumentsError, match="pictures"):
        upload(client, client.create_storage_folder("F"), {"pictures": []})


def test_an_unknown_integration_is_refused(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("F")
    with pytest.raises(ResourceNotFoundError):
        folder.add_private_data_to_folder_start("00000000-0000-0000-0000-000000000000", image_manifest(1))
    assert client.get_cloud_integrations(filter_integration_titles=["no such"]) == []


def test_a_job_is_pending_until_its_time_and_can_be_cancelled(client: EncordUserClient, control: Control) -> None:
    control.switch(upload_seconds=60)
    folder = client.create_storage_folder("F")
    integration = client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])[0]
    job = folder.add_private_data_to_folder_start(integration.id, json.dumps(image_manifest(2)))
    state = folder.add_private_data_to_folder_get_result(job, timeout_seconds=0)
    assert (state.status, state.units_pending_count) == ("PENDING", 2)
    assert folder.add_data_to_folder_job_cancel(job).units_cancelled_count == 2
    assert folder.add_private_data_to_folder_get_result(job, timeout_seconds=5).status == "CANCELLED"
    assert list(folder.list_items()) == []


def test_listings_are_paged_sorted_and_filtered(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("F")
    upload(client, folder, image_manifest(5))
    names = [item.name for item in folder.list_items(page_size=2, desc=True)]
    assert names == [f"image-{number}.jpg" for number in (4, 3, 2, 1, 0)]
    assert [item.name for item in folder.list_items(search="image-3")] == ["image-3.jpg"]
    assert list(folder.list_items(item_types=[orm.StorageItemType.VIDEO])) == []
    chosen = [item.uuid for item in folder.list_items()][3:1:-1]
    assert [item.uuid for item in client.get_storage_items(chosen)] == chosen


def test_items_and_folders_can_be_changed(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("F")
    upload(client, folder, image_manifest(2))
    first, second = folder.list_items()
    first.update(name="renamed", client_metadata={"v": 1})
    with Bundle() as bundle:
        second.update(client_metadata={"v": 2}, bundle=bundle)
    folder.update(name="G", client_metadata={"w": 3})
    assert [(item.name, item.client_metadata) for item in folder.list_items()] == [
        ("image-1.jpg", {"v": 2}),
        ("renamed", {"v": 1}),
    ]
    found = client.get_storage_folder(folder.uuid)
    assert (found.name, found.client_metadata) == ("G", {"w": 3})


def test_what_is_not_emulated_says_so(client: EncordUserClient, control: Control) -> None:
    with pytest.raises(UnknownException, match="does not know this call: teapots"):
        client._api_client.get("teapots", params=None, result_type=None)
    assert control.requests()[-1]["status"] == 501
