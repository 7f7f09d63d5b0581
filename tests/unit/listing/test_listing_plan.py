"""Shards of a plan share no key: what is said of two prefixes is held against keys that are tried out."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.benchmark_qa.listing.model import DataKind, ListingError
from include.benchmark_qa.listing.plan import ShardPlan, check_apart

KEYS = ["".join(letters) for length in range(1, 6) for letters in product("ab/", repeat=length)]
SHARDS = st.lists(st.tuples(st.text(alphabet="ab/", max_size=3), st.booleans()), max_size=5)


def holds(prefix: str, is_level: bool, key: str) -> bool:
    return key.startswith(prefix) and not (is_level and "/" in key[len(prefix) :])


@given(SHARDS)
@example([("a/", True), ("a/b/", False), ("a/a", False)])
@example([("a/", True), ("a/b/", False), ("a/c/", True), ("a/c/d/", False)])
def test_an_overlap_is_found_exactly_when_some_key_is_in_two_shards(shards: list[tuple[str, bool]]) -> None:
    doubled = any(sum(holds(*shard, key) for shard in shards) > 1 for key in KEYS)
    plans = [ShardPlan(n, DataKind.PRODUCTION, prefix, is_level) for n, (prefix, is_level) in enumerate(shards)]
    if doubled:
        with pytest.raises(ListingError, match="two parts of the listing overlap: '"):
            check_apart(plans)
    else:
        check_apart(plans)
