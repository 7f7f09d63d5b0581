from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.manifest import generate, shard_writer
from include.benchmark_qa.manifest.model import ManifestError
from include.benchmark_qa.manifest.shards import read_index
from tests.unit.manifest.manifest_support import FOLDER, make

GROUPS = {"match": "groups/**", "type": "image_group"}
RULES = [GROUPS, {"match": [".jpg"], "type": "image"}, {"match": [".mp4"], "type": "video"}]


def images(count: int) -> list[str]:
    return [f"production/{number:04d}.jpg" for number in range(count)]


def test_shards_hold_so_many_units_and_lose_none():
    made = make(images(25), shard_items=10)
    assert [shard.units for shard in made.index.shards] == [10, 10, 5]
    assert [shard.name for shard in made.index.shards] == [f"shard-0000{number}.json" for number in (1, 2, 3)]
    assert [unit.title for unit in made.units] == images(25)


def test_shards_stay_below_their_size_and_are_full():
    made = make(images(100), max_shard_bytes=2_000)
    sizes = [len(made.files[FOLDER + shard.name]) for shard in made.index.shards]
    assert sizes == [shard.bytes for shard in made.index.shards]
    assert max(sizes) <= 2_000
    assert all(size > 2_000 - shard_writer.FRAME_BYTES - 250 for size in sizes[:-1]), "an item has 220 bytes"
    assert made.index.units == {"image": 100}


def test_shards_hold_no_more_urls_than_encord_takes():
    keys = [f"production/groups/{group}/{frame}.jpg" for group in range(9) for frame in range(3)]
    with patch.object(shard_writer, "MAX_SHARD_URLS", 7):
        made = make(keys, rules=RULES)
    assert [(shard.units, shard.urls) for shard in made.index.shards] == [(2, 6)] * 4 + [(1, 3)]


def test_a_unit_too_big_for_any_shard_is_left_out_by_name():
    keys = [f"production/groups/huge/{number}.jpg" for number in range(100)]
    made = make([*keys, "production/1.jpg"], rules=RULES, max_shard_bytes=1_000)
    assert made.index.units == {"image": 1}
    assert made.index.reasons == {"too big": 100}
    assert "takes 9013 bytes" in made.quarantine[keys[0]]
    assert "a shard holds 1000 (max_shard_bytes)" in made.quarantine[keys[0]]


def test_a_long_single_file_is_too_big_as_well():
    rule = {"match": [".jpg"], "type": "image", "title": "{name}", "client_metadata": {"again": "{key}"}}
    made = make([f"production/{'x' * 200}.jpg", "production/1.jpg"], rules=[rule], max_shard_bytes=1_000)
    assert made.index.reasons == {"too big": 1}


def test_a_shard_beyond_encords_limits_is_never_written():
    with patch.object(shard_writer, "MAX_SHARD_ITEMS", 3), pytest.raises(ManifestError, match=r"has 4 units; Encord"):
        make(images(4))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(["a.jpg", "b.mp4", "é.jpg", "bad.xyz", "long-name-of-a-file.jpg"]), max_size=40),
    st.integers(0, 6),
    st.integers(1, 12),
    st.integers(1_000, 3_000),
    st.integers(1, 7),
)
def test_shards_keep_their_limits_and_the_order(names, groups, shard_items, max_shard_bytes, chunk):
    keys = [f"production/{position:02d}/{name}" for position, name in enumerate(names)]
    keys += [f"production/groups/{group}/{frame}.jpg" for group in range(groups) for frame in range(2)]
    whole = make(keys, rules=RULES)
    with patch.object(generate, "CHUNK_ROWS", chunk):
        cut = make(keys, rules=RULES, shard_items=shard_items, max_shard_bytes=max_shard_bytes)
    for shard, info in zip(cut.shards, cut.index.shards, strict=True):
        assert len(shard) == info.units <= shard_items
        assert len(cut.files[FOLDER + info.name]) == info.bytes <= max_shard_bytes
    for unit_type in {unit.type for unit in whole.units}:  # within a shard, sections follow each other
        of_type = [[unit for unit in units if unit.type is unit_type] for units in (whole.units, cut.units)]
        assert of_type[0] == of_type[1]
    assert len(cut.units) == len(whole.units)


@pytest.mark.parametrize("data", [b"{", b"{}", b"[]", b'{"shards": [{"name": 1}]}'])
def test_bytes_that_are_no_index_are_refused(data):
    with pytest.raises(ManifestError, match="no manifest index"):
        read_index(data)
