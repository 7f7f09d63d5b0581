from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.labels.owners import Owners

ROWS = st.lists(st.lists(st.sampled_from("abcd"), max_size=6), max_size=5)


@given(ROWS)
def test_objects_are_numbered_row_by_row_in_the_order_in_which_they_come(rows):
    row = np.array([place for place, hashes in enumerate(rows) for _ in hashes], np.int64)
    hashes = [one for of_row in rows for one in of_row]
    owners = Owners(row, hashes)
    expected = list(dict.fromkeys(zip(row.tolist(), hashes, strict=True)))
    assert list(zip(owners.rows.tolist(), owners.hashes, strict=True)) == expected
    assert [expected[one] for one in owners.owner] == list(zip(row.tolist(), hashes, strict=True))


@given(ROWS, st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abcde")), max_size=8))
def test_objects_are_found_by_row_and_hash(rows, wanted):
    drawn = [(place, one) for place, hashes in enumerate(rows) for one in hashes]
    owners = Owners(np.array([row for row, _ in drawn], np.int64), [one for _, one in drawn])
    known = {one: number for number, one in enumerate(dict.fromkeys(drawn))}
    found = owners.find([row for row, _ in wanted], [one for _, one in wanted])
    assert found == [known.get(one, -1) for one in wanted]
