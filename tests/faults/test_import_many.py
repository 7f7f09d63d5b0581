"""12,000 units of every type with 40 faults that the manifest sees and 40 more that only Encord does: all are named."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from encord_provider.exceptions import EncordUploadError
from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.generate import generate_manifest
from include.benchmark_qa.manifest.rules import ManifestRules
from include.benchmark_qa.manifest.units import Place
from include.object_storage import open_bucket
from tests.emulator.emulator_support import BUCKET_URL
from tests.support.listings import batch_of
from tests.support.mixed_bucket import PREFIX, RULES, UNITS, MixedBucket, mixed_bucket
from tests.unit.encord_provider.provider_support import (
    DATASETS,
    FOLDERS,
    MANIFEST,
    importer,
    object_url,
    read_report,
    run,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.system, pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

REFUSED = 40
KIND = "production"
FOLDER = f"{MANIFEST}{KIND}/"


def generate(workspace: Path, bucket: MixedBucket) -> None:
    generate_manifest(
        [batch_of(bucket.objects)],
        ManifestRules.model_validate(RULES),
        DataKind.PRODUCTION,
        place=Place("s3://bucket", PREFIX, object_url, f"{BUCKET_URL}/"),
        workspace=open_bucket(str(workspace)),
        folder=FOLDER,
    )


def plant_faults(workspace: Path) -> dict[str, int]:
    """Spoil units in ways that a manifest's reader does not see and Encord refuses; return their objects by source."""
    chosen, spoilt = random.Random(40), {}
    shards = sorted((workspace / FOLDER).glob("shard-*.json"))
    documents = [orjson.loads(shard.read_bytes()) for shard in shards]
    entries = [entry for one in documents for entries in one.values() if isinstance(entries, list) for entry in entries]
    for number, entry in enumerate(chosen.sample(entries, REFUSED)):
        urls = [name for name in entry if name.startswith("objectUrl")]
        if number % 2:
            entry["title"] = "x" * 301
        else:
            entry[urls[-1]] += " "
        spoilt[entry["clientMetadata"]["source_key"]] = len(urls)
    for shard, document in zip(shards, documents, strict=True):
        shard.write_bytes(orjson.dumps(document))
    return spoilt


def test_all_faults_are_named_and_the_rest_is_registered(
    control: Control, client: EncordUserClient, tmp_path: Path
) -> None:
    workspace, bucket = tmp_path / "workspace", mixed_bucket()
    generate(workspace, bucket)
    spoilt = plant_faults(workspace)
    titles = {"folders": {KIND: FOLDERS[KIND]}, "datasets": {KIND: DATASETS[KIND]}}
    with pytest.raises(EncordUploadError, match=rf"Encord did not register {REFUSED} unit\(s\)"):
        run(importer(workspace, timeout=300.0, max_failed=REFUSED - 1, **titles))
    report, quarantine = read_report(workspace)
    counts = report[KIND]
    assert (counts["units"], counts["units_registered"]) == (UNITS, UNITS - REFUSED)
    assert counts["listed"] == len(bucket.objects) == counts["registered"] + counts["quarantined"]
    assert counts["quarantined"] == len(bucket.left_out) + sum(spoilt.values())
    assert len(quarantine) == sum(spoilt.values())
    assert {line["reason"].rpartition(" ")[2] for line in quarantine} == {"whitespace", "characters"}
    by_manifest = (workspace / FOLDER / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["key"] for line in by_manifest} == bucket.left_out
    registered = sources_in(client, FOLDERS[KIND])
    assert (len(registered), registered & set(spoilt)) == (UNITS - REFUSED, set())
    assert [one["rows"] for one in control.call("GET", "state")["datasets"]] == [UNITS - REFUSED]


def sources_in(client: EncordUserClient, title: str) -> set[Any]:
    [folder] = client.list_storage_folders(search=title)
    return {item.client_metadata["source_key"] for item in folder.list_items(page_size=1000)}
