from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import encord.orm.storage as orm
import pytest
from encord.exceptions import AuthorisationError, InvalidArgumentsError, ResourceNotFoundError
from encord.http.bundle import Bundle
from encord.orm.dataset import StorageLocation

from tests.emulator.emulator_support import ANNOTATORS, KEYS, Control, image_manifest, make_dataset, sdk_client, upload
from tests.emulator.storage_support import EVERY_TYPE, NOWHERE, signed

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.storage import StorageFolder

    from include.encord_emulator.server import RunningEmulator

pytestmark = pytest.mark.emulator


def names(folders: Any) -> list[str]:
    return [folder.name for folder in folders]


@pytest.fixture
def tree(client: EncordUserClient) -> list[StorageFolder]:
    """Return the folders Top, Middle in it, Bottom in that."""
    top = client.create_storage_folder("Top")
    middle = top.create_subfolder("Middle", description="d", client_metadata={"level": 2})
    return [top, middle, middle.create_subfolder("Bottom")]


def test_a_folder_knows_its_way_to_the_root(client: EncordUserClient, tree: list[StorageFolder]) -> None:
    top, middle, bottom = tree
    path = client.get_storage_folder(bottom.uuid).path_to_root
    assert [step.uuid for step in path] == [bottom.uuid, middle.uuid, top.uuid]
    assert [step.parent_uuid for step in path] == [middle.uuid, top.uuid, None]
    assert bottom.parent is not None
    assert bottom.parent.name == "Middle"
    assert (middle.description, middle.client_metadata) == ("d", {"level": 2})


def test_folders_are_listed_by_level_or_searched_in_the_whole_tree(
    client: EncordUserClient, tree: list[StorageFolder]
) -> None:
    client.create_storage_folder("Another")
    assert names(client.list_storage_folders()) == ["Another", "Top"]
    assert names(client.list_storage_folders(desc=True)) == ["Top", "Another"]
    assert names(client.list_storage_folders(order=orm.FoldersSortBy.CREATED_AT)) == ["Top", "Another"]
    assert names(client.find_storage_folders(search="o")) == ["Another", "Bottom", "Top"]
    assert names(tree[0].list_subfolders()) == ["Middle"]
    assert names(tree[0].find_subfolders(page_size=1)) == ["Bottom", "Middle"]
    assert names(tree[0].find_subfolders(search="Mid")) == ["Middle"]


def test_a_folder_that_a_dataset_mirrors_says_so(client: EncordUserClient) -> None:
    client.create_storage_folder("Plain")
    dataset = client.create_dataset("Mirror", StorageLocation.AWS, create_backing_folder=True)
    [mirror] = client.list_storage_folders(dataset_synced=True)
    assert str(mirror._orm_folder.synced_dataset_hash) == dataset.dataset_hash
    assert str(mirror.path_to_root[0].synced_dataset_hash) == dataset.dataset_hash
    assert names(client.list_storage_folders(dataset_synced=False)) == ["Plain"]
    with pytest.raises(InvalidArgumentsError, match="mirrors"):
        mirror.delete()


def test_a_tag_filter_finds_no_folder_as_no_call_can_tag_one(client: EncordUserClient) -> None:
    client.create_storage_folder("F")
    client.create_organisation_tag("tag")
    assert list(client.list_storage_folders(organisation_tags_allof=["tag"])) == []
    with pytest.raises(ResourceNotFoundError, match="other"):
        list(client.list_storage_folders(organisation_tags_allof=["other"]))


def test_only_an_admin_lists_what_the_whole_organisation_has(
    client: EncordUserClient, emulator: RunningEmulator
) -> None:
    client.create_storage_folder("F")
    assert names(client.list_storage_folders(org_access=True)) == ["F"]
    annotator = sdk_client(emulator.url, KEYS[ANNOTATORS[0]])
    with pytest.raises(AuthorisationError):
        list(annotator.list_storage_folders(org_access=True))


@pytest.mark.parametrize(("mode", "kept"), [("merge", {"a": 1, "b": 3, "c": 4}), ("overwrite", {"b": 3, "c": 4})])
def test_folders_are_updated_one_by_one_or_in_a_bundle(
    client: EncordUserClient, control: Control, mode: str, kept: dict[str, int]
) -> None:
    control.switch(client_metadata_patch=mode)
    first = client.create_storage_folder("A", client_metadata={"a": 1, "b": 2})
    second = client.create_storage_folder("B", description="old")
    first.update(client_metadata={"b": 3, "c": 4})
    assert client.get_storage_folder(first.uuid).client_metadata == kept
    with Bundle() as bundle:
        first.update(name="A2", bundle=bundle)
        second.update(description="new", bundle=bundle)
    assert [(folder.name, folder.description) for folder in client.list_storage_folders()] == [("A2", ""), ("B", "new")]


def test_folders_are_moved_but_never_below_themselves(client: EncordUserClient, tree: list[StorageFolder]) -> None:
    top, middle, bottom = tree
    bottom.move_to_folder(top)
    assert names(top.list_subfolders()) == ["Bottom", "Middle"]
    bottom.move_to_folder(None)
    assert bottom.parent_uuid is None
    for target in (top, middle):
        with pytest.raises(InvalidArgumentsError, match="below itself"):
            top.move_to_folder(target)
    with pytest.raises(AuthorisationError):
        middle.move_to_folder(UUID(NOWHERE))
    assert client.get_storage_folder(middle.uuid).parent_uuid == top.uuid


