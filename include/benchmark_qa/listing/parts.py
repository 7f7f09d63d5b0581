"""
The files of a listing: parts of a shard, in Parquet, that form a chain.

A part is called ``<shard>-<number>-<from>-<until>[-end].parquet``. ``<from>`` and ``<until>`` stand for how far the
shard was listed before and after it (last key and counts), so that the next part of the chain is found by name, and two
processes that list a changing bucket into one folder never take a part of the other's for the next one of their own.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from include.benchmark_qa.listing.model import DataKind, ListingError, Tally
from include.benchmark_qa.listing.order import ANY_ORDER, KeyOrder

if TYPE_CHECKING:
    import pyarrow as pa

# A bucket lists some thousand objects at a time. Rows are compressed in groups of this size: of the many shards that
# are listed at the same time, each holds so many rows at most, beside what is compressed.
ROW_GROUP_ROWS = 8_192

_METADATA_KEY = "benchmark_qa_listing"
_SUFFIX = ".parquet"
_END = "-end"


def part_schema() -> pa.Schema:
    """Return the columns of a part: key, size in bytes, time of last modification in UTC, etag, kind."""
    import pyarrow as pa

    columns: dict[str, pa.DataType] = {
        "key": pa.string(),
        "size": pa.int64(),
        "modified": pa.timestamp("us", tz="UTC"),
        "etag": pa.string(),
        "kind": pa.string(),
    }
    return pa.schema(columns)


@dataclass(frozen=True, slots=True)
class Position:
    """
    How far a shard is listed: the last key that was seen, the parts so far, what they hold, and if it is all.

    ``orders`` are those that all keys up to here are in.
    """

    last_key: str = ""
    parts: tuple[str, ...] = ()
    tally: Tally = field(default_factory=Tally)
    is_end: bool = False
    orders: tuple[KeyOrder, ...] = ANY_ORDER

    def next_name(self, shard: int, until: Position) -> str:
        """Return the name of the part that comes next and reaches as far as ``until``."""
        marks = f"{len(self.parts):05d}-{_mark(self.last_key, self.tally)}-{_mark(until.last_key, until.tally)}"
        return f"{shard:05d}-{marks}{_END if until.is_end else ''}{_SUFFIX}"


class PartWriter:
    """One part while it is written, compressed in memory."""

    def __init__(self, kind: DataKind) -> None:
        import pyarrow.parquet as pq

        self._kind = kind
        self._rows: list[pa.RecordBatch] = []
        self._waiting = 0
        self._buffer = io.BytesIO()
        # A dictionary of keys, which are all different, is work and memory for nothing.
        self._writer = pq.ParquetWriter(self._buffer, part_schema(), compression="zstd", use_dictionary=["kind"])  # type: ignore[arg-type]

    def add(self, rows: pa.RecordBatch) -> None:
        """Add rows of the columns key, size, modified and etag."""
        self._rows.append(rows)
        self._waiting += rows.num_rows
        if self._waiting >= ROW_GROUP_ROWS:
            self._flush()

    def finish(self, until: Position) -> bytes:
        """Return the part, with what is to be known of the shard up to its end."""
        self._flush()
        position = {"last_key": until.last_key, "orders": until.orders, **until.tally.to_dict()}
        self._writer.add_key_value_metadata({_METADATA_KEY: orjson.dumps(position).decode()})
        self._writer.close()
        return self._buffer.getvalue()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            table = pa.Table.from_batches(self._rows)
            kinds = pa.repeat(pa.scalar(self._kind.value), table.num_rows)
            self._writer.write_table(table.append_column("kind", kinds).cast(part_schema()))
        self._rows, self._waiting = [], 0


def open_part(data: bytes, key: str) -> Any:
    """
    Return a part as a ``pyarrow.parquet.ParquetFile``.

    :raises ListingError: the file is none; the message names it
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
    except pa.ArrowInvalid as error:
        raise ListingError(f"{key}: no part of a listing ({error}); list the bucket again") from None
    if file.schema_arrow.names != part_schema().names:
        raise ListingError(f"{key}: no part of a listing, its columns are {file.schema_arrow.names}")
    return file


def chains(names: Iterable[str]) -> Mapping[int, tuple[str, ...]]:
    """
    Return the parts of each shard that is begun, in order, from the names of all files there are.

    Where two parts could be next, one that ends the shard is taken, else the first by name: each begins where the
    last one ended, so each is right.
    """
    found: dict[int, dict[tuple[str, str], str]] = {}
    for name in sorted(names):
        shard, number, begin, *_ = name.removesuffix(_SUFFIX).split("-")
        following = found.setdefault(int(shard), {})
        if is_end(name) or (number, begin) not in following:
            following[number, begin] = name
    return {shard: tuple(_chain(following)) for shard, following in found.items()}


def is_end(name: str) -> bool:
    """Tell whether a shard has no part after this one."""
    return name.endswith(_END + _SUFFIX)


def position_after(parts: Sequence[str], data: bytes, key: str) -> Position:
    """
    Return where a shard stands after these parts.

    :param data: the content of the last part, whose key is ``key``.
    """
    stored = orjson.loads(open_part(data, key).metadata.metadata[_METADATA_KEY.encode()])
    last_key, orders = stored.pop("last_key"), tuple(map(KeyOrder, stored.pop("orders")))
    return Position(last_key, tuple(parts), Tally(**stored), is_end(parts[-1]), orders)


def _chain(following: Mapping[tuple[str, str], str]) -> Iterable[str]:
    number, begin = 0, _mark("", Tally())
    while name := following.get((f"{number:05d}", begin)):
        yield name
        number, begin = number + 1, name.removesuffix(_SUFFIX).split("-")[3]


def _mark(last_key: str, tally: Tally) -> str:
    return hashlib.blake2b(
        f"{tally.objects} {tally.bytes} {tally.filtered} {last_key}".encode(), digest_size=6
    ).hexdigest()
