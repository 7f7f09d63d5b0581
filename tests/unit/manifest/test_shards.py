from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import pairwise

import pytest

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.generate import ManifestTally
from include.benchmark_qa.manifest.model import ManifestError, Unit, UnitType
from include.benchmark_qa.manifest.render import read_shard
from include.benchmark_qa.manifest.rules import ManifestRules
from include.benchmark_qa.manifest.shards import Shard, cut_shards, read_index, render_index


def images(count: int) -> list[Unit]:
    return [
        Unit(
            UnitType.IMAGE,
            f"{n}",
            (f"https://h/{n:04d}",),
            (f"{n:04d}",),
            {"source_key": f"{n:04d}", "kind": "benchmark"},
        )
        for n in range(count)
    ]


def cut(units: Iterable[Unit], **limits: int) -> list[Shard]:
    return list(cut_shards(units, ManifestRules(**limits)))


def test_shards_hold_so_many_units_and_lose_none():
    shards = cut(images(25), shard_items=10)
    assert [shard.info.units for shard in shards] == [10, 10, 5]
    assert [shard.info.name for shard in shards] == ["shard-00001.json", "shard-00002.json", "shard-00003.json"]
    assert [unit for shard in shards for unit in read_shard(shard.data)] == images(25)


def test_shards_stay_below_their_size():
    shards = cut(images(100), max_shard_bytes=2000)
    assert all(len(shard.data) <= 2000 for shard in shards)
    assert sum(shard.info.units for shard in shards) == 100
    # Packed, not merely small: two neighbours never fit into one.
    assert all(len(one.data) + len(other.data) > 2000 for one, other in pairwise(shards))


def test_info_describes_the_bytes():
    (shard,) = cut(images(3))
    info = shard.info
    assert (info.units, info.urls, info.bytes) == (3, 3, len(shard.data))
    assert info.sha256 == hashlib.sha256(shard.data).hexdigest()


def test_same_units_give_the_same_shards():
    assert cut(images(25), shard_items=10) == cut(iter(images(25)), shard_items=10)


def test_no_units_give_no_shards():
    assert cut([]) == []


def test_a_unit_that_is_there_twice_is_refused_by_name():
    with pytest.raises(ManifestError, match="image '1' is there twice, with URL https://h/0001"):
        cut([*images(2), images(2)[1]])


def test_the_same_file_as_another_type_is_another_unit():
    image = images(1)[0]
    text = Unit(UnitType.TEXT, image.title, image.object_urls, image.source_keys, image.client_metadata)
    assert cut([image, text])[0].info.units == 2


def test_a_unit_too_big_for_any_shard_is_refused_by_name():
    urls = tuple(f"https://h/g/{number}" for number in range(100))
    group = Unit(UnitType.IMAGE_GROUP, "huge", urls, urls, {"source_key": "g", "kind": "benchmark"})
    with pytest.raises(ManifestError, match=r"image_group 'huge' takes \d+ bytes of manifest, and a shard holds 1000"):
        cut([group], max_shard_bytes=1000)


def test_index_comes_back_with_what_was_left_out():
    shards = [shard.info for shard in cut(images(25), shard_items=10)]
    tally = ManifestTally(used=25, skipped=2, ignored=1, first_ignored=["odd é.xyz"])
    tally.units[UnitType.IMAGE] = 25
    index = read_index(render_index(DataKind.BENCHMARK, shards, tally))
    assert index.shards == tuple(shards)
    assert index.kind is DataKind.BENCHMARK
    assert index.units == {"image": 25}
    assert (index.used, index.skipped, index.ignored, index.first_ignored) == (25, 2, 1, ("odd é.xyz",))


@pytest.mark.parametrize("data", [b"{", b"{}", b"[]", b'{"shards": [{"name": 1}]}'])
def test_bytes_that_are_no_index_are_refused(data):
    with pytest.raises(ManifestError, match="no manifest index"):
        read_index(data)
