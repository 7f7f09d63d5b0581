"""Plans of imports and contents of folders, against the plain sets and dictionaries that they stand for."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from encord_provider.adapters.folder_contents import FolderContents
from encord_provider.adapters.import_plan import Parts, Piece, compress, count, expand, merge, pack
from include.benchmark_qa.manifest.shards import ShardInfo

NAMESPACE = UUID("00000000-0000-4000-8000-000000000000")
places = st.sets(st.integers(0, 60))
plans = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), places.filter(bool).map(lambda some: compress(sorted(some)))
)
names = st.one_of(st.none(), st.text(max_size=3))


def units_of(parts: Parts) -> set[tuple[str, int]]:
    return {(name, place) for name, ranges in parts.items() for place in expand(ranges)}


@given(places)
def test_ranges_hold_the_places_they_are_made_of(some: set[int]) -> None:
    ranges = compress(sorted(some))
    assert list(expand(ranges)) == sorted(some)
    assert all(end < later for (_, end), (later, _) in pairwise(ranges))


@given(plans, plans)
def test_merged_plans_hold_what_either_holds(one: Parts, other: Parts) -> None:
    assert units_of(merge(one, other)) == units_of(one) | units_of(other)


@given(plans)
def test_halves_share_a_piece_between_them_down_to_single_units(parts: Parts) -> None:
    waiting, single = [Piece(parts)] if parts else [], []
    while waiting:
        piece = waiting.pop()
        halves = piece.halves()
        single += [] if halves else [piece.parts]
        waiting += halves or ()
    assert sorted(count(one) for one in single) == [1] * count(parts)
    assert {unit for one in single for unit in units_of(one)} == units_of(parts)


@given(plans, st.lists(st.integers(1, 100), min_size=4, max_size=4))
def test_pieces_hold_every_unit_once_and_none_is_larger_than_the_largest_shard(parts: Parts, sizes: list[int]) -> None:
    shards = {name: ShardInfo(name, 61, 61, size * 61, "") for name, size in zip("abcd", sizes, strict=True)}
    pieces = pack(parts, shards)
    assert sum(count(piece.parts) for piece in pieces) == count(parts)
    assert {unit for piece in pieces for unit in units_of(piece.parts)} == units_of(parts)
    assert all(count(piece.parts) <= 61 for piece in pieces)
    weights = [
        sum(shards[name].bytes * count({name: one}) / 61 for name, one in piece.parts.items()) for piece in pieces
    ]
    assert all(weight <= max(sizes) * 61 + 1e-6 for weight in weights)


@given(st.lists(st.tuples(names, names), max_size=30), st.lists(st.text(max_size=3), max_size=10))
def test_a_folder_finds_the_first_item_of_each_name(rows: list[tuple[str | None, str | None]], more: list[str]) -> None:
    items = [(uuid5(NAMESPACE, str(number)), source, url) for number, (source, url) in enumerate(rows)]
    contents = FolderContents(iter(items))
    by_source = {source: uuid for uuid, source, _ in reversed(items) if source is not None}
    by_url = {url: uuid for uuid, _, url in reversed(items) if url is not None}
    wanted = [*more, *by_source, *by_url]
    assert len(contents) == len(rows)
    assert contents.by_source(wanted) == [by_source.get(name) for name in wanted]
    assert contents.by_url(wanted) == [by_url.get(name) for name in wanted]
