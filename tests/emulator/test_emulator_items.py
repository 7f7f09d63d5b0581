from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import encord.orm.storage as orm
import pytest
from encord.exceptions import AuthorisationError, InvalidArgumentsError, ResourceNotFoundError, UnknownException
from encord.http.bundle import Bundle
from encord.orm.dataset import StorageLocation
from encord.utilities.storage.cloud_data_migration import update_storage_item_cloud_info

from tests.emulator.emulator_support import BUCKET_URL, INTEGRATION, Control, image_manifest, make_dataset, upload
from tests.emulator.storage_support import EVERY_TYPE, NOWHERE, signed

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.storage import StorageFolder, StorageItem

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
Type = orm.StorageItemType


@pytest.fixture
def folder(client: EncordUserClient) -> StorageFolder:
    """Return a folder with an item of every type."""
    made = client.create_storage_folder("F")
    upload(client, made, EVERY_TYPE)
    return made


def by_name(folder: StorageFolder) -> dict[str, StorageItem]:
    return {item.name: item for item in folder.list_items()}


def test_items_are_listed_by_type_name_and_use(client: EncordUserClient, folder: StorageFolder) -> None:
    below = folder.create_subfolder("Below")
    upload(client, below, image_manifest(2, "below"))
    assert [item.name for item in folder.list_items(search="a s")] == ["a sequence", "a series", "a sound"]
    assert [item.name for item in folder.list_items(item_types=[Type.AUDIO, Type.PDF])] == ["a document", "a sound"]
    assert [item.name for item in folder.list_items(desc=True, page_size=2)][:2] == ["a volume", "a video"]
    oldest = next(iter(folder.list_items(order=orm.FoldersSortBy.CREATED_AT)))
    assert oldest.name == "a video"
    found = [item.name for item in folder.find_items(item_types=[Type.IMAGE])]
    assert found == ["/b/c.png", "below-0.jpg", "below-1.jpg"]
    client.get_dataset(
        client.create_dataset("D", StorageLocation.AWS, create_backing_folder=False).dataset_hash
    ).link_items([oldest.uuid])
    assert [item.name for item in folder.list_items(is_in_dataset=True)] == ["a video"]
    assert len(list(folder.list_items(is_in_dataset=False))) == 8
    assert client.get_storage_item(oldest.uuid).backed_data_units_count == 1


def test_items_are_got_in_the_order_asked_for(client: EncordUserClient, folder: StorageFolder) -> None:
    uuids = [item.uuid for item in folder.list_items()]
    wanted = [uuids[4], uuids[0], uuids[4]]
    assert [item.uuid for item in client.get_storage_items(wanted)] == wanted
    with pytest.raises(AuthorisationError, match=NOWHERE):
        client.get_storage_items([uuids[0], NOWHERE])


def test_a_frame_is_in_the_folder_of_its_group(client: EncordUserClient, folder: StorageFolder) -> None:
    group = by_name(folder)["a group"]
    frames = list(group.get_child_items(get_signed_urls=True))
    assert [frame.get_signed_url() for frame in frames] == [f"{BUCKET_URL}/1.jpg", f"{BUCKET_URL}/2.jpg"]
    frame = client.get_storage_item(frames[0].uuid)
    assert frame.parent_folder_uuid == folder.uuid
    summary = frame.get_summary()
    [user] = summary.accessible_group_items
    assert (summary.frame_in_groups, user.name, user.parent_name) == (1, "a group", "F")


def test_a_summary_names_the_datasets_of_an_item(client: EncordUserClient) -> None:
    dataset_hash = make_dataset(client, "D", image_manifest(1))
    [row] = client.get_dataset(dataset_hash).data_rows
    summary = client.get_storage_item(row.backing_item_uuid).get_summary()
    [dataset] = summary.accessible_datasets
    assert (summary.used_in_datasets, dataset.dataset_hash, dataset.title) == (1, dataset_hash, "D")
    assert [str(data_hash) for data_hash in dataset.data_hashes] == [row.uid]
    assert summary.data_group is None


