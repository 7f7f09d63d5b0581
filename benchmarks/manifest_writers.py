"""
The contestants of ``benchmarks.manifest``: each makes the manifest of a million images, in files of 5,000 items.

Each function sets up and returns the work (see ``benchmarks.measure``). Ours reads a listing as the pipeline stores it;
the scripts read lines of text, one key each, as ``aws s3 ls`` would give them. All write the same fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from benchmarks.canned.objects import NumberedKeys, StoredObject

if TYPE_CHECKING:
    from include.object_storage.protocol import ObjectBatch, Shard

SHARD_ITEMS = 5_000
URL_PREFIX = "https://bucket.s3.eu-west-1.amazonaws.com/"
LISTING, KEYS_FILE = "listing/", "keys.txt"
_ROWS = 1_000


class CannedSource:
    """A bucket in memory that only lists; its pages are as large as S3's."""

    uri = "s3://bucket"

    def __init__(self, count: int) -> None:
        self._keys = NumberedKeys(count)

    def shards(self, prefix: str = "") -> tuple[Shard, ...]:
        from include.object_storage import Shard

        return (Shard(prefix),)

    def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
        from include.object_storage import ObjectBatch

        for start in range(0, len(self._keys), _ROWS):
            rows = [StoredObject.of(start + i, key) for i, key in enumerate(self._keys[start : start + _ROWS])]
            yield ObjectBatch.of(
                [row.key for row in rows],
                [row.size for row in rows],
                [row.modified for row in rows],
                [row.digest for row in rows],
            )


def prepare(folder: str, count: str) -> Callable[[], None]:
    """Store the listing, and the text file for the scripts."""
    from include.benchmark_qa.listing.filters import ListingFilters
    from include.benchmark_qa.listing.model import DataKind
    from include.benchmark_qa.listing.store import write_listing
    from include.object_storage import open_bucket

    def work() -> None:
        prefixes = {DataKind.PRODUCTION: ""}
        source = CannedSource(int(count))
        write_listing(source, prefixes, open_bucket(folder), LISTING, filters=ListingFilters(), window=None)
        with Path(folder, KEYS_FILE).open("w", encoding="utf-8") as file:
            file.writelines(f"{key}\n" for key in NumberedKeys(int(count)))

    return work


def ours(folder: str, out: str) -> Callable[[], int]:
    """Generate from the stored listing, and return the bytes of the files."""
    from include.benchmark_qa.listing.model import DataKind
    from include.benchmark_qa.listing.store import read_listing
    from include.benchmark_qa.manifest.generate import generate_manifest
    from include.benchmark_qa.manifest.rules import ManifestRules
    from include.benchmark_qa.manifest.units import Place
    from include.object_storage import open_bucket

    workspace = open_bucket(folder)
    rules = ManifestRules.model_validate(
        {
            "rules": [{"match": [".jpg"], "type": "image", "client_metadata": {"directory": "{directory}"}}],
            "shard_items": SHARD_ITEMS,
        }
    )
    place = Place(uri=CannedSource.uri, prefix="", url=lambda key: URL_PREFIX + quote(key), url_prefix=URL_PREFIX)

    def work() -> int:
        batches = read_listing(workspace, LISTING, kind=DataKind.PRODUCTION, columns=("key", "size"))
        index = generate_manifest(batches, rules, DataKind.PRODUCTION, place=place, workspace=workspace, folder=out)
        return sum(shard.bytes for shard in index.shards)

    return work


def json_dump_indented(folder: str, out: str) -> Callable[[], int]:
    """Write as most people do: ``json.dump(manifest, file, indent=2)``."""
    return _script(folder, out, lambda manifest, file: json.dump(manifest, file, indent=2))


def json_dump(folder: str, out: str) -> Callable[[], int]:
    return _script(folder, out, json.dump)


def json_dumps(folder: str, out: str) -> Callable[[], int]:
    """Write as those do who know that ``json.dumps`` is the faster half of the module."""
    return _script(folder, out, lambda manifest, file: file.write(json.dumps(manifest)))


def contents(folder: str, out: str) -> Callable[[], tuple[int, str]]:
    """Return how many items the files of a manifest hold, and a digest of them that does not depend on their order."""
    import orjson

    def work() -> tuple[int, str]:
        count = total = 0
        for path in Path(folder, out).glob("shard-*.json"):
            for item in orjson.loads(path.read_bytes())["images"]:
                digest = hashlib.blake2b(orjson.dumps(item, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
                total += int.from_bytes(digest, "big")
                count += 1
        return count, f"{total % 2**128:032x}"

    return work


def _script(folder: str, out: str, dump: Callable[[dict[str, Any], Any], object]) -> Callable[[], int]:
    target = Path(folder, out)
    target.mkdir()

    def work() -> int:
        with Path(folder, KEYS_FILE).open(encoding="utf-8") as lines:
            keys = (line.rstrip("\n") for line in lines)
            number = 0
            while items := [_item(key) for key in islice(keys, SHARD_ITEMS)]:
                number += 1
                manifest = {"images": items, "skip_duplicate_urls": True, "upsert_metadata": True}
                with (target / f"shard-{number:05d}.json").open("w", encoding="utf-8") as file:
                    dump(manifest, file)
        return sum(path.stat().st_size for path in target.iterdir())

    return work


def _item(key: str) -> dict[str, Any]:
    metadata = {"directory": key.rpartition("/")[0], "source_key": key, "kind": "production"}
    return {"objectUrl": URL_PREFIX + quote(key), "title": key, "clientMetadata": metadata}
