"""What a listing keeps: the same as the plain meaning of each filter, one object at a time."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from include.benchmark_qa.listing.filters import ListingFilters, modified_within
from include.benchmark_qa.manifest.patterns import compile_glob
from include.object_storage import ObjectBatch
from tests.unit.listing.listing_support import MODIFIED, batch

KEYS = ("p/a.JPG", "p/a.jpg", "p/a.jpg.txt", "p/day 1/b.nii.gz", "p/day 1/c.png", "p/tmp/d.jpg")
AWKWARD = st.text(alphabet="ab/.*?[]!-^\\ é+#&~%\n$(){}|", max_size=8)


def kept(rows: ObjectBatch, prefix: str = "p/", **fields: object) -> list[str]:
    return list(ObjectBatch(ListingFilters.model_validate(fields).kept(rows.arrow, prefix)).keys)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"suffixes": [".jpg"]}, [0, 1, 5]),
        ({"suffixes": [".PNG", ".nii.gz"]}, [3, 4]),
        ({"glob": "*.jpg"}, [1, 5]),
        ({"glob": "day */*"}, [3, 4]),
        ({"glob": "./*"}, []),
        ({"glob": "**/[bc].*"}, [3, 4]),
        ({"exclude": "tmp/**"}, [0, 1, 2, 3, 4]),
        ({"suffixes": [".jpg"], "exclude": "tmp/*", "glob": "a*"}, [0, 1]),
    ],
)
def test_names_are_filtered(fields: dict[str, object], expected: list[int]) -> None:
    assert kept(batch(KEYS), **fields) == [KEYS[index] for index in expected]


def test_sizes_are_inclusive_on_both_ends() -> None:
    keys, sizes = ["p/0", "p/9", "p/10", "p/20", "p/21"], [0, 9, 10, 20, 21]
    rows = ObjectBatch.of(keys, sizes, [MODIFIED] * 5, [""] * 5)
    assert kept(rows, min_size=10, max_size=20) == ["p/10", "p/20"]
    assert kept(rows, min_size=1) == keys[1:]
    assert kept(rows, max_size=0) == keys[:1]


def test_the_window_takes_its_start_and_not_its_end() -> None:
    tick = timedelta(microseconds=1)
    moments = [MODIFIED - tick, MODIFIED, MODIFIED + tick, MODIFIED + 2 * tick]
    rows = ObjectBatch.of(list("abcd"), [1] * 4, moments, [""] * 4)
    assert ObjectBatch(modified_within(rows.arrow, (MODIFIED, MODIFIED + 2 * tick))).keys == ("b", "c")


@given(glob=AWKWARD.filter(bool), prefix=AWKWARD, tails=st.lists(AWKWARD, min_size=1))
def test_a_glob_means_in_arrow_what_it_means_in_python(glob: str, prefix: str, tails: list[str]) -> None:
    try:
        meaning = compile_glob(glob)
    except re.error:
        assume(False)
    tails = [*tails, glob, glob.replace("*", "a").replace("?", "b")]
    rows = batch([prefix + tail for tail in tails])
    expected = [prefix + tail for tail in tails if meaning.fullmatch(tail)]
    assert kept(rows, prefix, glob=glob) == expected
    assert len(kept(rows, prefix, exclude=glob)) == len(tails) - len(expected)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"glob": "[z-a]"}, r"glob '\[z-a\]' cannot be read: bad character range"),
        ({"exclude": "[z-a]"}, r"cannot be read"),
        ({"suffixes": ["jpg"]}, r"suffixes\.0\n  String should match pattern"),
        ({"min_size": 2, "max_size": 1}, "min_size 2 is more than max_size 1"),
        ({"min_size": -1}, "greater than or equal to 0"),
        ({"globs": "*"}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_meant_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ListingFilters.model_validate(fields)