@pytest.mark.parametrize(("mode", "kept"), [("merge", {"key": "b/c.png", "v": 1}), ("overwrite", {"v": 1})])
def test_items_are_updated_one_by_one_or_in_a_bundle(
    client: EncordUserClient, control: Control, folder: StorageFolder, mode: str, kept: dict[str, Any]
) -> None:
    control.switch(client_metadata_patch=mode)
    items = by_name(folder)
    image, video = items["/b/c.png"], items["a video"]
    image.update(client_metadata={"v": 1})
    assert image.client_metadata == kept
    with Bundle() as bundle:
        image.update(name="renamed", bundle=bundle)
        video.update(client_metadata={"w": 2}, bundle=bundle)
    assert by_name(folder)["renamed"].client_metadata == kept
    assert client.get_storage_item(video.uuid).client_metadata == {"w": 2}
    with pytest.raises(UnknownException, match="time series"):
        video.update(timeseries_settings=None)


def test_metadata_is_left_out_or_fetched_from_signed_urls_as_asked(folder: StorageFolder) -> None:
    inline = {item.name: item.client_metadata for item in folder.list_items()}
    fetched = {item.name: item.client_metadata for item in folder.list_items(resolve_client_metadata_locally=True)}
    assert fetched == inline
    assert fetched["/b/c.png"] == {"key": "b/c.png"}
    assert all(item.client_metadata == {} for item in folder.list_items(include_client_metadata=False))


def test_items_are_moved_from_their_folder_only(client: EncordUserClient, folder: StorageFolder) -> None:
    other, items = client.create_storage_folder("G"), by_name(folder)
    folder.move_items_to_folder(other, [items["a group"], items["a video"].uuid])
    items["a sound"].move_to_folder(other.uuid)
    assert items["a sound"].parent_folder_uuid == other.uuid
    assert list(by_name(other)) == ["a group", "a sound", "a video"]
    [frame, _] = by_name(other)["a group"].get_child_items()
    assert client.get_storage_item(frame.uuid).parent_folder_uuid == other.uuid
    with pytest.raises(InvalidArgumentsError, match="not in folder"):
        folder.move_items_to_folder(other, [items["a video"].uuid])
    with pytest.raises(AuthorisationError):
        folder.move_items_to_folder(UUID(NOWHERE), [items["a text"]])
    with pytest.raises(InvalidArgumentsError, match="Frames"):
        other.move_items_to_folder(folder, [frame])


def test_items_leave_a_mirrored_folder_with_their_rows_only_when_allowed(client: EncordUserClient) -> None:
    dataset = client.create_dataset("D", StorageLocation.AWS, create_backing_folder=True)
    assert dataset.backing_folder_uuid is not None
    mirror, other = client.get_storage_folder(dataset.backing_folder_uuid), client.create_storage_folder("Other")
    upload(client, mirror, image_manifest(2))
    project_hash = client.create_project("P", [dataset.dataset_hash])
    first, _ = mirror.list_items()
    with pytest.raises(InvalidArgumentsError, match="1 data units"):
        first.move_to_folder(other)
    first.move_to_folder(other, allow_mirror_dataset_changes=True)
    assert [row.title for row in client.get_dataset(dataset.dataset_hash).data_rows] == ["image-1.jpg"]
    assert len(client.get_project(project_hash).list_label_rows_v2()) == 1


@pytest.mark.parametrize("keep", [True, False])
def test_frames_go_with_their_group_unless_they_are_to_be_kept(
    client: EncordUserClient, folder: StorageFolder, keep: bool
) -> None:
    group = by_name(folder)["a group"]
    frames = [frame.uuid for frame in group.get_child_items()]
    group.delete(remove_unused_frames=not keep)
    assert "a group" not in by_name(folder)
    if keep:
        assert {"/1.jpg", "/2.jpg"} <= set(by_name(folder))
    else:
        with pytest.raises(AuthorisationError):
            client.get_storage_items(frames)


def test_an_item_of_a_dataset_becomes_a_tombstone(client: EncordUserClient) -> None:
    dataset_hash = make_dataset(client, "D", image_manifest(2))
    [folder] = client.list_storage_folders()
    upload(client, folder, image_manifest(1, "unused"))
    folder.delete_storage_items([item.uuid for item in folder.list_items()])
    assert [(item.name, item._orm_item.is_tombstone) for item in folder.list_items()] == [
        ("image-0.jpg", True), ("image-1.jpg", True),
    ]  # fmt: skip
    assert folder.get_summary().tombstones == 2
    assert len(client.get_dataset(dataset_hash).data_rows) == 2


