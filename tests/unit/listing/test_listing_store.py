"""A listing in the workspace: what goes in comes out, whatever the bucket does in between."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.benchmark_qa.listing import parts, shard_writer, store
from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import DataKind, ListingError, Progress
from include.benchmark_qa.listing.store import read_listing, write_listing
from include.object_storage import Bucket, ObjectBatch, Shard, open_bucket
from tests.unit.listing.listing_support import FOLDER, MODIFIED, MemoryBucket, batch, many_keys, read_keys, write


class Pages:
    """Gives the same pages, whatever is asked of it, for the one shard of the real work."""

    uri = "memory://pages"

    def __init__(self, *pages: ObjectBatch, is_level: bool = False) -> None:
        self.pages = pages
        self.is_level = is_level

    def shards(self, prefix: str) -> tuple[Shard, ...]:
        return (Shard(prefix, self.is_level),) if prefix == "p/" else ()

    def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
        yield from self.pages


@pytest.fixture
def workspace(tmp_path: Path) -> Bucket:
    return open_bucket(str(tmp_path / "workspace"))


def test_rows_come_back_with_all_their_columns(workspace: Bucket) -> None:
    elsewhere = MODIFIED.astimezone(timezone(timedelta(hours=5)))
    write(Pages(batch(["p/2", "p/é +%.jpg"], size=2**40, modified=elsewhere)), workspace)
    [read] = read_listing(workspace, FOLDER)
    assert read.arrow.schema.names == ["key", "size", "modified", "etag", "kind"]
    assert (read.keys, read.sizes, len(read)) == (("p/2", "p/é +%.jpg"), (2**40, 2**40), 2)
    assert [moment.isoformat() for moment in read.modified] == ["2026-01-02T03:04:05.678901+00:00"] * 2
    assert read.etags == ("etag p/2", "etag p/é +%.jpg")
    assert read.kinds == (DataKind.PRODUCTION, DataKind.PRODUCTION)


@pytest.mark.parametrize("workers", [1, 8])
def test_shards_are_read_in_the_order_of_the_plan_whoever_listed_them(workspace: Bucket, workers: int) -> None:
    keys = many_keys(500)
    write(MemoryBucket(keys), workspace, workers=workers)
    shards = ["b/", "p/", "p/day 0/", "p/day 1/", "p/day 2/"]
    assert read_keys(workspace) == sorted(keys, key=lambda key: (shards.index(key[: key.rindex("/") + 1]), key))
    assert read_keys(workspace, DataKind.BENCHMARK) == sorted(key for key in keys if key.startswith("b/"))
    assert set(read_keys(workspace, DataKind.PRODUCTION)) == {key for key in keys if key.startswith("p/")}


def test_the_summary_counts_objects_bytes_and_what_the_filters_left_out(workspace: Bucket) -> None:
    source = MemoryBucket(["b/1.jpg", "b/2.txt", "b/3.txt", "p/1.jpg", "p/x/2.jpg"])
    assert write(source, workspace, filters=ListingFilters(suffixes=(".jpg",))).to_dict() == {
        "benchmark": {"objects": 1, "bytes": 10, "filtered": 2},
        "production": {"objects": 2, "bytes": 20, "filtered": 0},
    }
    assert read_keys(workspace) == ["b/1.jpg", "p/1.jpg", "p/x/2.jpg"]


def test_what_was_modified_outside_the_window_does_not_even_count_as_filtered(workspace: Bucket) -> None:
    hour = timedelta(hours=1)
    pages = [batch([f"p/{n}"], modified=MODIFIED + n * hour) for n in range(4)]
    summary = write(Pages(*pages), workspace, window=(MODIFIED + hour, MODIFIED + 3 * hour))
    assert summary.to_dict()["production"] == {"objects": 2, "bytes": 20, "filtered": 0}
    assert read_keys(workspace) == ["p/1", "p/2"]
    with pytest.raises(ValueError, match="limit 2026-01-01T00:00:00 needs a time zone"):
        write(Pages(), workspace, window=(datetime(2026, 1, 1), MODIFIED))  # noqa: DTZ001


def test_an_empty_bucket_gives_an_empty_listing(workspace: Bucket) -> None:
    assert write(MemoryBucket([]), workspace).to_dict()["benchmark"] == {"objects": 0, "bytes": 0, "filtered": 0}
    assert list(read_listing(workspace, FOLDER)) == []


def test_parts_are_bounded_and_so_is_what_is_seen_between_two(
    workspace: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sizes(**changes: object) -> list[int]:
        write(MemoryBucket([f"p/{number:05d}" for number in range(1000)], page=30), workspace, **changes)
        index = orjson.loads(workspace.read(f"{FOLDER}{store.INDEX_NAME}"))
        keys = [f"{FOLDER}{index['plan']}/{name}" for name in index["parts"]["production"]]
        return [parts.open_part(workspace.read(key), key).metadata.num_rows for key in keys]

    monkeypatch.setattr(shard_writer, "PART_ROWS", 300)
    assert sizes() == [300, 300, 300, 100]
    monkeypatch.setattr(shard_writer, "PART_SEEN", 450)
    assert sizes(filters=ListingFilters(glob="*5")) == [45, 45, 10]


def test_a_real_bucket_goes_straight_in(workspace: Bucket, tmp_path: Path) -> None:
    bucket = open_bucket(str(tmp_path / "bucket"))
    for key in ("benchmark/1.jpg", "benchmark/2.jpg", "production/1.jpg"):
        bucket.write(key, b"12345")
    prefixes = {kind: f"{kind.value}/" for kind in DataKind}
    summary = write_listing(bucket, prefixes, workspace, FOLDER, filters=ListingFilters(), window=None)
    assert summary.to_dict()["benchmark"] == {"objects": 2, "bytes": 10, "filtered": 0}
    assert read_keys(workspace) == ["benchmark/1.jpg", "benchmark/2.jpg", "production/1.jpg"]


def test_duckdb_reads_it(workspace: Bucket, tmp_path: Path) -> None:
    write(MemoryBucket(many_keys(100)), workspace)
    rows = duckdb.read_parquet(str(tmp_path / "workspace" / FOLDER / "*" / "*.parquet"))
    counts = rows.aggregate("kind, count(*), sum(size)").order("kind").fetchall()
    assert counts == [("benchmark", 10, 100), ("production", 100, 1000)]


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ([["p/1", "p/2"], ["p/2", "p/3"]], "the bucket lists 'p/2' twice"),
        ([["p/1", "p/1"]], "the bucket lists 'p/1' twice"),
        ([["p/1", "p/3", "p/2"]], "the bucket lists 'p/2' after 'p/3', against the order of its keys so far"),
        ([["p/2"], ["p/1"]], "the bucket lists 'p/1' after 'p/2', against the order of its keys so far"),
        (
            [["p/a/x", "p/a-b"], ["p/a/x"]],
            "the bucket lists 'p/a/x' after 'p/a-b', against the order of its keys so far",
        ),
        ([["p/a-b", "p/a/x"], ["p/b/x", "p/b-b"]], "the bucket lists 'p/b-b' after 'p/b/x', against the order"),
        ([["p/a-b", "p/a/x"], ["p/a/x"]], "the bucket lists 'p/a/x' twice"),
        ([["p/\uffff", "p/\U00010000"], ["p/é"]], "the bucket lists 'p/é' after 'p/\U00010000'"),
        ([["p/\U00010000", "p/\uff08"], ["p/\U00010000"]], "the bucket lists 'p/\U00010000' after 'p/\uff08'"),
        ([["o/1", "p/1"]], "the bucket lists keys from 'o/1' to 'p/1', not all beginning with 'p/'"),
        ([["p/1"], ["q"]], "the bucket lists keys from 'q' to 'q', not all beginning with 'p/'"),
    ],
)
def test_a_key_that_comes_twice_or_astray_is_an_error_that_names_it(
    workspace: Bucket, pages: list[list[str]], said: str
) -> None:
    with pytest.raises(ListingError) as caught:
        write(Pages(*(batch(page) for page in pages)), workspace)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("keys", [["p/\uffff", "p/\U00010000"], ["p/\U00010000", "p/\uff08"], ["p/a/x", "p/a-b"]])
def test_any_order_of_keys_will_do(workspace: Bucket, keys: list[str]) -> None:
    write(Pages(*(batch([key]) for key in keys)), workspace)
    assert read_keys(workspace) == keys


def test_a_level_that_goes_deeper_is_an_error(workspace: Bucket) -> None:
    with pytest.raises(ListingError, match=r"keys from 'p/1' to 'p/3', not all directly below 'p/'"):
        write(Pages(batch(["p/1", "p/2/x", "p/3"]), is_level=True), workspace)


def test_one_shard_that_fails_ends_them_all_with_its_error(workspace: Bucket) -> None:
    others_began, stopped = threading.Barrier(3), []

    class Failing(Pages):
        def shards(self, prefix: str) -> tuple[Shard, ...]:
            return tuple(Shard(f"p/{number}/") for number in (1, 2, 3)) if prefix == "p/" else ()

        def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
            others_began.wait(60)
            if shard.prefix == "p/2/":
                raise OSError("the line is cut")
            try:
                for number in range(1_000_000):
                    yield batch([f"{shard.prefix}{number:07d}"])
            finally:
                stopped.append(shard.prefix)

    with pytest.raises(OSError, match="the line is cut"):
        write(Failing(), workspace, workers=3)
    assert sorted(stopped) == ["p/1/", "p/3/"]
    with pytest.raises(ListingError, match=f"{FOLDER} holds no complete listing"):
        read_keys(workspace)


def test_progress_is_told_every_few_seconds_not_every_part(workspace: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Progress] = []
    two_are_done = threading.Event()

    def hear(progress: Progress) -> None:
        told.append(progress)
        if progress.shards_done == 2:
            two_are_done.set()

    source = MemoryBucket(many_keys(100), on_page=lambda pages: pages != 6 or two_are_done.wait(60))
    monkeypatch.setattr(store, "PROGRESS_SECONDS", 0.05)
    write(source, workspace, on_progress=hear)
    assert "25 objects, 2 of 5 parts" in map(str, told)
    monkeypatch.setattr(store, "PROGRESS_SECONDS", 60.0)
    told.clear()
    write(MemoryBucket(many_keys(100)), workspace, on_progress=hear)
    assert told == []


def test_memory_does_not_grow_with_the_listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_writer, "PART_ROWS", 4000)
    monkeypatch.setattr(parts, "ROW_GROUP_ROWS", 2000)

    def peak(count: int) -> int:
        held = []

        class Watched(Pages):
            def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
                for number in range(count):
                    held.append(pa.total_allocated_bytes() + tracemalloc.get_traced_memory()[0])
                    yield batch(f"p/some/longish/key/{number:05d}/{row:04d}.jpg" for row in range(1000))

        tracemalloc.start()
        write(Watched(), open_bucket(str(tmp_path / str(count))))
        tracemalloc.stop()
        return max(held)

    peak(1)  # imports
    assert peak(80) < 1.5 * peak(8)


def test_what_is_no_listing_is_refused_by_name(workspace: Bucket, tmp_path: Path) -> None:
    with pytest.raises(ListingError, match=f"^{FOLDER} holds no complete listing; run list_bucket"):
        read_keys(workspace)
    write(Pages(batch(["p/1"])), workspace)
    [key] = [key for found in workspace.list(FOLDER) for key in found.keys if key.endswith(".parquet")]
    workspace.write(key, b"not Parquet at all")
    with pytest.raises(ListingError, match=rf"^{key}: no part of a listing \("):
        read_keys(workspace)
    with (tmp_path / "other").open("wb") as file:
        pq.write_table(pa.table({"a": [1]}), file)
    workspace.write(key, (tmp_path / "other").read_bytes())
    with pytest.raises(ListingError, match=r"its columns are \['a'\]"):
        read_keys(workspace)
