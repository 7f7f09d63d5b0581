from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.listing.store import ListingError, read_listing, write_listing
from include.object_storage import ObjectBatch, open_bucket

START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def batch(*keys: str, size: int = 10, modified: datetime = START) -> ObjectBatch:
    count = len(keys)
    return ObjectBatch(keys, (size,) * count, (modified,) * count, tuple(f"etag {key}" for key in keys))


def numbered(batches: int) -> Iterator[tuple[DataKind, ObjectBatch]]:
    for number in range(batches):
        yield DataKind.PRODUCTION, batch(*(f"some/longish/key/{number:05d}/{row:04d}.jpg" for row in range(1000)))


def test_rows_come_back_in_order_with_their_kind():
    file = BytesIO()
    write_listing(
        file, [(DataKind.BENCHMARK, batch("b/é +%.jpg", "b/2")), (DataKind.PRODUCTION, batch("p/1", size=2**40))]
    )
    (read,) = read_listing(file)
    assert read.keys == ("b/é +%.jpg", "b/2", "p/1")
    assert read.sizes == (10, 10, 2**40)
    assert read.modified == (START,) * 3
    assert {moment.tzinfo for moment in read.modified} == {UTC}
    assert read.etags == ("etag b/é +%.jpg", "etag b/2", "etag p/1")
    assert read.kinds == (DataKind.BENCHMARK, DataKind.BENCHMARK, DataKind.PRODUCTION)


def test_one_kind_can_be_read_alone():
    file = BytesIO()
    write_listing(file, [(DataKind.BENCHMARK, batch("b")), (DataKind.PRODUCTION, batch("p"))])
    assert [read.keys for read in read_listing(file, kind=DataKind.PRODUCTION)] == [("p",)]


def test_summary_counts_objects_and_bytes_of_each_kind():
    summary = write_listing(
        BytesIO(),
        [
            (DataKind.BENCHMARK, batch("a", "b")),
            (DataKind.PRODUCTION, batch("c", size=7)),
            (DataKind.BENCHMARK, batch("d")),
        ],
    )
    assert summary.to_dict() == {
        "benchmark": {"objects": 3, "bytes": 30},
        "production": {"objects": 1, "bytes": 7},
    }


def test_an_empty_listing_can_be_read():
    file = BytesIO()
    assert write_listing(file, []).objects == {DataKind.BENCHMARK: 0, DataKind.PRODUCTION: 0}
    assert list(read_listing(file)) == []


def test_times_of_other_zones_become_utc():
    file = BytesIO()
    write_listing(file, [(DataKind.BENCHMARK, batch("x", modified=START.astimezone(timezone(timedelta(hours=5)))))])
    (read,) = read_listing(file)
    assert read.modified[0].isoformat() == "2026-01-02T03:04:05.678901+00:00"


def test_small_batches_share_row_groups_and_reading_obeys_the_batch_size():
    file = BytesIO()
    write_listing(file, numbered(66))
    assert pq.ParquetFile(file).num_row_groups == 2  # 64 + 2 batches of a thousand
    assert [len(read) for read in read_listing(file, batch_size=40_000)] == [40_000, 26_000]


def test_memory_does_not_grow_with_the_listing(tmp_path, monkeypatch):
    monkeypatch.setattr("include.benchmark_qa.listing.store._ROW_GROUP_ROWS", 2000)

    def peak(batches: int) -> int:
        held = []

        def watched() -> Iterator[tuple[DataKind, ObjectBatch]]:
            for pair in numbered(batches):
                held.append(pa.total_allocated_bytes() + tracemalloc.get_traced_memory()[0])
                yield pair

        with (tmp_path / "listing.parquet").open("wb") as file:
            tracemalloc.start()
            write_listing(file, watched())
            tracemalloc.stop()
        return max(held)

    peak(1)  # imports
    assert peak(40) < 2 * peak(6)


def test_duckdb_reads_it(tmp_path):
    path = tmp_path / "listing.parquet"
    with path.open("wb") as file:
        write_listing(file, [(DataKind.BENCHMARK, batch("a", "b")), (DataKind.PRODUCTION, batch("c"))])
    rows = duckdb.read_parquet(str(path)).aggregate("kind, count(*), sum(size)").order("kind").fetchall()
    assert rows == [("benchmark", 2, 20), ("production", 1, 10)]


def test_a_real_bucket_goes_straight_in(tmp_path):
    bucket = open_bucket(str(tmp_path / "bucket"))
    for key in ("benchmark/1.jpg", "benchmark/2.jpg", "production/1.jpg"):
        bucket.write(key, b"12345")
    file = BytesIO()
    batches = ((kind, found) for kind in DataKind for found in bucket.list(f"{kind.value}/"))
    assert write_listing(file, batches).to_dict()["benchmark"] == {"objects": 2, "bytes": 10}
    (read,) = read_listing(file)
    assert read.keys == ("benchmark/1.jpg", "benchmark/2.jpg", "production/1.jpg")


def test_other_files_are_refused():
    with pytest.raises(ListingError, match=r"no listing \(no Parquet"):
        list(read_listing(BytesIO(b"not a listing at all")))
    other = BytesIO()
    pq.write_table(pa.table({"a": [1]}), other)
    with pytest.raises(ListingError, match=r"columns \['a'\]"):
        list(read_listing(other))
