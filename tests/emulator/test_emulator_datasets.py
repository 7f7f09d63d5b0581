"""Rows of datasets, and who has access to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import requests
from encord.exceptions import AuthorisationError, InvalidArgumentsError, ResourceExistsError, ResourceNotFoundError
from encord.orm.dataset import (
    DataLinkDuplicatesBehavior,
    DatasetAccessSettings,
    DatasetUserRole,
    ImagesDataFetchOptions,
)

from tests.emulator.emulator_support import (
    ANNOTATORS,
    BUCKET_URL,
    ESTABLISHING,
    MANAGER,
    REVIEWER,
    Control,
    image_manifest,
    make_dataset,
)
from tests.emulator.storage_support import EVERY_TYPE, new_dataset

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


MALFORMED_VALUES: list[dict[str, Any]] = [
    {},
    {"uid": {"a": 1}, "payload": [1]},
    {"uid": 5, "payload": {"files": {}}},
    {"uid": [None], "payload": {"files": [], "folderUuid": str(uuid4())}},
    {"uid": "\x00", "payload": {"files": {}, "folderUuid": 7}},
    {"uid": [], "payload": {"item_uuids": [1], "user_emails": None, "title_like": 3, "process_hash": "x"}},
    {"uid": "x" * 5000, "payload": {"item_uuids": None, "data_types": "VIDEO", "timeout_seconds": -1}},
    {"uid": None, "payload": {"user_emails": [""], "user_role": 2**70, "client_metadata": []}},
]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "query",
    ["datasetdatalongpolling", "datasetlinkitems", "datasetusers", "video", "datarow", "datarows", "datasetdata"],
)
def test_a_malformed_legacy_query_is_refused(
    client: EncordUserClient, control: Control, query: str, method: str
) -> None:
    headers = {
        "Authorization": f"Bearer {client.get_bearer_token()}", "ResourceType": "dataset",
        "ResourceID": new_dataset(client).dataset_hash,
    }  # fmt: skip
    for values in MALFORMED_VALUES:
        body = {"query_type": query, "query_method": method, "values": values}
        answer = requests.post(f"{control.url}/public", json=body, headers=headers, timeout=10).json()
        empty = (query, method) in {("datarows", "GET"), ("video", "DELETE")} and values.get("uid", []) == []
        assert answer["status"] in {400, 403, 404, 422, 501} or (empty and answer["status"] == 200), values


def test_rows_are_filtered_and_carry_metadata_if_asked(client: EncordUserClient) -> None:
    dataset = client.get_dataset(make_dataset(client, "D", EVERY_TYPE))
    rows = {row.title: row for row in dataset.list_data_rows()}
    chosen = [rows["a video"].uid, str(uuid4())]
    assert [row.title for row in dataset.list_data_rows(data_hashes=chosen)] == ["a video"]
    assert dataset.list_data_rows(created_after="2100-01-01") == []
    assert len(dataset.list_data_rows(created_before="2100-01-01")) == 9
    assert rows["/b/c.png"].client_metadata is None
    dataset.set_access_settings(DatasetAccessSettings(fetch_client_metadata=True))
    assert dict(dataset.list_data_rows(title_eq="/b/c.png")[0].client_metadata or {}) == {"key": "b/c.png"}
    bare = client.get_dataset(dataset.dataset_hash, include_data_rows=False)
    assert len(bare.list_data_rows()) == 9


def test_a_row_is_fetched_again_with_what_is_asked_for(client: EncordUserClient) -> None:
    dataset = client.get_dataset(make_dataset(client, "D", EVERY_TYPE))
    rows = {row.title: row for row in dataset.data_rows}
    rows["a video"].refetch_data(signed_url=True, client_metadata=True)
    assert rows["a video"].signed_url == f"{BUCKET_URL}/a.mp4"
    rows["a group"].refetch_data(images_data_fetch_options=ImagesDataFetchOptions(fetch_signed_urls=True))
    images = rows["a group"].images_data or []
    assert [image.signed_url for image in images] == [f"{BUCKET_URL}/1.jpg", f"{BUCKET_URL}/2.jpg"]
    assert [rows[title].is_image_sequence for title in ("a group", "a sequence", "a video")] == [False, True, None]


def test_a_row_can_be_given_a_title_and_metadata(client: EncordUserClient) -> None:
    dataset = client.get_dataset(make_dataset(client, "D", image_manifest(2)))
    first, second = dataset.data_rows
    first.title, first.client_metadata = "renamed", {"a": 1}  # type: ignore[assignment]
    first.save()
    assert dataset.update_data_item(second.uid, "second")
    assert [row.title for row in dataset.list_data_rows()] == ["renamed", "second"]
    assert client.get_storage_item(first.backing_item_uuid).client_metadata == {"a": 1}
    with pytest.raises(ResourceNotFoundError):
        dataset.update_data_item(str(uuid4()), "third")


def test_removed_rows_take_their_tasks_along(client: EncordUserClient, make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=3)
    dataset = client.get_dataset(str(next(iter(project.list_datasets())).dataset_hash))
    gone, *left = dataset.data_rows
    for row in project.list_label_rows_v2():
        row.initialise_labels()
    dataset.delete_data(gone.uid)
    assert [row.uid for row in dataset.list_data_rows()] == [row.uid for row in left]
    assert {str(task.data_hash) for task in project.workflow.stages[0].get_tasks()} == {row.uid for row in left}
    assert {row.data_hash for row in project.list_label_rows_v2()} == {row.uid for row in left}
    assert client.get_storage_item(gone.backing_item_uuid).name == gone.title
    with pytest.raises(ResourceNotFoundError):
        dataset.delete_data([gone.uid])


def test_a_data_hash_that_another_dataset_of_the_project_has_keeps_its_task(
    client: EncordUserClient, control: Control, make_project: MakeProject
) -> None:
    control.switch(data_hash_scope="item")
    project = make_project(ESTABLISHING, images=2)
    first = client.get_dataset(str(next(iter(project.list_datasets())).dataset_hash))
    second = new_dataset(client)
    second.link_items([row.backing_item_uuid for row in first.data_rows[:1]])
    project.add_datasets([second.dataset_hash])
    first.delete_data([row.uid for row in first.data_rows])
    [task] = project.workflow.stages[0].get_tasks()
    assert str(task.data_hash) == first.data_rows[0].uid


def test_frames_cannot_be_linked_by_themselves_as_other_items_can(client: EncordUserClient) -> None:
    dataset = client.get_dataset(make_dataset(client, "D", EVERY_TYPE))
    series = next(row for row in dataset.data_rows if row.title == "a series")
    [frame, _] = client.get_storage_item(series.backing_item_uuid).get_child_items()
    with pytest.raises(InvalidArgumentsError, match="cannot be linked"):
        dataset.link_items([frame.uuid])
    with pytest.raises(AuthorisationError):
        dataset.link_items([uuid4()])
    with pytest.raises(ResourceExistsError):
        dataset.link_items([series.backing_item_uuid], DataLinkDuplicatesBehavior.FAIL)
    assert dataset.link_items([]) == []


def test_users_of_a_dataset_come_and_go(client: EncordUserClient) -> None:
    dataset = new_dataset(client)
    added = dataset.add_users([ANNOTATORS[0], REVIEWER], DatasetUserRole.USER)
    assert [(user.user_email, user.user_role) for user in added] == [(ANNOTATORS[0], 1), (REVIEWER, 1)]
    again = dataset.add_users([REVIEWER], DatasetUserRole.ADMIN)
    assert [user.user_role for user in again] == [DatasetUserRole.USER]
    roles = {user.user_email: user.user_role for user in dataset.list_users()}
    assert roles == {MANAGER: 0, ANNOTATORS[0]: 1, REVIEWER: 1}
    dataset.remove_users([REVIEWER, "stranger@example.com"])
    assert REVIEWER not in {user.user_email for user in dataset.list_users()}
    with pytest.raises(ResourceNotFoundError):
        dataset.add_users(["stranger@example.com"], DatasetUserRole.USER)


def test_groups_of_a_dataset_come_and_go(client: EncordUserClient) -> None:
    dataset = new_dataset(client)
    group = client.create_group("G")
    dataset.add_group(group.group_hash, DatasetUserRole.USER)
    dataset.add_group(group.group_hash, DatasetUserRole.USER)
    [found] = dataset.list_groups()
    assert (found.group_hash, found.name, found.user_role) == (group.group_hash, "G", DatasetUserRole.USER)
    dataset.remove_group(group.group_hash)
    assert list(dataset.list_groups()) == []
    with pytest.raises(ResourceNotFoundError):
        dataset.add_group(UUID(int=0), DatasetUserRole.USER)


def test_the_data_of_a_unit_is_told_to_its_project(client: EncordUserClient, make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, manifest=EVERY_TYPE)
    hashes = {row.data_title: row.data_hash for row in project.list_label_rows_v2()}
    video, images = project.get_data(hashes["a video"], get_signed_url=True)
    assert video is not None
    assert (video["title"], video["file_link"], images) == ("a video", f"{BUCKET_URL}/a.mp4", None)
    video, images = project.get_data(hashes["a group"])
    assert (video, [image["file_link"] for image in images or []]) == (
        None, [f"{BUCKET_URL}/1.jpg", f"{BUCKET_URL}/2.jpg"],
    )  # fmt: skip
    with pytest.raises(ResourceNotFoundError):
        project.get_data(str(uuid4()))
