"""One shard of a bucket into the workspace, part by part, from wherever an earlier run stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.listing.filters import modified_within
from include.benchmark_qa.listing.model import ListingError, ListingSource, Tally
from include.benchmark_qa.listing.order import orders_kept
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
        part, seen, here = PartWriter(shard.kind), 0, position
        for batch in self.source.list_shard(shard, start_after=position.last_key):
            if not batch.arrow.num_rows:
                continue
            orders = orders_kept(batch.arrow.column("key"), here.last_key, here.orders)
            last_key = check_place(batch.arrow, shard)
            rows, added = self._wanted(batch.arrow, self.settings.prefixes[shard.kind])
            part.add(rows)
            here = replace(here, last_key=last_key, orders=orders, tally=here.tally + added)
            seen += batch.arrow.num_rows
            self.on_batch(added.objects)
            if here.tally.objects - position.tally.objects >= PART_ROWS or seen >= PART_SEEN:
                position = here = self._save(shard, part, position, here)
                part, seen = PartWriter(shard.kind), 0
        return self._save(shard, part, position, replace(here, is_end=True))

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

    def _save(self, shard: ShardPlan, part: PartWriter, before: Position, after: Position) -> Position:
        name = before.next_name(shard.number, after)
        self.workspace.write(f"{self.folder}{name}", part.finish(after))
        return replace(after, parts=(*before.parts, name))


def check_place(rows: pa.RecordBatch, shard: ShardPlan) -> str:
    """
    Return the last key of some rows, having made sure that no other shard has any of their keys.

    :raises ListingError: a key is not the shard's; the message names the first and the last
    """
    import pyarrow.compute as pc

    keys: Any = rows.column("key")
    is_below = pc.all(pc.starts_with(keys, shard.prefix)).as_py()
    deeper = shard.is_level and pc.max(pc.count_substring(keys, "/")).as_py() > shard.prefix.count("/")
    first, last = keys[0].as_py(), str(keys[-1].as_py())
    if deeper or not is_below:
        raise ListingError(f"the bucket lists keys from {first!r} to {last!r}, not all {_wanted_keys(shard)}")
    return last


def _wanted_keys(shard: ShardPlan) -> str:
    return f"directly below {shard.prefix!r}" if shard.is_level else f"beginning with {shard.prefix!r}"
