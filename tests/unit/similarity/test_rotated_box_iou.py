from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from include.benchmark_qa.similarity.boxes import box_iou
from include.benchmark_qa.similarity.rotated_boxes import rotated_box_iou, rotated_box_iou_pairs

POSITION = st.floats(-30, 30) | st.integers(-3, 3).map(float)
SIDE = st.floats(0.1, 40) | st.integers(1, 5).map(float)
THETA = st.floats(-1000, 1000) | st.integers(-8, 8).map(lambda steps: 45.0 * steps)
BOX = st.tuples(POSITION, POSITION, SIDE, SIDE, THETA)
BOXES = st.lists(BOX, min_size=1, max_size=4).map(np.array)
ANY = st.floats() | st.sampled_from([0.0, 1.0, -1.0, 90.0])
ANY_BOXES = st.lists(st.tuples(ANY, ANY, ANY, ANY, ANY), max_size=4).map(lambda rows: np.array(rows).reshape(-1, 5))
LIMITS = settings(deadline=None)


def shapely_iou(one, other):
    def polygon(box):
        x, y, w, h, theta = box
        # shapely turns from +x towards +y, which is clockwise on a screen, whose y points down.
        return affinity.rotate(shapely.box(x, y, x + w, y + h), theta, origin="center")

    a, b = polygon(one), polygon(other)
    return a.intersection(b).area / a.union(b).area


@given(BOXES, BOXES)
@LIMITS
def test_rotated_boxes_agree_with_shapely(a, b):
    expected = [[shapely_iou(one, other) for other in b] for one in a]
    np.testing.assert_allclose(rotated_box_iou(a, b), expected, atol=1e-9)


def test_many_rotated_boxes_agree_with_shapely():
    generator = np.random.default_rng(3)
    a, b = (np.c_[generator.random((40, 4)) * 30, generator.random(40) * 360] for _ in "ab")
    expected = [[shapely_iou(one, other) for other in b] for one in a]
    np.testing.assert_allclose(rotated_box_iou(a, b), expected, atol=1e-12)


def test_boxes_of_the_same_angle_are_not_compared_as_if_they_were_upright():
    # Unrotated they are 3.5 pixels apart; along their common axis they are shifted by 7.5 times the root of 2.
    shift = 7.5 * math.sqrt(2)
    box, other = np.array([[0, 0, 20, 4, 45.0]]), np.array([[7.5, 7.5, 20, 4, 45.0]])
    assert box_iou(box[:, :4], other[:, :4])[0, 0] == 0
    assert rotated_box_iou(box, other)[0, 0] == pytest.approx((20 - shift) / (20 + shift), abs=1e-12)
    assert rotated_box_iou(box, other)[0, 0] == pytest.approx(0.307, abs=1e-3)


def test_theta_turns_clockwise_on_the_screen():
    # Turned clockwise by 30 degrees, the right end of the box is below its centre, where y is greater.
    box = np.array([[0, 0, 100, 1, 30.0]])
    right_end = [50 + 45 * math.cos(math.pi / 6), 0.5 + 45 * math.sin(math.pi / 6)]
    spots = np.array([[x - 0.25, y - 0.25, 0.5, 0.5, 30] for x, y in (right_end, (right_end[0], 1 - right_end[1]))])
    np.testing.assert_allclose(rotated_box_iou(box, spots), [[0.25 / 100, 0]], atol=1e-12)


def test_an_octagon_by_hand():
    # A unit square and the same turned by 45 degrees share a regular octagon of the area 2 * (sqrt(2) - 1).
    octagon = 2 * (math.sqrt(2) - 1)
    iou = rotated_box_iou_pairs(np.array([[3, 7, 1, 1, 10.0]]), np.array([[3, 7, 1, 1, 55.0]]))
    assert iou[0] == pytest.approx(octagon / (2 - octagon), abs=1e-12)


@given(BOXES, BOXES, st.sampled_from([0, 180, -360]), st.sampled_from([90, -90, 270]))
@LIMITS
def test_upright_boxes_agree_with_box_iou(a, b, half_turn, quarter_turn):
    expected = box_iou(a[:, :4], b[:, :4])
    a[:, 4], b[:, 4] = half_turn, 0
    np.testing.assert_array_equal(rotated_box_iou(a, b), expected)
    x, y, w, h = a[:, :4].T
    lying = np.stack([x + w / 2 - h / 2, y + h / 2 - w / 2, h, w, np.full(len(a), quarter_turn)], axis=1)
    np.testing.assert_allclose(rotated_box_iou(lying, b), expected, atol=1e-12)


@given(ANY_BOXES, ANY_BOXES)
@LIMITS
@pytest.mark.filterwarnings("error")
def test_any_numbers_give_a_share_and_are_symmetric(a, b):
    iou = rotated_box_iou(a, b)
    assert iou.shape == (len(a), len(b))
    assert ((iou >= 0) & (iou <= 1)).all()
    np.testing.assert_array_equal(iou, rotated_box_iou(b, a).T)


@given(BOXES, BOXES)
@LIMITS
def test_pairs_are_the_diagonal_and_a_box_is_exactly_itself(a, b):
    a, b = a[: min(len(a), len(b))], b[: min(len(a), len(b))]
    np.testing.assert_array_equal(rotated_box_iou_pairs(a, b), np.diag(rotated_box_iou(a, b)))
    np.testing.assert_array_equal(rotated_box_iou_pairs(a, a), 1.0)


@given(BOXES, BOXES, st.sampled_from([1e-140, 1e-6, 3.0, 1e6, 1e140]))
@LIMITS
def test_the_scale_of_the_image_changes_nothing(a, b, scale):
    factors = np.array([scale] * 4 + [1])
    np.testing.assert_allclose(rotated_box_iou(a * factors, b * factors), rotated_box_iou(a, b), atol=1e-11)


@given(BOX, BOX, st.floats(-360, 360))
@LIMITS
def test_turning_both_boxes_around_one_point_changes_nothing(one, other, angle):
    def turned(box):
        x, y, w, h, theta = box
        centre = complex(x + w / 2, y + h / 2) * complex(math.cos(math.radians(angle)), math.sin(math.radians(angle)))
        return [centre.real - w / 2, centre.imag - h / 2, w, h, theta + angle]

    expected = rotated_box_iou([one], [other])
    np.testing.assert_allclose(rotated_box_iou([turned(one)], [turned(other)]), expected, atol=1e-9)


def test_a_flat_or_broken_rotated_box_overlaps_nothing_but_its_equal():
    boxes = np.array(
        [[0, 0, 0, 5, 30], [0, 0, -2, 5, 30], [0, 0, 9, 9, np.nan], [0, 0, 9, np.inf, 3], [0, 0, 9, 9, 20]]
    )
    expected = np.diag([1.0, 1, 0, 0, 1])
    np.testing.assert_array_equal(rotated_box_iou(boxes, boxes), expected)
    backwards = [[0, 0, -1, -1, 9], [0, 0, -1, -np.inf, 9], [0, 0, -1, -2, 9]]
    np.testing.assert_array_equal(rotated_box_iou(backwards, backwards), np.diag([1.0, 0, 1]))


def test_no_rotated_boxes_are_an_empty_matrix():
    assert rotated_box_iou([], np.ones((3, 5))).shape == (0, 3)
    assert rotated_box_iou_pairs([], []).shape == (0,)
