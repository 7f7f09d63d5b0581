"""What the tests of the storage calls share: raw requests through the SDK's client, and what no API call can do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests
from encord.orm.dataset import StorageLocation

from tests.emulator.emulator_support import BUCKET_URL, INTEGRATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import sqlalchemy as sa
    from encord import EncordUserClient
    from encord.dataset import Dataset
    from encord.storage import StorageFolder

    from include.encord_emulator.server import RunningEmulator

NOWHERE = "00000000-0000-0000-0000-000000000000"
EVERY_TYPE: dict[str, Any] = {
    "videos": [
        {
            "objectUrl": f"{BUCKET_URL}/a.mp4",
            "title": "a video",
            "videoMetadata": {
                "fps": 10, "duration": 3, "width": 64, "height": 48, "file_size": 9, "mime_type": "video/mp4",
            },
        }
    ],
    "images": [{"objectUrl": f"{BUCKET_URL}/b/c.png", "clientMetadata": {"key": "b/c.png"}}],
    "image_groups": [
        {
            "title": "a group", "createVideo": False,
            "objectUrl_1": f"{BUCKET_URL}/2.jpg", "objectUrl_0": f"{BUCKET_URL}/1.jpg",
        },
        {"title": "a sequence", "createVideo": True, "objectUrl_0": f"{BUCKET_URL}/3.jpg"},
    ],
    "dicom_series": [{"title": "a series", "objectUrl_0": f"{BUCKET_URL}/0.dcm", "objectUrl_1": f"{BUCKET_URL}/1.dcm"}],
    "audio": [{"objectUrl": f"{BUCKET_URL}/d.wav", "title": "a sound"}],
    "nifti": [{"objectUrl": f"{BUCKET_URL}/e.nii.gz", "title": "a volume"}],
    "text": [{"objectUrl": f"{BUCKET_URL}/f.txt", "title": "a text"}],
    "pdf": [{"objectUrl": f"{BUCKET_URL}/g.pdf", "title": "a document"}],
}  # fmt: skip


@contextmanager
def inside(emulator: RunningEmulator) -> Iterator[sa.Connection]:
    """Yield a transaction of the emulator, as a seed has it."""
    with emulator._server.world.transaction() as connection:
        yield connection


def put_into_cloud(emulator: RunningEmulator, integration: str, urls: Sequence[str]) -> None:
    from include.encord_emulator.store.cloud_sync import add_cloud_objects

    with inside(emulator) as connection:
        add_cloud_objects(connection, integration, urls)


def signed(client: EncordUserClient, method: str, path: str, body: Any = None, raw: bytes | None = None) -> Any:
    """Send a signed request of any content; return status and JSON."""
    config = client._api_client._config
    url = f"{config.domain}/v2/public/{path}"
    request = requests.Request(method, url, json=body) if raw is None else requests.Request(method, url, data=raw)
    with requests.Session() as session:
        answer = session.send(config.define_headers_v2(request.prepare()), timeout=10)
    return answer.status_code, answer.json()


def start_upload(client: EncordUserClient, folder: StorageFolder, manifest: Any) -> Any:
    integration = client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])[0]
    return folder.add_private_data_to_folder_start(integration.id, manifest, ignore_errors=True)


def new_dataset(client: EncordUserClient, *, mirror: bool = False) -> Dataset:
    created = client.create_dataset("D", StorageLocation.AWS, create_backing_folder=mirror)
    return client.get_dataset(created.dataset_hash)


def upload_to(client: EncordUserClient, dataset: Dataset, manifest: Any, folder: Any = None, **options: Any) -> Any:
    integration = client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])[0]
    job = dataset.add_private_data_to_dataset_start(integration.id, manifest, folder=folder, **options)
    return dataset.add_private_data_to_dataset_get_result(job, timeout_seconds=10)
