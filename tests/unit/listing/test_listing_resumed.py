"""A listing that stops anywhere goes on from there, alone in its folder or not, while the bucket changes or not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from include.benchmark_qa.listing import shard_writer
from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import ListingError
from include.benchmark_qa.listing.plan import INDEX_NAME, RESUME_WITHIN
from include.object_storage import Bucket, ObjectBatch, Shard, open_bucket
from tests.unit.listing.listing_support import FOLDER, MODIFIED, MemoryBucket, batch, many_keys, read_keys, write

FLAT = [f"p/{number:03d}" for number in range(100)]  # 5 parts of 20, each of 2 pages of 10


class CutError(Exception):
    """What the test has happen in the middle of a listing."""


def cut_at(page: int) -> Callable[[int], None]:
    def cut(pages: int) -> None:
        if pages == page:
            raise CutError

    return cut


@pytest.fixture
def workspace(tmp_path: Path) -> Bucket:
    return open_bucket(str(tmp_path / "workspace"))


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_writer, "PART_ROWS", 20)


def parts_in(workspace: Bucket) -> set[str]:
    return {key for found in workspace.list(FOLDER) for key in found.keys if key.endswith(".parquet")}


def interrupted(workspace: Bucket, page: int, keys: list[str] = FLAT, **changes: object) -> set[str]:
    """List until some page, and return the parts that are left."""
    with pytest.raises(CutError):
        write(MemoryBucket(keys, on_page=cut_at(page)), workspace, **changes)
    return parts_in(workspace)


def test_it_goes_on_after_the_last_key_of_the_last_part(workspace: Bucket) -> None:
    left = interrupted(workspace, 7)  # page 1 is the empty one of the known files; 50 keys are seen, 40 stored
    with pytest.raises(ListingError, match="no complete listing"):
        read_keys(workspace)
    source = MemoryBucket(FLAT)
    summary = write(source, workspace)
    assert source.asked == [("p/", "p/039")]
    assert read_keys(workspace) == FLAT
    assert summary.to_dict()["production"] == {"objects": 100, "bytes": 1000, "filtered": 0}
    assert left < parts_in(workspace)


def test_shards_that_are_done_are_not_asked_again(workspace: Bucket) -> None:
    keys = many_keys(200)
    first, second = MemoryBucket(keys, on_page=cut_at(12)), MemoryBucket(keys)
    with pytest.raises(CutError):
        write(first, workspace)
    write(second, workspace)
    assert [prefix for prefix, _ in first.asked] == ["b/", "p/", "p/day 0/"]
    assert [prefix for prefix, _ in second.asked] == ["p/day 0/", "p/day 1/", "p/day 2/"]
    assert second.asked[0] == ("p/day 0/", "p/day 0/00138.jpg")
    assert sorted(read_keys(workspace)) == sorted(keys)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 30), max_size=6), workers=st.sampled_from([1, 4]))
def test_however_often_it_is_cut_it_ends_with_each_key_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], workers: int
) -> None:
    workspace, keys = open_bucket(str(tmp_path_factory.mktemp("cuts"))), many_keys(200)
    for page in cuts:
        with contextlib.suppress(CutError):
            write(MemoryBucket(keys, on_page=cut_at(page)), workspace, workers=workers)
    summary = write(MemoryBucket(keys), workspace, workers=workers)
    assert sorted(read_keys(workspace)) == sorted(keys)
    assert sum(tally.objects for tally in summary.tallies.values()) == len(keys)


@pytest.mark.parametrize(
    "changes",
    [
        {"filters": ListingFilters(glob="*[0-4]")},
        {"filters": ListingFilters(max_size=10)},
        {"window": (MODIFIED, MODIFIED + timedelta(1))},
    ],
)
def test_with_other_settings_it_begins_anew(workspace: Bucket, changes: dict[str, object]) -> None:
    left = interrupted(workspace, 8)
    source = MemoryBucket(FLAT)
    write(source, workspace, **changes)
    assert source.asked[-1] == ("p/", "")
    glob = changes.get("filters") == ListingFilters(glob="*[0-4]")
    assert read_keys(workspace) == [key for key in FLAT if not glob or key[-1] in "01234"]
    assert {part.split("/")[-2] for part in left} != {part.split("/")[-2] for part in parts_in(workspace) - left}


def test_of_another_bucket_it_begins_anew(workspace: Bucket) -> None:
    interrupted(workspace, 8)
    source = MemoryBucket(FLAT[50:])
    source.uri = "memory://other"
    write(source, workspace)
    assert read_keys(workspace) == FLAT[50:]


def test_a_listing_that_is_complete_or_old_is_made_anew(workspace: Bucket) -> None:
    write(MemoryBucket(FLAT[:30]), workspace)
    write(MemoryBucket(FLAT), workspace)
    assert read_keys(workspace) == FLAT
    with time_machine.travel("2026-03-01T12:00Z", tick=False) as clock:
        interrupted(workspace, 8)
        assert read_keys(workspace) == FLAT  # the complete one, until the next is
        clock.shift(RESUME_WITHIN)
        source = MemoryBucket(FLAT[50:], on_page=cut_at(3))
        with pytest.raises(CutError):
            write(source, workspace)
        assert source.asked[-1] == ("p/", "p/059")
        clock.shift(timedelta(seconds=1))
        write(MemoryBucket(FLAT[50:]), workspace)
    assert read_keys(workspace) == FLAT[50:]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(
    passing=st.lists(st.sampled_from(FLAT), max_size=10),
    coming=st.lists(st.sampled_from(FLAT), min_size=1, max_size=30),
    other_at=st.integers(1, 14),
    killed_after=st.integers(0, 6),
)
@example(passing=[], coming=["p/000"], other_at=3, killed_after=2)  # the first one's part reaches into the other's next
@example(passing=["p/015"], coming=["p/055"], other_at=3, killed_after=2)
def test_two_processes_in_one_folder_while_the_bucket_changes(
    tmp_path_factory: pytest.TempPathFactory, passing: list[str], coming: list[str], other_at: int, killed_after: int
) -> None:
    """One listing is at some page when another begins and ends; the first goes on, and is killed or not."""
    workspace = open_bucket(str(tmp_path_factory.mktemp("two")))
    staying = set(FLAT) - set(passing)

    def check() -> None:
        found = read_keys(workspace)
        assert len(found) == len(set(found))
        assert staying <= set(found) <= staying | set(passing) | first.keys
        index = orjson.loads(workspace.read(f"{FOLDER}{INDEX_NAME}"))
        assert index["summary"]["production"] == {"objects": len(found), "bytes": 10 * len(found), "filtered": 0}

    def on_page(pages: int) -> None:
        if pages == other_at:
            first.keys = staying | {f"{key}x" for key in coming}
            write(MemoryBucket(first.keys), workspace)
            check()
        if pages == other_at + killed_after:
            raise CutError

    first = MemoryBucket(FLAT, on_page=on_page)
    with contextlib.suppress(CutError):
        write(first, workspace)
    if first.pages >= other_at:
        check()
    write(MemoryBucket(first.keys), workspace)
    check()


def test_the_order_of_an_interrupted_listing_binds_the_next(workspace: Bucket) -> None:
    folders_first = [f"p/a/{number:02}" for number in range(20)] + ["p/a-b"]  # stored as one part

    class Ordered(MemoryBucket):
        def shards(self, prefix: str) -> tuple[Shard, ...]:
            return (Shard(prefix),) if prefix == "p/" else ()

        def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
            if start_after:
                yield batch(["p/b-b", "p/b/x"])
            else:
                yield batch(folders_first)
                raise CutError

    with pytest.raises(CutError):
        write(Ordered([]), workspace)
    with pytest.raises(ListingError, match="lists 'p/b/x' after 'p/b-b', against the order"):
        write(Ordered([]), workspace)
