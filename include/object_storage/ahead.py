"""Listing the parts of a plan at the same time, and handing them out in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from threading import Condition, Thread

from include.object_storage.cutting import Part, Store
from include.object_storage.protocol import ObjectBatch

# Rows (about 150 bytes each) that may wait for the consumer, in all and of the part that it is just reading.
BUFFERED_ROWS = 100_000
HEAD_ROWS = 25_000


def list_ahead(store: Store, parts: Sequence[Part], *, start_after: str, workers: int) -> Iterator[ObjectBatch]:
    """
    Yield the objects of a plan after a key, in byte order of their keys.

    :param parts: in byte order of their prefixes, as ``cutting.cut`` returns them.
    :raises Exception: the first error that a part's listing meets, when its turn has come.
    """
    shards = [part.prefix for part in parts if part.objects is None and _reaches_beyond(part.prefix, start_after)]
    gaps = _between(shards, [part.objects for part in parts if part.objects is not None], start_after)
    ahead = _Ahead(store, shards, start_after)
    try:
        ahead.start(min(workers, len(shards)))
        for number in range(len(shards)):
            yield from _non_empty(gaps[number])
            yield from ahead.batches(number)
        yield from _non_empty(gaps[-1])
    finally:
        ahead.stop()


def _reaches_beyond(prefix: str, key: str) -> bool:
    return prefix > key or key.startswith(prefix)


def _between(shards: Sequence[str], levels: Sequence[ObjectBatch], start_after: str) -> list[ObjectBatch]:
    """Return the objects of all levels by where they belong: before the first shard, ..., after the last."""
    rows = ObjectBatch.joined(levels).arrow.sort_by("key")
    keys = [str(key) for key in rows.column("key").to_pylist()]
    # No object of a level begins with a shard's prefix, so that each shard has one place among them.
    first = bisect_right(keys, start_after)
    bounds = [first, *(max(first, bisect_left(keys, prefix)) for prefix in shards), len(keys)]
    return [ObjectBatch(rows.slice(start, end - start)) for start, end in pairwise(bounds)]


def _non_empty(batch: ObjectBatch) -> Iterator[ObjectBatch]:
    if len(batch):
        yield batch


class _Ahead:
    """Shards being listed by threads, each into a queue of its own."""

    def __init__(self, store: Store, shards: Sequence[str], start_after: str) -> None:
        self._store = store
        self._shards = shards
        self._start_after = start_after
        self._queues: list[deque[ObjectBatch]] = [deque() for _ in shards]
        self._ends: dict[int, BaseException | None] = {}
        self._waiting_rows = [0] * len(shards)
        self._next = 0
        self._head = 0
        self._is_stopped = False
        self._changed = Condition()

    def start(self, workers: int) -> None:
        for _ in range(workers):
            Thread(target=self._work, name="listing", daemon=True).start()

    def stop(self) -> None:
        """Let the threads end, each after the request that it is at."""
        with self._changed:
            self._is_stopped = True
            self._queues.clear()
            self._changed.notify_all()

    def batches(self, number: int) -> Iterator[ObjectBatch]:
        """Yield a shard's batches as they come; shards must be asked for in order."""
        with self._changed:
            self._head = number
            self._changed.notify_all()
        while (batch := self._take(number)) is not None:
            yield batch

    def _take(self, number: int) -> ObjectBatch | None:
        queue = self._queues[number]
        with self._changed:
            self._changed.wait_for(lambda: queue or number in self._ends)
            if queue:
                batch = queue.popleft()
                self._waiting_rows[number] -= len(batch)
                self._changed.notify_all()
                return batch
            if error := self._ends[number]:
                raise error
            return None

    def _work(self) -> None:
        # Shards are begun in order, so that the one that the consumer waits for is always at work.
        while (number := self._begin()) is not None:
            error: BaseException | None = None
            try:
                self._list(number)
            except BaseException as caught:  # noqa: BLE001  # handed to the consumer, who raises it
                error = caught
            with self._changed:
                self._ends[number] = error
                self._changed.notify_all()

    def _begin(self) -> int | None:
        with self._changed:
            if self._is_stopped or self._next == len(self._shards):
                return None
            self._next += 1
            return self._next - 1

    def _list(self, number: int) -> None:
        prefix = self._shards[number]
        start_after = self._start_after if self._start_after.startswith(prefix) else ""
        for batch in self._store.scan(prefix, start_after):
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopped or self._has_room(number))
                if self._is_stopped:
                    return
                self._queues[number].append(batch)
                self._waiting_rows[number] += len(batch)
                self._changed.notify_all()

    def _has_room(self, number: int) -> bool:
        # The head has room of its own: it may go on even when what comes later has filled the rest.
        if number == self._head:
            return self._waiting_rows[number] < HEAD_ROWS
        return sum(self._waiting_rows) < BUFFERED_ROWS
