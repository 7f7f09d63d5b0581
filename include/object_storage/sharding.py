"""How a large listing is cut into parts that can be listed at the same time, and put together again in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from include.object_storage.protocol import Level, ObjectBatch, Shard


class Store(Protocol):
    """The two looks at a bucket of which every listing is made; each cloud writes these."""

    def scan(self, prefix: str, start_after: str = "") -> Iterator[ObjectBatch]:
        """Yield the objects whose key begins with ``prefix`` and comes after ``start_after``, one request a page."""

    def level(self, prefix: str) -> Level | None:
        """Return what lies directly below ``prefix``; None when that is more than a few pages."""


def plan(store: Store, prefix: str) -> tuple[Shard, ...]:
    """Return the shards of a prefix."""
    return (Shard(prefix),)


def list_shard(store: Store, shard: Shard, start_after: str = "") -> Iterator[ObjectBatch]:
    """Yield the objects of a shard after a key."""
    return store.scan(shard.prefix, start_after)


def list_in_order(
    store: Store, prefix: str, modified_from: datetime | None, modified_until: datetime | None
) -> Iterator[ObjectBatch]:
    """Yield the objects of a prefix in byte order of their keys, non-empty batches within the window only."""
    for batch in store.scan(prefix):
        if wanted := within(batch, modified_from, modified_until):
            yield wanted


def within(batch: ObjectBatch, modified_from: datetime | None, modified_until: datetime | None) -> ObjectBatch | None:
    """
    Return the rows that were last modified in the window (start inclusive, end exclusive), or None if none was.

    :raises ValueError: when a limit has no time zone.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = batch.arrow
    for name, limit in (("modified_from", modified_from), ("modified_until", modified_until)):
        if limit is None:
            continue
        if limit.tzinfo is None:
            raise ValueError(f"{name}={limit.isoformat()} needs a time zone")
        compare = pc.greater_equal if name == "modified_from" else pc.less
        rows = rows.filter(compare(rows.column("modified"), pa.scalar(limit, type=rows.schema.field("modified").type)))
    return ObjectBatch(rows) if rows.num_rows else None
