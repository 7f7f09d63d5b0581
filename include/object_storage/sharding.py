"""How a large listing is cut into parts that can be listed at the same time, and put together again in order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from time import perf_counter, thread_time

from include.object_storage.ahead import list_ahead
from include.object_storage.cutting import Store, cut
from include.object_storage.protocol import Level, ObjectBatch, Shard

WORKERS = 16
# Fewer pages than this are had sooner by just listing them than by looking for ways to cut them up.
SMALL_PAGES = 3
# How many times longer a page is waited for than worked on, from which on several threads are worth their own work.
WORTHWHILE_WAIT = 3.0


def plan(store: Store, prefix: str) -> tuple[Shard, ...]:
    """
    Return the shards of a prefix, in byte order of their prefixes.

    Every key below ``prefix`` is in exactly one of them, whatever its form. The parts need not be of a size: a
    folder of a million objects without folders in it is one.
    """
    if sum(1 for _ in islice(store.scan(prefix), SMALL_PAGES)) < SMALL_PAGES:
        return (Shard(prefix),)
    return tuple(Shard(part.prefix, is_level=part.objects is not None) for part in cut(store, prefix))


def list_shard(store: Store, shard: Shard, start_after: str = "") -> Iterator[ObjectBatch]:
    """Yield the objects of a shard after a key, in byte order of their keys."""
    if not shard.is_level:
        yield from store.scan(shard.prefix, start_after)
        return
    level = store.level(shard.prefix)
    # A level that has grown too large since the plan was made is read out of the listing of all below it.
    batches = store.scan(shard.prefix, start_after) if level is None else iter((level.objects,))
    for batch in batches:
        skip = len(shard.prefix)
        if rows := select(batch, [key > start_after and "/" not in key[skip:] for key in batch.keys]):
            yield rows


def list_in_order(
    store: Store, prefix: str, modified_from: datetime | None, modified_until: datetime | None
) -> Iterator[ObjectBatch]:
    """
    Yield the objects of a prefix in byte order of their keys, non-empty batches within the window only.

    What is more than a few pages is listed by several threads ahead of the consumer, in bounded memory.
    """
    check_window(modified_from, modified_until)
    for batch in _all_in_order(store, prefix):
        if wanted := within(batch, modified_from, modified_until):
            yield wanted


def _all_in_order(store: Store, prefix: str) -> Iterator[ObjectBatch]:
    pages = store.scan(prefix)
    first, is_slow = first_pages(pages)
    yield from first
    if is_slow:
        last = str(first[-1].arrow.column("key")[-1].as_py())
        yield from list_ahead(store, cut(store, prefix), start_after=last, workers=WORKERS)
    else:
        yield from pages


def first_pages(pages: Iterator[ObjectBatch]) -> tuple[tuple[ObjectBatch, ...], bool]:
    """Return the first non-empty pages, and whether there may be more that take long to come."""
    first: list[ObjectBatch] = []
    wait = float("inf")
    while len(first) < SMALL_PAGES:
        begun, busy_before = perf_counter(), thread_time()
        page = next(pages, None)
        if page is None:
            return tuple(first), False
        busy = thread_time() - busy_before or 1e-6
        wait = min(wait, (perf_counter() - begun - busy) / busy)
        first += [page] if len(page) else []
    return tuple(first), wait >= WORTHWHILE_WAIT


class ShardedBucket(ABC):
    """The listings of a bucket, made of the two looks at it that each cloud writes (``cutting.Store``)."""

    @abstractmethod
    def scan(self, prefix: str, start_after: str = "") -> Iterator[ObjectBatch]:
        """Yield the objects whose key begins with ``prefix`` and comes after ``start_after``, one request a page."""

    @abstractmethod
    def level(self, prefix: str) -> Level | None:
        """Return what lies directly below ``prefix``; None when that is more than a few pages."""

    def list(
        self, prefix: str = "", *, modified_from: datetime | None = None, modified_until: datetime | None = None
    ) -> Iterator[ObjectBatch]:
        return list_in_order(self, prefix, modified_from, modified_until)

    def shards(self, prefix: str = "") -> tuple[Shard, ...]:
        return plan(self, prefix)

    def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
        return list_shard(self, shard, start_after)


def select(batch: ObjectBatch, wanted: Sequence[bool]) -> ObjectBatch | None:
    """Return the rows for which ``wanted`` is true, or None if there is none."""
    import pyarrow as pa

    if all(wanted):
        return batch if len(batch) else None
    rows = batch.arrow.filter(pa.array(wanted, type=pa.bool_()))
    return ObjectBatch(rows) if rows.num_rows else None


def within(batch: ObjectBatch, modified_from: datetime | None, modified_until: datetime | None) -> ObjectBatch | None:
    """
    Return the rows that were last modified in the window (start inclusive, end exclusive), or None if none was.

    :raises ValueError: when a limit has no time zone.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    check_window(modified_from, modified_until)
    rows = batch.arrow
    for limit, compare in ((modified_from, pc.greater_equal), (modified_until, pc.less)):
        if limit is not None:
            modified = rows.column("modified")
            rows = rows.filter(compare(modified, pa.scalar(limit, type=modified.type)))
    return ObjectBatch(rows) if rows.num_rows else None


def check_window(modified_from: datetime | None, modified_until: datetime | None) -> None:
    """
    Refuse a limit that leaves open which moment it means.

    :raises ValueError: when a limit has no time zone.
    """
    for name, limit in (("modified_from", modified_from), ("modified_until", modified_until)):
        if limit is not None and limit.tzinfo is None:
            raise ValueError(f"{name}={limit.isoformat()} needs a time zone")
