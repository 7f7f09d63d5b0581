from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from include.benchmark_qa.similarity import mask_runs
from include.benchmark_qa.similarity.bitmasks import bitmask_iou, bitmask_iou_pairs
from include.benchmark_qa.similarity.mask_runs import MAX_PIXELS, decode_runs, join_runs


def encode(pixels):
    return coco.encode(np.asfortranarray(pixels, dtype=np.uint8))


@st.composite
def mask_stacks(draw):
    """Draw masks of one size: noise of any density, full and empty ones, ones that touch the corners."""
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    some = hnp.arrays(np.bool_, shape)
    plain = st.sampled_from([np.zeros(shape, bool), np.ones(shape, bool)])
    corner = st.tuples(st.integers(0, shape[0]), st.integers(0, shape[1]), st.booleans())
    corners = corner.map(lambda at: _corner(shape, *at))
    return draw(st.lists(st.one_of(some, plain, corners), min_size=2, max_size=8))


def _corner(shape, rows, columns, is_last):
    pixels = np.zeros(shape, bool)
    pixels[rows:, columns:] = True
    return pixels if is_last else pixels[::-1, ::-1]


def iou_of_pixels(a, b):
    return float((a & b).sum() / (a | b).sum()) if (a | b).any() else 1.0


@given(mask_stacks())
@settings(deadline=None)
def test_masks_compare_as_their_pixels_do(stack):
    masks = [encode(pixels) for pixels in stack]
    expected = np.array([[iou_of_pixels(a, b) for b in stack] for a in stack])
    assert (bitmask_iou(masks, masks) == expected).all()
    assert (bitmask_iou_pairs(masks, masks[::-1]) == expected[:, ::-1].diagonal()).all()


@given(mask_stacks())
@settings(deadline=None)
def test_masks_compare_exactly_as_in_pycocotools(stack):
    masks = [encode(pixels) for pixels in stack if pixels.any()]
    expected = np.array(coco.iou(masks, masks, [0] * len(masks))).reshape(len(masks), len(masks))
    assert (bitmask_iou(masks, masks) == expected).all()


def test_a_mask_in_a_gap_of_another_harms_no_other_pair():
    rows = ["1111111111", "0010101000", "1010101011", "1000000001"]
    full, within, striped, around = (encode([[letter == "1" for letter in row]]) for row in rows)
    assert bitmask_iou_pairs([full, within], [striped, around]).tolist() == [0.6, 0.0]


def test_large_masks_have_numbers_of_many_digits():
    height, width = 20_000, 30_000
    left, right = (
        coco.frPyObjects([[x, y, width, y, width, height, x, height]], height, width)[0]
        for x, y in [(0, 0), (7000, 19)]
    )
    assert bitmask_iou([left], [right])[0, 0] == coco.iou([left], [right], [0])[0, 0]


def test_counts_may_be_text():
    mask = encode(np.eye(9))
    text = {"size": [9, 9], "counts": mask["counts"].decode()}
    assert bitmask_iou([mask], [text]).tolist() == [[1.0]]


def test_what_is_missing_behind_the_last_run_is_outside():
    pixels = np.zeros((8, 8), bool)
    pixels[2:4, 2:4] = True
    whole = encode(pixels)
    cut = {"size": [8, 8], "counts": whole["counts"][:-2]}  # 36 pixels outside, told in two digits
    assert bitmask_iou([cut], [whole]).tolist() == [[1.0]]


def test_masks_of_different_sizes_cannot_be_compared():
    small, large, turned = encode(np.ones((2, 3))), encode(np.ones((4, 4))), encode(np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"differ in size: \[\(2, 3\), \(3, 2\)\]"):
        bitmask_iou([small], [turned])
    assert np.isnan(bitmask_iou_pairs([small, small, small], [turned, large, small])).tolist() == [True, True, False]


def test_nothing_to_compare():
    assert bitmask_iou([], []).shape == (0, 0)
    assert bitmask_iou([], [encode(np.eye(3))]).shape == (0, 1)
    assert bitmask_iou_pairs([], []).shape == (0,)


MALFORMED = {
    "ends within a number": b"0o",
    "is not of the alphabet": b"0\xff4",
    "has a letter beyond the alphabet": "0é4",
    "has a lone surrogate": "0\ud8004",
    "has a negative length": b"0N",
    "is larger than the mask": b"0:",
    "has a number without end": b"0" + b"o" * 1000 + b"0",
    "sums up to more than an integer holds": b"0" + b"oooooo?" * 1000,
    "is a number": 5,
    "is missing": None,
}


@pytest.mark.parametrize("counts", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_mask_harms_no_other(counts):
    good = encode(np.eye(3))
    bad = {"size": [3, 3], "counts": counts}
    with pytest.raises(ValueError, match="mask 1 of both lists is not"):
        bitmask_iou([good], [bad])
    similarity = bitmask_iou_pairs([good, bad, good, bad], [good, good, good, bad])
    assert similarity.tolist() == pytest.approx([1.0, np.nan, 1.0, np.nan], nan_ok=True)


@pytest.mark.parametrize("size", [[-1, -9], [3], [3, 3, 3], ["3", "3"], [3.5, 3], None, [MAX_PIXELS, 2], [1 << 70, 0]])
def test_a_size_that_is_none_is_refused(size):
    mask = {"size": size, "counts": b"09"}
    assert np.isnan(bitmask_iou_pairs([mask], [mask])).all()


def test_a_huge_size_costs_nothing():
    mask = {"size": [1 << 17, 1 << 17], "counts": b"04"}
    assert bitmask_iou([mask], [mask]).tolist() == [[1.0]]


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=6), st.integers(0, 50))
@settings(deadline=None)
def test_whatever_the_counts_are_the_answer_is_a_share_or_nan(counts, side):
    masks = [{"size": [side, side], "counts": one} for one in counts]
    similarity = bitmask_iou_pairs(masks, masks[::-1])
    assert (((similarity >= 0) & (similarity <= 1)) | np.isnan(similarity)).all()
    alone = [bitmask_iou_pairs([a], [b])[0] for a, b in zip(masks, masks[::-1], strict=True)]
    assert similarity.tolist() == pytest.approx(alone, nan_ok=True, abs=0)


@given(mask_stacks())
@settings(deadline=None)
def test_many_masks_are_decoded_and_laid_out_as_a_few_are(stack):
    counts = [encode(pixels)["counts"] for pixels in stack] + [b"o", b""]
    whole, single = decode_runs(counts), join_runs([decode_runs([one]) for one in counts])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mask_runs, "CHARACTERS_AT_ONCE", 5)
        cut = decode_runs(counts)
    every = np.arange(len(counts))
    for runs in (single, cut, whole.chosen(every[::-1]).chosen(every[::-1])):
        for field in ("edges", "offsets", "begins", "valid"):
            np.testing.assert_array_equal(getattr(runs, field), getattr(whole, field))
