"""From a bucket to Encord behind strict client-only access: everything that is known of a file travels with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from encord_provider.adapters.metadata_schema import MetadataSchemaAdapter
from encord_provider.adapters.storage import StorageAdapter
from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.generate import generate_manifest
from include.benchmark_qa.manifest.metadata.schema import SchemaCheck
from include.benchmark_qa.manifest.render import read_shard
from include.benchmark_qa.manifest.rules import ManifestRules
from include.benchmark_qa.manifest.units import Place
from include.demo.material.clips import audio_objects, video_objects
from include.demo.material.photos import group_objects, single_photo
from include.demo.material.scans import dicom_objects
from include.object_storage.local import LocalBucket

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = pytest.mark.emulator

METADATA = {"media": True, "sidecar": ".json", "table": {"path": "facts.csv"}}
RULES: dict[str, Any] = {
    "rules": [
        {"match": "photos/*.jpg", "type": "image", "metadata": METADATA},
        {"match": "groups/**/*.jpg", "type": "image_group", "metadata": METADATA},
        {"match": [".mp4"], "type": "video", "metadata": METADATA | {"frames": {"sampling_rate": 0}}},
        {"match": [".wav"], "type": "audio", "metadata": METADATA},
        {"match": [".dcm"], "type": "dicom_series", "group_by": "series", "metadata": METADATA},
    ]
}
OBJECTS = {
    **single_photo("photos/fine.jpg", "coffee"),
    "photos/fine.jpg.json": b'{"light": "day", "clip": [1, 2, 3]}',
    **single_photo("photos/dark.jpg", "coffee"),
    "photos/dark.jpg.json": b'{"light": "dusk"}',
    "photos/error page.jpg": b"<html>404</html>",
    **video_objects("", "coffee"),
    **audio_objects("", "coffee"),
    **group_objects("", "rocket", 4),
    **dicom_objects("", "mr-head"),
    **dicom_objects("", "ct-abdomen"),
    "facts.csv": b"key,score,light\nvideos/coffee.mp4,3,night\ngroups/rocket,4,day\n",
}


def add_schema(client: EncordUserClient) -> None:
    schema = client.metadata_schema()
    schema.add_enum("light", values=["day", "night"])
    schema.add_embedding("clip", size=3)
    schema.save()


def test_what_is_known_of_files_arrives_with_them(client: EncordUserClient, control: Control, tmp_path: Path) -> None:
    add_schema(client)
    control.call("POST", "seed", {"integrations": [{"title": "strict", "strict_client_only": True}]})
    bucket = LocalBucket(tmp_path / "bucket", object_url_base="https://bucket.example")
    workspace = LocalBucket(tmp_path / "workspace")
    for key, data in OBJECTS.items():
        bucket.write(key, data)
    index = generate_manifest(
        bucket.list(),
        ManifestRules.model_validate(RULES),
        DataKind.PRODUCTION,
        place=Place(bucket.uri, "", bucket.url, bucket.url_prefix),
        workspace=workspace,
        folder="manifest/",
        reader=bucket,
        check=SchemaCheck(MetadataSchemaAdapter(client).schema(), bucket.uri),
    )
    left_out = [json.loads(line) for line in workspace.read("manifest/quarantine.jsonl").splitlines()]
    assert {line["key"]: line["field"] for line in left_out} == {
        "photos/dark.jpg": "clientMetadata.light",
        "photos/dark.jpg.json": "key",
        "photos/error page.jpg": "imageMetadata",
    }
    assert (index.listed, index.used, index.quarantined) == (len(OBJECTS), len(OBJECTS) - 3, 3)

    units = [
        unit
        for shard in index.shards
        for unit in read_shard(workspace.read(f"manifest/{shard.name}"), index.url_prefix)
    ]
    storage = StorageAdapter(client)
    folder, _ = storage.ensure_folder("Files")
    job = storage.start_upload(folder, storage.integration_hash("strict"), units)
    while not (state := storage.job_state(folder, job)).is_terminal:
        pass
    assert state.errors == ()
    items = {item.name: item for item in client.get_storage_folder(folder).list_items(include_client_metadata=True)}
    assert len(items) == 6
    video, photo, group = items["videos/coffee.mp4"], items["photos/fine.jpg"], items["groups/rocket"]
    assert (video.width, video.height, video.fps, video.duration) == (320, 240, 24.0, 2.0)
    assert video.client_metadata["$encord"]["config"]["sampling_rate"] == 0
    assert (video.client_metadata["score"], video.client_metadata["light"]) == (3, "night")
    assert photo.client_metadata["clip"] == [1, 2, 3]
    assert (group.client_metadata["score"], [child.width for child in group.get_child_items()]) == (4, [400] * 4)
    assert items["audio/coffee.wav"].duration == 3
    assert sum(item.item_type.value == "dicomSeries" for item in items.values()) == 2
