from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.object_storage import ObjectBatch, Shard, sharding
from include.object_storage.ahead import BUFFERED_ROWS, HEAD_ROWS, list_ahead
from include.object_storage.cutting import WANTED_SHARDS, cut, grouped
from include.object_storage.protocol import Level
from include.object_storage.sharding import WORTHWHILE_WAIT, list_in_order, list_shard, plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# Few letters, so that folders, files of a folder's name, markers and double slashes come about by themselves.
KEYS = st.sets(st.text("ab/-.é", min_size=1, max_size=7), max_size=60)


def batch_of(keys) -> ObjectBatch:
    return ObjectBatch.of(keys, [len(key) for key in keys], [NOW] * len(keys), ["e"] * len(keys))


class MemoryStore:
    """Keys in memory behind the two looks, a few rows a page, with a count of the looks."""

    def __init__(self, keys, *, page=2, level_limit=1000) -> None:
        self.keys = sorted(keys, key=str.encode)
        self.page = page
        self.level_limit = level_limit
        self.pages = Counter()
        self.levels = Counter()

    def scan(self, prefix, start_after=""):
        found = [key for key in self.keys if key.startswith(prefix) and key > start_after]
        for start in range(0, len(found), self.page):
            self.pages[prefix] += 1
            yield batch_of(found[start : start + self.page])

    def level(self, prefix):
        self.levels[prefix] += 1
        rest = [key[len(prefix) :] for key in self.keys if key.startswith(prefix)]
        prefixes = sorted({prefix + name[: name.index("/") + 1] for name in rest if "/" in name})
        objects = [prefix + name for name in rest if "/" not in name]
        if len(prefixes) + len(objects) > self.level_limit:
            return None
        return Level(tuple(prefixes), batch_of(objects))


def listed(batches) -> list[str]:
    return [key for batch in batches for key in batch.keys]


@settings(deadline=None)  # threads, and pyarrow's first import, take their time on a busy machine
@given(KEYS, st.text("ab/", max_size=2), st.sampled_from([1000, 3]), st.integers(1, 3))
def test_shards_hold_each_key_exactly_once(keys, prefix, level_limit, page):
    store = MemoryStore(keys, level_limit=level_limit, page=page)
    shards = plan(store, prefix)
    found = [key for shard in shards for key in listed(list_shard(store, shard))]
    assert sorted(found) == sorted(key for key in keys if key.startswith(prefix))


@settings(deadline=None)  # threads, and pyarrow's first import, take their time on a busy machine
@given(KEYS, st.text("ab/", max_size=2), st.sampled_from([1000, 3]))
def test_all_are_listed_in_byte_order(keys, prefix, level_limit):
    store = MemoryStore(keys, level_limit=level_limit)
    expected = sorted((key for key in keys if key.startswith(prefix)), key=str.encode)
    assert listed(list_in_order(store, prefix, None, None)) == expected


@settings(deadline=None)  # threads, and pyarrow's first import, take their time on a busy machine
@given(KEYS, st.text("ab/-", max_size=4))
def test_a_shard_goes_on_after_any_key(keys, after):
    store = MemoryStore(keys)
    for shard in plan(store, ""):
        whole = listed(list_shard(store, shard))
        assert listed(list_shard(store, shard, after)) == [key for key in whole if key > after]


@settings(deadline=None)  # threads, and pyarrow's first import, take their time on a busy machine
@given(
    st.sets(st.text("ab1", min_size=1, max_size=5), min_size=1, max_size=80),
    st.sets(st.text("ab1", max_size=5), max_size=5),
    st.integers(2, 10),
)
def test_groups_hold_each_folder_once_and_no_object(folders, objects, most):
    names = [f"p/{name}/" for name in sorted(folders)]
    others = sorted(f"p/{name}" for name in objects)
    groups = grouped("p/", names, others, most)
    assert all(sum(name.startswith(group) for group in groups) == 1 for name in names)
    assert not any(key.startswith(group) for key in others for group in groups)


def test_a_small_prefix_costs_no_look_at_levels():
    store = MemoryStore([f"a{number}/x" for number in range(4)])
    assert plan(store, "") == (Shard(""),)
    assert len(listed(list_in_order(store, "", None, None))) == 4
    assert not store.levels


def test_ten_thousand_small_folders_are_some_tens_of_shards():
    store = MemoryStore(
        [f"raw/p-{number:04d}/{name}" for number in range(10_000) for name in "abc"], page=1000, level_limit=10_000
    )
    shards = plan(store, "")
    assert WANTED_SHARDS / 2 <= len(shards) <= 2 * WANTED_SHARDS
    assert all(shard.prefix.startswith("raw/p-") for shard in shards)


def test_folders_with_uneven_names_are_not_cut_into_crumbs():
    keys = [f"raw/p{number}/x" for number in range(500)] + [f"raw/{number}.txt" for number in range(50)]
    assert len(plan(MemoryStore(keys, page=10), "")) <= 2 * WANTED_SHARDS