def test_an_item_of_a_dataset_is_not_deleted_or_takes_its_work_along_as_the_switch_says(
    client: EncordUserClient, control: Control, make_project: MakeProject
) -> None:
    project = make_project(images=3)
    row = project.list_label_rows_v2()[0]
    row.initialise_labels()
    row.save()
    assert row.backing_item_uuid is not None
    item = client.get_storage_item(row.backing_item_uuid)
    control.switch(delete_used_item="refuse")
    with pytest.raises(InvalidArgumentsError, match=str(item.uuid)):
        item.delete()
    control.switch(delete_used_item="cascade")
    item.delete()
    assert len(project.list_label_rows_v2()) == 2
    assert sum(control.project(project.project_hash)["tasks"].values()) == 2
    with pytest.raises(AuthorisationError):
        client.get_storage_item(item.uuid)


def test_items_get_another_url_or_integration(client: EncordUserClient, folder: StorageFolder) -> None:
    items = by_name(folder)
    [integration] = client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])
    update_storage_item_cloud_info(client, items["a video"], new_url=f"{BUCKET_URL}/new.mp4")
    with Bundle() as bundle:
        for url in (f"{BUCKET_URL}/d.wav", f"{BUCKET_URL}/e.nii.gz"):
            update_storage_item_cloud_info(client, url, new_url=f"{url}.moved", bundle=bundle)
    assert client.get_storage_item(items["a video"].uuid).url == f"{BUCKET_URL}/new.mp4"
    assert by_name(folder)["a volume"].url == f"{BUCKET_URL}/e.nii.gz.moved"
    update_storage_item_cloud_info(
        client, items["a text"], new_url="https://elsewhere/f.txt", from_cloud_integration=NOWHERE
    )
    assert by_name(folder)["a text"].url == f"{BUCKET_URL}/f.txt"
    missing = {"item": NOWHERE, "new_cloud_integration": integration}
    update_storage_item_cloud_info(client, **missing, skip_missing=True)
    with pytest.raises(ResourceNotFoundError):
        update_storage_item_cloud_info(client, **missing)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "storage/items/get-bulk", {"itemUuids": "all"}, 422),
        ("POST", "storage/items/get-bulk", {"itemUuids": [None]}, 422),
        ("POST", "storage/items/get-bulk", {"itemUuids": []}, 200),
        ("GET", "storage/items/not-a-uuid", None, 422),
        ("GET", "storage/items/{i}?signUrl=maybe", None, 422),
        ("PATCH", "storage/folders/{f}/items/{i}", {"name": 7}, 422),
        ("PATCH", "storage/folders/{g}/items/{i}", {"name": "n"}, 400),
        ("PATCH", "storage/items/patch-bulk", {"itemPatches": {}}, 200),
        ("PATCH", "storage/items/patch-bulk", {"itemPatches": {"{i}": None}}, 422),
        ("POST", "storage/folders/{f}/items/move", {"itemUuids": ["{i}"]}, 422),
        ("POST", "storage/folders/{f}/items/delete", {"childUuids": ["{i}", "{i}"], "removeUnusedFrames": 3}, 422),
        ("GET", "storage/folders/{f}/items?itemTypes=image&itemTypes=car", None, 422),
        ("GET", "storage/folders/{f}/items?search=%00%25_", None, 200),
        ("GET", "storage/folders/{g}/items/{i}/summary", None, 400),
        ("POST", "storage/items/migrate-storage", {"itemsMap": {"x": None}}, 422),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    client: EncordUserClient, method: str, path: str, body: Any, status: int
) -> None:
    folder, other = client.create_storage_folder("F"), client.create_storage_folder("G")
    upload(client, folder, image_manifest(1))
    [item] = folder.list_items()
    known = {"{f}": folder.uuid, "{g}": other.uuid, "{i}": item.uuid}
    for name, uuid in known.items():
        path = path.replace(name, str(uuid))
    if body and "{i}" in body.get("itemPatches", {}):
        body = {"itemPatches": {str(item.uuid): None}}
    assert signed(client, method, path, body)[0] == status
