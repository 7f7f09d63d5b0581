"""A bucket in memory that tests can cut into shards, change and break."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import DataKind, ListingSummary
from include.benchmark_qa.listing.store import read_listing, write_listing
from include.object_storage import Bucket, ObjectBatch, Shard, open_bucket

MODIFIED = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
PREFIXES = {DataKind.BENCHMARK: "b/", DataKind.PRODUCTION: "p/"}
FOLDER = "runs/one/listing/"


def batch(keys: Iterable[str], *, size: int = 10, modified: datetime = MODIFIED) -> ObjectBatch:
    keys = list(keys)
    return ObjectBatch.of(keys, [size] * len(keys), [modified] * len(keys), [f"etag {key}" for key in keys])


class MemoryBucket:
    """
    Follows ``ListingSource``: one shard a directory, and one for the files beside them.

    ``asked`` records each call of ``list_shard``; ``on_page`` is called before each page, with how many there were.
    """

    uri = "memory://bucket"

    def __init__(self, keys: Iterable[str], *, page: int = 10, on_page: Callable[[int], object] | None = None) -> None:
        self.keys = set(keys)
        self.page = page
        self.on_page = on_page
        self.pages = 0
        self.asked: list[tuple[str, str]] = []

    def shards(self, prefix: str) -> tuple[Shard, ...]:
        below = [key.removeprefix(prefix) for key in self.keys if key.startswith(prefix)]
        directories = sorted({key.partition("/")[0] for key in below if "/" in key})
        return (Shard(prefix, is_level=True), *(Shard(f"{prefix}{name}/") for name in directories))

    def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
        self.asked.append((shard.prefix, start_after))
        after = start_after
        while True:
            self.pages += 1
            if self.on_page:
                self.on_page(self.pages)
            keys = sorted(filter(lambda key: _is_in(key, shard), self.keys), key=str.encode)  # as it is by now
            begin = bisect_right([key.encode() for key in keys], after.encode())
            if not (found := keys[begin : begin + self.page]):
                return
            yield batch(found)
            after = found[-1]


def _is_in(key: str, shard: Shard) -> bool:
    return key.startswith(shard.prefix) and not (shard.is_level and "/" in key.removeprefix(shard.prefix))


def many_keys(count: int) -> list[str]:
    """Return keys of both kinds, in directories and beside them."""
    known = [f"b/{number:05d}.jpg" for number in range(count // 10)]
    return known + [f"p/{'' if number % 7 == 0 else f'day {number % 3}/'}{number:05d}.jpg" for number in range(count)]


def workspace_at(path: Path) -> Bucket:
    return open_bucket(str(path / "workspace"))


def write(source: Any, workspace: Bucket, **changes: Any) -> ListingSummary:
    settings: dict[str, Any] = {"filters": ListingFilters(), "window": None, "workers": 1}
    return write_listing(source, PREFIXES, workspace, FOLDER, **settings | changes)


def read_keys(workspace: Bucket, kind: DataKind | None = None) -> list[str]:
    return [key for rows in read_listing(workspace, FOLDER, kind=kind) for key in rows.keys]