def test_nested_folders_are_cut_level_by_level_until_there_are_enough():
    keys = [f"{year}/{month:02d}/{day:02d}/x" for year in "ab" for month in range(12) for day in range(28)]
    store = MemoryStore(keys)
    shards = plan(store, "")
    assert len(shards) >= WANTED_SHARDS / 2
    assert sum(store.levels.values()) <= 30


def test_objects_between_folders_are_a_shard_of_their_own_and_come_where_they_belong():
    keys = [f"{folder}/{number}" for folder in "bdf" for number in range(4)] + ["a", "c", "e", "g"]
    store = MemoryStore(keys)
    assert Shard("", is_level=True) in plan(store, "")
    assert listed(list_in_order(store, "", None, None)) == sorted(keys)


def test_a_level_that_has_grown_too_large_since_is_still_listed_whole():
    store = MemoryStore(["d/a", "d/e/x", "d/f"], level_limit=0)
    assert listed(list_shard(store, Shard("d/", is_level=True))) == ["d/a", "d/f"]


def test_window_filters_rows_and_needs_time_zones():
    store = MemoryStore("abc")
    assert listed(list_in_order(store, "", NOW, None)) == ["a", "b", "c"]
    assert listed(list_in_order(store, "", None, NOW)) == []
    with pytest.raises(ValueError, match="modified_from=2026-01-01T00:00:00 needs a time zone"):
        list(list_in_order(store, "", datetime(2026, 1, 1), None))  # noqa: DTZ001  # the point of the test


class Gate(MemoryStore):
    """A store whose scans wait for each other: none goes on before as many as wanted are at it."""

    def __init__(self, keys, parties) -> None:
        super().__init__(keys, level_limit=4)
        self.barrier = threading.Barrier(parties, timeout=30)

    def scan(self, prefix, start_after=""):
        if prefix:
            self.barrier.wait()
        yield from super().scan(prefix, start_after)


def test_several_shards_are_listed_at_the_same_time():
    keys = [f"{folder}/{number}" for folder in "abcd" for number in range(6)]
    assert listed(list_in_order(Gate(keys, parties=4), "", None, None)) == sorted(keys)


def listing_threads() -> int:
    return sum(thread.name == "listing" for thread in threading.enumerate())


def wait_until(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about within 30 s"
        time.sleep(0.01)


def test_threads_end_when_the_consumer_stops_in_the_middle():
    keys = [f"{folder}/{number:05d}" for folder in "abcd" for number in range(200_000 // 4)]
    store = MemoryStore(keys, page=1000)
    batches = list_in_order(store, "", None, None)
    for _ in islice(batches, 10):
        pass
    assert listing_threads()
    batches.close()
    wait_until(lambda: not listing_threads())


def test_what_waits_for_a_slow_consumer_is_bounded():
    per_folder = (BUFFERED_ROWS + HEAD_ROWS) // 2
    store = MemoryStore([f"{folder}/{number:06d}" for folder in "abcd" for number in range(per_folder)], page=5000)
    batches = list_ahead(store, cut(store, ""), start_after="", workers=4)
    next(batches)

    # The threads are done when all of them wait, which their pages stop growing at.
    before = -1
    while (now := sum(store.pages.values())) != before:
        before = now
        time.sleep(0.3)
    assert now * 5000 <= BUFFERED_ROWS + HEAD_ROWS + 6 * 5000
    assert sum(len(batch) for batch in batches) == 4 * per_folder - 5000


def test_an_error_of_a_thread_comes_through_in_its_turn():
    class Failing(MemoryStore):
        def scan(self, prefix, start_after=""):
            if prefix == "c/":
                raise ConnectionResetError("gone")
            yield from super().scan(prefix, start_after)

    keys = [f"{folder}/{number}" for folder in "abcd" for number in range(6)]
    seen = []
    with pytest.raises(ConnectionResetError, match="gone"):
        seen.extend(key for batch in list_in_order(Failing(keys, level_limit=4), "", None, None) for key in batch.keys)
    assert seen == sorted(keys)[:12]


@pytest.mark.parametrize(("seconds_a_page", "is_cut"), [(0.01, False), (0.05, True)])
def test_threads_are_for_stores_that_are_waited_for(monkeypatch, seconds_a_page, is_cut):
    class Clock:
        """Wall and processor time as they would be with a quiet processor: 10 ms of work a page, and the wait."""

        waited = worked = 0.0

    class Distant(MemoryStore):
        def scan(self, prefix, start_after=""):
            for batch in super().scan(prefix, start_after):
                Clock.worked += 0.01
                Clock.waited += seconds_a_page
                yield batch

    monkeypatch.setattr(sharding, "perf_counter", lambda: Clock.worked + Clock.waited)
    monkeypatch.setattr(sharding, "thread_time", lambda: Clock.worked)
    monkeypatch.setattr(sharding, "WORTHWHILE_WAIT", WORTHWHILE_WAIT)
    keys = [f"{folder}/{number}" for folder in "abcd" for number in range(5)]
    store = Distant(keys)
    assert listed(list_in_order(store, "", None, None)) == sorted(keys)
    assert bool(store.levels) is is_cut
