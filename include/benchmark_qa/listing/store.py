"""A listing on disk: one Parquet file, written and read in batches so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import TYPE_CHECKING, Any, BinaryIO

from include.benchmark_qa.listing.model import DataKind, ListingBatch, ListingSummary, ObjectColumns

if TYPE_CHECKING:
    import pyarrow as pa

# A bucket lists 1000 objects at a time; row groups that small would cost more than they hold.
_ROW_GROUP_ROWS = 64_000


class ListingError(ValueError):
    """The bytes are no listing that this project wrote."""


def write_listing(destination: BinaryIO, batches: Iterable[tuple[DataKind, ObjectColumns]]) -> ListingSummary:
    """
    Write batches of objects as Parquet and return their counts.

    :param destination: an open binary file; left open.
    :param batches: consumed once, in order; each with the half of the data it belongs to.
    """
    import pyarrow.parquet as pq

    summary = ListingSummary()
    schema = _schema()
    with pq.ParquetWriter(destination, schema, compression="zstd") as writer:
        for group in _row_groups(_counted(batches, summary)):
            writer.write_table(group)
    return summary


def read_listing(source: BinaryIO, *, kind: DataKind | None = None, batch_size: int = 10_000) -> Iterator[ListingBatch]:
    """
    Yield the rows of a stored listing in the order in which they were written.

    :param source: an open, seekable binary file.
    :param kind: only the rows of this half of the data.
    :raises ListingError: when the file is not a listing.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(source)
    except pa.ArrowInvalid as error:
        raise ListingError(f"this file is no listing (no Parquet: {error}); list the bucket again") from error
    if file.schema_arrow.names != _schema().names:
        raise ListingError(f"this file is no listing: it has columns {file.schema_arrow.names}, not {_schema().names}")
    for record_batch in file.iter_batches(batch_size):
        rows = record_batch if kind is None else _only(record_batch, kind)
        if rows.num_rows:
            yield _to_batch(rows)


def _schema() -> pa.Schema:
    import pyarrow as pa

    columns: dict[str, pa.DataType] = {
        "key": pa.string(),
        "size": pa.int64(),
        "modified": pa.timestamp("us", tz="UTC"),
        "etag": pa.string(),
        "kind": pa.string(),
    }
    return pa.schema(columns)


def _counted(batches: Iterable[tuple[DataKind, ObjectColumns]], summary: ListingSummary) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    schema = _schema()
    for kind, batch in batches:
        summary.add(kind, batch.sizes)
        columns: list[Any] = [batch.keys, batch.sizes, batch.modified, batch.etags, [kind] * len(batch.keys)]
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
        yield pa.record_batch(arrays, schema=schema)


def _row_groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    import pyarrow as pa

    for first in batches:
        group, rows = [first], first.num_rows
        while rows < _ROW_GROUP_ROWS and (batch := next(batches, None)) is not None:
            group.append(batch)
            rows += batch.num_rows
        yield pa.Table.from_batches(group)


def _only(record_batch: pa.RecordBatch, kind: DataKind) -> pa.RecordBatch:
    import pyarrow as pa
    import pyarrow.compute as pc

    return record_batch.filter(pc.equal(record_batch.column("kind"), pa.scalar(kind.value)))


def _to_batch(rows: pa.RecordBatch) -> ListingBatch:
    columns: list[list[Any]] = [column.to_pylist() for column in rows.columns]
    keys, sizes, modified, etags, kinds = columns
    return ListingBatch(
        keys=tuple(keys),
        sizes=tuple(sizes),
        modified=tuple(moment.astimezone(UTC) for moment in modified),
        etags=tuple(etags),
        kinds=tuple(DataKind(kind) for kind in kinds),
    )
