"""
A listing in the workspace: ``write_listing`` makes it, in parallel and resumable, ``read_listing`` reads it.

Under its folder lie a plan, the plan's parts in Parquet, and, once all is there, an index::

    plan.json                              settings and shards, written first
    <plan>/<shard>-<number>-<...>.parquet  parts, each written whole or not at all
    listing_index.json                     which parts are the listing, written last
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

import orjson

from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import (
    DataKind,
    ListingBatch,
    ListingError,
    ListingSource,
    ListingSummary,
    Progress,
    Tally,
)
from include.benchmark_qa.listing.parts import Position, chains, open_part
from include.benchmark_qa.listing.plan import INDEX_NAME, ListingSettings, Plan, ShardPlan, ensure_plan
from include.benchmark_qa.listing.shard_writer import ListingStoppedError, ShardWriter
from include.benchmark_qa.workspace import Workspace

PROGRESS_SECONDS = 5.0
BATCH_ROWS = 65_536
_READ_AHEAD = 2


def write_listing(
    source: ListingSource,
    prefixes: Mapping[DataKind, str],
    workspace: Workspace,
    folder: str,
    *,
    filters: ListingFilters,
    window: tuple[datetime, datetime] | None,
    not_before: datetime | None = None,
    workers: int = 16,
    on_progress: Callable[[Progress], None] | None = None,
) -> ListingSummary:
    """
    List a bucket into a folder of the workspace and return what was found.

    Called again after a kill, with the same settings and within a day, it goes on where it stopped; in every other
    case it lists anew. Two processes may do this in one folder at the same time. Memory does not grow with the bucket.

    :param prefixes: what the keys of each kind begin with; none may begin with another
    :param folder: a prefix of keys that ends in a slash
    :param window: time of last modification, start inclusive and end exclusive, with time zones; None for all
    :param not_before: a listing that began before this is not gone on with; None: however it began, within a day
    :param workers: how many shards are listed at the same time
    :param on_progress: called every few seconds
    :raises ListingError: prefixes overlap, or the bucket lists a key twice
    """
    settings = ListingSettings(source.uri, prefixes, filters, window)
    plan = ensure_plan(source, settings, workspace, folder, not_before=not_before)
    run = _Run(plan, on_progress)
    writer = ShardWriter(source, settings, workspace, f"{folder}{plan.name}/", run.count)
    names = (key.rpartition("/")[2] for batch in workspace.list(writer.folder) for key in batch.keys)
    positions = run.finish(writer, chains(names), workers)
    tallies = dict.fromkeys(prefixes, Tally())
    parts: dict[str, list[str]] = {kind.value: [] for kind in prefixes}
    for shard, position in zip(plan.shards, positions, strict=True):
        tallies[shard.kind] += position.tally
        parts[shard.kind.value] += position.parts
    summary = ListingSummary(tallies)
    index = {"plan": plan.name, "settings": settings.to_dict(), "summary": summary.to_dict(), "parts": parts}
    workspace.write(f"{folder}{INDEX_NAME}", orjson.dumps(index, option=orjson.OPT_INDENT_2))
    return summary


def read_listing(
    workspace: Workspace, folder: str, *, kind: DataKind | None = None, columns: Sequence[str] | None = None
) -> Iterator[ListingBatch]:
    """
    Yield the rows of a stored listing, shard by shard in the order of its plan, in batches of bounded size.

    :param kind: only the rows of this half of the data
    :param columns: only these, which is quicker; None for all
    :raises ListingError: the folder holds no complete listing, or something else under a listing's name
    """
    if not workspace.exists(f"{folder}{INDEX_NAME}"):
        raise ListingError(f"{folder} holds no complete listing; run list_bucket to its end first")
    index = orjson.loads(workspace.read(f"{folder}{INDEX_NAME}"))
    wanted = [kind] if kind else list(index["parts"])
    keys = [f"{folder}{index['plan']}/{name}" for one in wanted for name in index["parts"].get(one, ())]
    for key, data in _read_ahead(workspace, keys):
        # In this thread: Arrow's own would take more memory, and CPU time, than two columns are worth.
        for rows in open_part(data, key).iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            yield ListingBatch(rows)


def _read_ahead(workspace: Workspace, keys: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each key with its content, in order, while the next ones are being read."""
    with ThreadPoolExecutor(_READ_AHEAD, "listing-read") as pool:
        started: deque[tuple[str, Future[bytes]]] = deque()
        try:
            for key in keys:
                started.append((key, pool.submit(workspace.read, key)))
                if len(started) > _READ_AHEAD:
                    yield _next_content(started)
            while started:
                yield _next_content(started)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _next_content(started: deque[tuple[str, Future[bytes]]]) -> tuple[str, bytes]:
    key, content = started.popleft()
    return key, content.result()


class _Run:
    """Lists all shards of a plan at the same time, says how far it is, and ends them all when one fails."""

    def __init__(self, plan: Plan, on_progress: Callable[[Progress], None] | None) -> None:
        self._plan = plan
        self._on_progress = on_progress
        self._objects = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._failure: Exception | None = None

    def count(self, objects: int) -> None:
        if self._stopped.is_set():
            raise ListingStoppedError
        with self._lock:
            self._objects += objects

    def finish(self, writer: ShardWriter, parts: Mapping[int, tuple[str, ...]], workers: int) -> list[Position]:
        """Return where each shard ends, in order; the error of the first that fails is raised."""
        with ThreadPoolExecutor(workers, "listing-write") as pool:
            try:
                shards = [
                    pool.submit(self._write, writer, shard, parts.get(shard.number, ())) for shard in self._plan.shards
                ]
                self._watch(shards)
            finally:
                self._stopped.set()
                pool.shutdown(wait=True, cancel_futures=True)
        if self._failure:
            raise self._failure
        return [shard.result() for shard in shards]

    def _write(self, writer: ShardWriter, shard: ShardPlan, parts: tuple[str, ...]) -> Position:
        try:
            return writer.write(shard, parts)
        except Exception as error:
            if not self._stopped.is_set():
                self._failure = error
                self._stopped.set()  # here, since the main thread may be late and this one would take the next shard
            raise

    def _watch(self, shards: list[Future[Position]]) -> None:
        running = set(shards)
        while running and not self._stopped.is_set():
            _, running = wait(running, PROGRESS_SECONDS, "FIRST_EXCEPTION")
            if running and self._on_progress:
                self._on_progress(Progress(self._objects, len(shards) - len(running), len(shards)))
