"""Awkward keys go the whole way of each cloud: listed, put in a manifest, registered, fetched back by their URL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.storage.blob import ContainerClient

from encord_provider.operators.bucket import ListBucketOperator
from encord_provider.operators.manifest import GenerateManifestOperator
from include.object_storage import Bucket, open_bucket
from tests.support.azurite_server import ACCOUNT, ACCOUNT_KEY
from tests.unit.encord_provider.provider_support import FOLDERS, importer, read_report, run
from tests.unit.object_storage.test_cloud_keys import AZURE_AWKWARD
from tests.unit.object_storage.test_s3_keys import AWKWARD, UNCHECKED, fetched

if TYPE_CHECKING:
    from encord import EncordUserClient

pytestmark = [pytest.mark.system, pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

PREFIXES = {"benchmark": "known +%41/", "production": "real/"}
# Keys as they are, of which Encord takes no unknown extensions, and the same with an extension that it takes.
RULES = {"rules": [{"match": "**.jpg", "type": "image"}, {"match": "**", "type": "text"}]}


@dataclass(frozen=True)
class Cloud:
    """A bucket of a local server, the keys that it can hold, and what its server wants of a plain GET."""

    uri: str
    options: dict[str, str]
    keys: list[str]
    headers: dict[str, str]

    def open(self) -> Bucket:
        return open_bucket(self.uri, **self.options)


@pytest.fixture(params=["s3", "gcs", "azure"])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    name = request.getfixturevalue(f"{request.param}_name")
    url = request.getfixturevalue("s3_server" if request.param == "s3" else f"{request.param}_url")
    if request.param == "s3":
        return Cloud(f"s3://{name}/raw data", {"endpoint_url": url}, AWKWARD, UNCHECKED)
    if request.param == "gcs":
        return Cloud(f"gs://{name}/raw data", {"endpoint_url": url, "anonymous": "true"}, AWKWARD, {})
    # So that a URL alone is enough.
    ContainerClient(url, name, ACCOUNT_KEY).set_container_access_policy({}, public_access="blob")
    options = {"endpoint_url": url, "account_key": ACCOUNT_KEY}
    return Cloud(f"az://{ACCOUNT}/{name}/raw data", options, AZURE_AWKWARD, {})


def fill(cloud: Cloud) -> dict[str, list[str]]:
    """Store each key's own name under it, and return the keys of each kind."""
    keys = {
        "benchmark": [PREFIXES["benchmark"] + key for key in cloud.keys],
        "production": [f"{PREFIXES['production']}{key}.jpg" for key in cloud.keys],
    }
    bucket = cloud.open()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: bucket.write(key, key.encode()), [*keys["benchmark"], *keys["production"]]))
    return keys


def register(cloud: Cloud, workspace: Path) -> dict[str, list[dict[str, str]]]:
    """Do what a campaign does up to its import, and return what the manifests leave out."""
    place = {"bucket_uri": cloud.uri, "bucket_options": cloud.options, "workspace": str(workspace)}
    place |= {f"{kind}_prefix": prefix for kind, prefix in PREFIXES.items()}
    listed = run(ListBucketOperator(task_id="list", **place))
    made = run(GenerateManifestOperator(task_id="generate", listing=listed["listing"], rules=RULES, **place))
    run(importer(workspace, manifest=made["manifest"], timeout=60.0))
    return {kind: lines_of(workspace / made["manifest"] / kind / "quarantine.jsonl") for kind in PREFIXES}


def lines_of(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_key_is_registered_and_fetched_back_or_refused_by_name(
    cloud: Cloud, client: EncordUserClient, tmp_path: Path
) -> None:
    keys = fill(cloud)
    left_out = register(cloud, tmp_path)
    report, refused = read_report(tmp_path)
    assert refused == []
    for kind, of_kind in keys.items():
        [folder] = client.list_storage_folders(search=FOLDERS[kind])
        urls = {str(item.client_metadata["source_key"]): str(item.url) for item in folder.list_items(page_size=1000)}
        assert sorted([*urls, *(line["key"] for line in left_out[kind])]) == sorted(of_kind)
        assert all(line["reason"] for line in left_out[kind])
        with ThreadPoolExecutor(4) as pool:
            contents = list(pool.map(lambda url: fetched(url, cloud.headers), urls.values()))
        assert contents == [key.encode() for key in urls]
        counts = report[kind]
        assert (counts["registered"], counts["quarantined"]) == (len(urls), len(left_out[kind]))
        assert counts["listed"] == len(of_kind) >= 300
        print(f"{cloud.uri} {kind}: {len(urls)} registered and fetched back, {len(left_out[kind])} refused")
        if kind == "production":
            assert len(urls) >= 300
