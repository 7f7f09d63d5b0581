from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from include.benchmark_qa.similarity.boxes import box_iou, box_iou_pairs

POSITION = st.floats(-100, 100) | st.integers(-5, 5).map(float)
SIDE = st.floats(0.01, 100) | st.integers(1, 10).map(float)
BOXES = st.lists(st.tuples(POSITION, POSITION, SIDE, SIDE), min_size=1, max_size=6).map(np.array)
ANY = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, -1.0, 1e17])
ANY_BOXES = st.lists(st.tuples(ANY, ANY, ANY, ANY), max_size=5).map(lambda rows: np.array(rows).reshape(-1, 4))
LIMITS = settings(deadline=None)


@given(BOXES, BOXES)
@LIMITS
def test_boxes_agree_with_pycocotools(a, b):
    np.testing.assert_allclose(box_iou(a, b), coco.iou(a, b, [0] * len(b)), atol=1e-9)


def test_many_boxes_agree_with_pycocotools():
    generator = np.random.default_rng(1)
    a, b = generator.random((700, 4)) * 50, generator.random((300, 4)) * 50
    np.testing.assert_allclose(box_iou(a, b), coco.iou(a, b, [0] * len(b)), atol=1e-9)


@given(ANY_BOXES, ANY_BOXES)
@LIMITS
@pytest.mark.filterwarnings("error")
def test_any_numbers_give_a_share_and_are_symmetric(a, b):
    iou = box_iou(a, b)
    assert iou.shape == (len(a), len(b))
    assert ((iou >= 0) & (iou <= 1)).all()
    np.testing.assert_array_equal(iou, box_iou(b, a).T)
    rows, columns = np.indices(iou.shape).reshape(2, -1)
    np.testing.assert_array_equal(box_iou_pairs(a[rows], b[columns]), iou.ravel())


@given(BOXES, BOXES)
@LIMITS
def test_a_matrix_holds_exactly_what_the_pairs_give(a, b):
    rows, columns = np.indices((len(a), len(b))).reshape(2, -1)
    np.testing.assert_array_equal(box_iou_pairs(a[rows], b[columns]), box_iou(a, b).ravel())


@given(BOXES)
@LIMITS
def test_a_box_is_exactly_itself(boxes):
    np.testing.assert_array_equal(np.diag(box_iou(boxes, boxes)), 1.0)
    np.testing.assert_array_equal(box_iou_pairs(boxes, boxes), 1.0)


# An overlap's area must not vanish at any of the scales, or there is no share left to keep.
ROUNDED_BOXES = BOXES.map(lambda boxes: boxes.round(9))


@given(ROUNDED_BOXES, ROUNDED_BOXES, st.integers(-400, 400))
@LIMITS
def test_the_scale_of_the_image_changes_nothing(a, b, exponent):
    np.testing.assert_array_equal(box_iou(a * 2.0**exponent, b * 2.0**exponent), box_iou(a, b))


def test_pairs_of_more_than_a_block_come_in_order():
    generator = np.random.default_rng(2)
    a, b = generator.random((20_001, 4)), generator.random((20_001, 4))
    b[::1000, 2] = a[::1000, 2] = 0
    b[::2000] = a[::2000]
    rows = np.arange(0, 20_001, 500)
    np.testing.assert_array_equal(box_iou_pairs(a, b)[rows], np.diag(box_iou(a[rows], b[rows])))


def test_a_flat_or_broken_box_overlaps_nothing_but_its_equal():
    flat = [[1, 1, 0, 5], [1, 1, 5, 0], [0, 0, -3, 4], [0, 0, -3, -4], [1e17, 0, 1, 1]]
    broken = [[np.nan, 0, 1, 1], [0, 0, np.inf, 1]]
    boxes = np.array([*flat, *broken, [0, 0, 10, 10]])
    expected = np.diag([1.0, 1, 1, 1, 1, 0, 0, 1])
    np.testing.assert_array_equal(box_iou(boxes, boxes), expected)
    np.testing.assert_array_equal(box_iou_pairs(boxes, boxes), np.diag(expected))


@pytest.mark.parametrize(("n", "m"), [(0, 3), (3, 0), (0, 0)])
def test_no_boxes_are_an_empty_matrix(n, m):
    assert box_iou(np.empty((n, 4)), np.ones((m, 4))).shape == (n, m)
    assert box_iou([], np.ones((m, 4))).shape == (0, m)