def test_a_folder_is_deleted_with_its_contents_or_only_when_empty_as_the_switch_says(
    client: EncordUserClient, control: Control, tree: list[StorageFolder]
) -> None:
    control.switch(folder_delete="only_empty")
    top, middle, bottom = tree
    upload(client, bottom, image_manifest(1))
    for folder in (bottom, middle):
        with pytest.raises(InvalidArgumentsError, match="not empty"):
            folder.delete()
    control.switch(folder_delete="recursive")
    [item] = bottom.list_items()
    middle.delete()
    assert names(client.find_storage_folders()) == ["Top"]
    with pytest.raises(AuthorisationError, match=str(bottom.uuid)):
        client.get_storage_folder(bottom.uuid)
    with pytest.raises(AuthorisationError):
        client.get_storage_item(item.uuid)
    top.delete()
    assert list(client.list_storage_folders()) == []


@pytest.mark.parametrize(("mode", "files", "folders"), [("direct", 14, 1), ("recursive", 17, 2)])
def test_a_summary_counts_items_with_their_frames(
    client: EncordUserClient, control: Control, tree: list[StorageFolder], mode: str, files: int, folders: int
) -> None:
    control.switch(folder_summary=mode)
    upload(client, tree[0], EVERY_TYPE)
    upload(client, tree[2], image_manifest(3))
    summary = tree[0].get_summary()
    assert (summary.files, summary.folders) == (files, folders)
    assert (summary.image_groups, summary.image_sequences, summary.dicom_series, summary.dicom_files) == (1, 1, 1, 2)
    assert (summary.videos, summary.audios, summary.niftis, summary.plain_texts, summary.pdfs) == (1, 1, 1, 1, 1)
    assert (summary.tombstones, summary.upload_jobs) == (0, 1 if mode == "direct" else 2)
    assert summary.total_size > 0


def test_groups_of_users_come_and_go(client: EncordUserClient) -> None:
    folder, group = client.create_storage_folder("F"), client.create_group("Annotators")
    folder.add_group(group.group_hash, orm.StorageUserRole.USER)
    folder.add_group([group.group_hash], orm.StorageUserRole.ADMIN)
    [found] = folder.list_groups()
    assert (found.name, found.user_role, found.is_same_organisation) == ("Annotators", orm.StorageUserRole.ADMIN, True)
    with pytest.raises(ResourceNotFoundError):
        folder.add_group(UUID(NOWHERE), orm.StorageUserRole.USER)
    folder.remove_group(group.group_hash)
    assert list(folder.list_groups()) == []


def test_what_a_folder_never_had_is_refused_like_what_one_may_not_see(client: EncordUserClient) -> None:
    with pytest.raises(AuthorisationError, match=NOWHERE):
        client.get_storage_folder(NOWHERE)
    with pytest.raises(AuthorisationError, match=NOWHERE):
        client.create_storage_folder("F", parent_folder=UUID(NOWHERE))
    assert list(client.find_storage_folders()) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", "storage/folders", {"name": ""}, "name"),
        ("POST", "storage/folders", {"name": "F", "clientMetadata": {"a": 1}}, "clientMetadata"),
        ("POST", "storage/folders", {"name": "F", "clientMetadata": "[1"}, "clientMetadata"),
        ("POST", "storage/folders", {"name": "F", "colour": 1}, "colour"),
        ("POST", "storage/folders", {"name": "F", "parent": "up"}, "parent"),
        ("POST", "storage/folders", [], "body"),
        ("PATCH", "storage/folders/{f}", {"clientMetadata": "{}"}, "clientMetadata"),
        ("PATCH", "storage/folders/patch-bulk", {"folderPatches": {"x": {}}}, "folderPatches.x"),
        ("POST", "storage/folders/move", {"folderUuids": None}, "folderUuids"),
        ("GET", "storage/folders?pageSize=1001", None, "pageSize"),
        ("GET", "storage/folders?order=size", None, "order"),
        ("GET", "storage/folders?desc=perhaps", None, "desc"),
        ("POST", "storage/folders/{f}/groups", {"groupHashList": ["a"], "userRole": "king"}, "groupHashList[0]"),
        ("POST", "storage/folders/{f}/folder-config", {"metadataIngestion": {"matcher": {"suffix": ""}}}, "suffix"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_by_field(
    client: EncordUserClient, method: str, path: str, body: Any, named: str
) -> None:
    folder = client.create_storage_folder("F")
    status, answer = signed(client, method, path.replace("{f}", str(folder.uuid)), body)
    assert status == 422
    assert named in answer["detail"]


def test_metadata_too_deep_to_be_kept_is_refused(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("F")
    deep = '{"a": ' + "[" * 220 + "]" * 220 + "}"
    requests = [("PATCH", f"storage/folders/{folder.uuid}", '{"clientMetadata": ' + deep + "}")]
    requests.append(("POST", "storage/folders", json.dumps({"name": "G", "clientMetadata": deep})))
    for method, path, body in requests:
        status, answer = signed(client, method, path, raw=body.encode())
        assert (status, "clientMetadata" in answer["detail"]) == (422, True)


def test_a_page_token_of_nobodys_is_refused(client: EncordUserClient) -> None:
    for token in ("abc", "9" * 30, "-1"):
        assert signed(client, "GET", f"storage/folders?pageToken={token}")[0] == 400


def test_rows_keep_their_item_when_its_folder_goes(client: EncordUserClient) -> None:
    dataset_hash = make_dataset(client, "D", image_manifest(2))
    [folder] = client.list_storage_folders()
    folder.delete()
    rows = client.get_dataset(dataset_hash).data_rows
    assert len(rows) == 2
    assert client.get_storage_item(rows[0].backing_item_uuid)._orm_item.is_tombstone
