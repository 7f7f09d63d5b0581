"""One shard of a bucket into the workspace, part by part, from wherever an earlier run stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.listing.filters import modified_within
from include.benchmark_qa.listing.model import ListingError, ListingSource, Tally
from include.benchmark_qa.listing.parts import PartWriter, Position, position_after
from include.benchmark_qa.listing.plan import ListingSettings, ShardPlan
from include.benchmark_qa.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

PART_ROWS = 65_536
# Where the filters keep little, a part ends after this many seen objects, so that a kill costs no more than these.
PART_SEEN = 1_000_000


class ListingStoppedError(Exception):
    """Another shard has failed, so this one gives up; what it has stored is good."""


@dataclass(frozen=True, slots=True)
class ShardWriter:
    """
    Lists shards into parts under ``folder``; may be used by several threads.

    ``on_batch`` is told how many objects a batch added, and raises ``ListingStoppedError`` to stop.
    """

    source: ListingSource
    settings: ListingSettings
    workspace: Workspace
    folder: str
    on_batch: Callable[[int], None]

    def write(self, shard: ShardPlan, parts: Sequence[str]) -> Position:
        """
        List what is missing of a shard and return its end.

        :param parts: names of the parts that an earlier run stored, in order
        :raises ListingError: the source gives a key twice, out of order, or one that is not the shard's
        """
        position = self._stored(parts)
        self.on_batch(position.tally.objects)
        if position.is_end:
            return position
        part, seen, last_key, tally = PartWriter(shard.kind), 0, position.last_key, position.tally
        for batch in self.source.list_shard(shard, start_after=position.last_key):
            if not batch.arrow.num_rows:
                continue
            last_key = check_order(batch.arrow, last_key, shard)
            rows, added = self._wanted(batch.arrow, self.settings.prefixes[shard.kind])
            part.add(rows)
            tally += added
            seen += batch.arrow.num_rows
            self.on_batch(added.objects)
            if tally.objects - position.tally.objects >= PART_ROWS or seen >= PART_SEEN:
                position = self._save(shard, position, part.finish(last_key, tally), last_key, tally, is_end=False)
                part, seen = PartWriter(shard.kind), 0
        return self._save(shard, position, part.finish(last_key, tally), last_key, tally, is_end=True)

    def _stored(self, parts: Sequence[str]) -> Position:
        if not parts:
            return Position()
        key = f"{self.folder}{parts[-1]}"
        return position_after(parts, self.workspace.read(key), key)

    def _wanted(self, rows: pa.RecordBatch, prefix: str) -> tuple[pa.RecordBatch, Tally]:
        import pyarrow.compute as pc

        if self.settings.window:
            rows = modified_within(rows, self.settings.window)
        kept = self.settings.filters.kept(rows, prefix)
        size = pc.sum(kept.column("size"), min_count=0).as_py()
        return kept, Tally(kept.num_rows, size, rows.num_rows - kept.num_rows)

    def _save(
        self, shard: ShardPlan, before: Position, data: bytes, last_key: str, tally: Tally, *, is_end: bool
    ) -> Position:
        name = before.next_name(shard.number, last_key, tally, is_end=is_end)
        self.workspace.write(f"{self.folder}{name}", data)
        return Position(last_key, (*before.parts, name), tally, is_end)


def check_order(rows: pa.RecordBatch, last_key: str, shard: ShardPlan) -> str:
    """
    Return the last key of some rows, having made sure that no other part of the listing has any of their keys.

    :param last_key: the shard's key before these rows, empty for none
    :raises ListingError: a key is there twice, is out of byte order, or is not the shard's; the message names it
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    keys: Any = rows.column("key")
    run = pa.concat_arrays([pa.array([last_key] if last_key else [], type=keys.type), keys])
    if (at := pc.index(pc.less(run[:-1], run[1:]), False).as_py()) >= 0:
        first, second = run[at : at + 2].to_pylist()
        fault = "twice" if first == second else f"after {first!r}, against the byte order of keys"
        raise ListingError(f"the bucket lists {second!r} {fault}; a listing needs each key once and in order")
    ends = (keys[0].as_py(), keys[-1].as_py())  # in byte order, what lies between begins as they both do
    deeper = shard.is_level and pc.max(pc.count_substring(keys, "/")).as_py() > shard.prefix.count("/")
    if deeper or not all(key.startswith(shard.prefix) for key in ends):
        raise ListingError(f"the bucket lists keys from {ends[0]!r} to {ends[1]!r}, not all {_wanted_keys(shard)}")
    return str(ends[1])


def _wanted_keys(shard: ShardPlan) -> str:
    return f"directly below {shard.prefix!r}" if shard.is_level else f"beginning with {shard.prefix!r}"
