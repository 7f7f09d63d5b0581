from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import encord.orm.storage as orm
import pytest
from encord.exceptions import InvalidArgumentsError, ResourceNotFoundError, UnknownException

from include.encord_emulator.store.cloud_sync import remove_cloud_objects
from tests.emulator.emulator_support import INTEGRATION, Control
from tests.emulator.storage_support import NOWHERE, inside, put_into_cloud, signed

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.storage import StorageFolder

    from include.encord_emulator.server import RunningEmulator

pytestmark = pytest.mark.emulator
Status = orm.SyncPrivateDataWithCloudSyncedFolderStatus
ROOT = "s3://bucket/pictures"
OBJECTS = [f"{ROOT}/{name}" for name in ("1.jpg", "a/2.png", "film.mp4", "talk.mp3", "page.html", "paper.pdf")]
OTHERS = ["s3://bucket/pictures-too/3.jpg", "s3://bucket/Pictures/4.jpg", f"{ROOT}/scan.dcm", f"{ROOT}/data.parquet"]


@pytest.fixture
def integration(client: EncordUserClient) -> str:
    return client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])[0].id


@pytest.fixture
def synced(client: EncordUserClient, emulator: RunningEmulator, integration: str) -> StorageFolder:
    """Return a folder for ``ROOT``, not synced yet."""
    put_into_cloud(emulator, integration, [*OBJECTS, *OTHERS])
    params = orm.CloudSyncedFolderParams(integration_uuid=UUID(integration), remote_url=f"{ROOT}/")
    return client.create_storage_folder("Synced", cloud_synced_folder_params=params)


def sync(folder: StorageFolder, timeout: int = 10) -> orm.SyncPrivateDataWithCloudSyncedFolderGetResultResponse:
    started = folder.sync_private_data_with_cloud_synced_folder_start()
    return folder.sync_private_data_with_cloud_synced_folder_get_result(started, timeout_seconds=timeout)


def test_a_cloud_synced_folder_tells_where_it_is(
    client: EncordUserClient, synced: StorageFolder, integration: str
) -> None:
    found = client.get_storage_folder(synced.uuid)
    assert (found.is_cloud_synced, str(found.integration_hash), found.remote_url) == (True, integration, f"{ROOT}/")
    assert not client.create_storage_folder("Plain").is_cloud_synced


def test_a_sync_makes_items_of_what_such_folders_take(synced: StorageFolder) -> None:
    result = sync(synced)
    assert (result.status, result.upload_jobs_done, result.upload_jobs_units_done) == (Status.DONE, 1, 6)
    assert {item.url: item.item_type.value for item in synced.list_items()} == dict(
        zip(OBJECTS, ("image", "image", "video", "audio", "plainText", "pdf"), strict=True)
    )
    again = sync(synced)
    assert (again.status, again.upload_jobs_done, again.upload_jobs_units_done) == (Status.DONE, 0, 0)
    assert len(list(synced.list_items())) == 6


def test_what_has_gone_from_the_cloud_is_a_tombstone_until_it_is_back(
    emulator: RunningEmulator, synced: StorageFolder, integration: str
) -> None:
    sync(synced)
    with inside(emulator) as connection:
        remove_cloud_objects(connection, integration, OBJECTS[:2])
    sync(synced)
    tombstones = [item.url for item in synced.list_items() if item._orm_item.is_tombstone]
    assert sorted(tombstones) == OBJECTS[:2]
    put_into_cloud(emulator, integration, OBJECTS[:1])
    assert sync(synced).upload_jobs_units_done == 0
    assert [item.url for item in synced.list_items() if item._orm_item.is_tombstone] == OBJECTS[1:2]


def test_sidecars_are_no_items(emulator: RunningEmulator, synced: StorageFolder, integration: str) -> None:
    put_into_cloud(emulator, integration, [f"{ROOT}/1.jpg.meta.txt"])
    assert synced.get_folder_config().metadata_ingestion is None
    synced.enable_metadata_ingestion(orm.SidecarMatcherSuffix(suffix=".meta.txt"))
    config = synced.get_folder_config().metadata_ingestion
    assert config is not None
    assert (config.matcher.suffix, config.paused) == (".meta.txt", False)
    assert sync(synced).upload_jobs_units_done == 6


def test_a_sync_under_way_is_pending(synced: StorageFolder, control: Control) -> None:
    control.switch(upload_seconds=60)
    result = sync(synced, timeout=0)
    assert (result.status, result.upload_jobs_pending) == (Status.PENDING, 1)
    assert result.upload_jobs_units_pending + result.upload_jobs_units_done == 6


def test_a_bad_object_is_an_error_of_its_unit(
    emulator: RunningEmulator, synced: StorageFolder, integration: str
) -> None:
    put_into_cloud(emulator, integration, [f"{ROOT}/two words.jpg"])
    result = sync(synced)
    assert (result.status, result.upload_jobs_units_done, result.upload_jobs_units_error) == (Status.DONE, 6, 1)


def test_what_cannot_be_synced_is_refused(client: EncordUserClient, synced: StorageFolder) -> None:
    plain = client.create_storage_folder("Plain")
    with pytest.raises(InvalidArgumentsError, match="not a cloud-synced folder"):
        plain.sync_private_data_with_cloud_synced_folder_start()
    with pytest.raises(InvalidArgumentsError, match="not cloud-synced"):
        plain.enable_metadata_ingestion()
    started = synced.sync_private_data_with_cloud_synced_folder_start()
    for folder, uuid in ((synced, uuid4()), (plain, started)):
        with pytest.raises(InvalidArgumentsError, match=str(uuid)):
            folder.sync_private_data_with_cloud_synced_folder_get_result(uuid, timeout_seconds=0)
    params = orm.CloudSyncedFolderParams(integration_uuid=UUID(NOWHERE), remote_url=ROOT)
    with pytest.raises(ResourceNotFoundError):
        client.create_storage_folder("F", cloud_synced_folder_params=params)
    bad = orm.CloudSyncedFolderParams(integration_uuid=UUID(NOWHERE), remote_url="bucket")
    with pytest.raises(UnknownException, match="remoteUrl"):
        client.create_storage_folder("F", cloud_synced_folder_params=bad)


def test_config_that_the_sdk_does_not_know_is_kept(client: EncordUserClient, synced: StorageFolder) -> None:
    path = f"storage/folders/{synced.uuid}/folder-config"
    assert signed(client, "POST", path, {"indexSettings": {"on": True}})[0] == 200
    synced.enable_metadata_ingestion(paused=True)
    config = signed(client, "GET", path)[1]
    assert config["indexSettings"] == {"on": True}
    assert config["metadataIngestion"] == {"matcher": {"mode": "suffix", "suffix": ".metadata.json"}, "paused": True}
