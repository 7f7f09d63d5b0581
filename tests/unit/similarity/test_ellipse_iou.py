from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.similarity.ellipses import ellipse_iou, ellipse_iou_pairs

POSITION = st.floats(-20, 20) | st.integers(-3, 3).map(float)
RADIUS = st.floats(0.5, 30) | st.integers(1, 5).map(float)
THETA = st.floats(-400, 400) | st.integers(-4, 4).map(lambda steps: 45.0 * steps)
ELLIPSE = st.tuples(POSITION, POSITION, RADIUS, RADIUS, THETA)
CIRCLE = st.tuples(POSITION, POSITION, RADIUS)
ANY = st.floats() | st.sampled_from([0.0, 1.0, -1.0, 90.0])
ANY_ELLIPSES = st.lists(st.tuples(*[ANY] * 5), max_size=4).map(lambda rows: np.array(rows).reshape(-1, 5))
LIMITS = settings(deadline=None)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def polygon(ellipse, corners):
    """Return a polygon with the ellipse's area; its IoU converges with the square of the number of corners."""
    cx, cy, rx, ry, theta = ellipse
    angle = np.arange(corners) * 2 * np.pi / corners
    growth = math.sqrt(2 * math.pi / corners / math.sin(2 * math.pi / corners))
    x, y = growth * rx * np.cos(angle), growth * ry * np.sin(angle)
    cosine, sine = math.cos(math.radians(theta)), math.sin(math.radians(theta))
    return shapely.Polygon(np.stack([cx + cosine * x - sine * y, cy + sine * x + cosine * y], axis=1))


def polygon_iou(one, other, corners):
    a, b = polygon(one, corners), polygon(other, corners)
    return a.intersection(b).area / a.union(b).area


def integrated_lens(r, s, distance):
    """Return the area two circles share, as an integral over the distance from the centre of the first one."""
    total = 0.0
    for low, high in ((0, min(r, abs(s - distance))), (min(r, abs(s - distance)), min(r, s + distance))):
        t = low + (high - low) * (1 - np.cos((NODES + 1) * np.pi / 2)) / 2  # smooth at both ends
        slope = (high - low) * np.sin((NODES + 1) * np.pi / 2) * np.pi / 4
        cosine = (t**2 + distance**2 - s**2) / np.maximum(2 * t * distance, 1e-300)
        total += (WEIGHTS * slope * 2 * t * np.arccos(np.clip(cosine, -1, 1))).sum()
    return total


@given(ELLIPSE, ELLIPSE)
@LIMITS
def test_ellipses_agree_with_polygons_of_many_corners(one, other):
    assert ellipse_iou([one], [other])[0, 0] == pytest.approx(polygon_iou(one, other, 2048), abs=5e-6)


def test_many_ellipses_agree_with_polygons():
    generator = np.random.default_rng(4)
    a, b = (np.c_[generator.random((12, 4)) * 30 + 0.1, generator.random(12) * 360] for _ in "ab")
    expected = [[polygon_iou(one, other, 1024) for other in b] for one in a]
    np.testing.assert_allclose(ellipse_iou(a, b), expected, atol=1e-8)


@given(CIRCLE, CIRCLE)
@LIMITS
def test_circles_agree_with_an_integral(one, other):
    distance = math.dist(one[:2], other[:2])
    shared = integrated_lens(one[2], other[2], distance)
    expected = shared / (math.pi * (one[2] ** 2 + other[2] ** 2) - shared)
    circles = [np.array([[x, y, r, r, 0]]) for x, y, r in (one, other)]
    assert ellipse_iou(*circles)[0, 0] == pytest.approx(expected, abs=1e-9)


@given(CIRCLE, CIRCLE, st.floats(0.2, 5), THETA)
@LIMITS
def test_two_circles_stretched_together_keep_their_iou(one, other, stretch, theta):
    cosine, sine = math.cos(math.radians(theta)), math.sin(math.radians(theta))

    def stretched(circle):
        x, y, r = circle[0] * stretch, circle[1], circle[2]
        return [cosine * x - sine * y, sine * x + cosine * y, r * stretch, r, theta]

    expected = ellipse_iou([[one[0], one[1], one[2], one[2], 0]], [[other[0], other[1], other[2], other[2], 0]])
    np.testing.assert_allclose(ellipse_iou([stretched(one)], [stretched(other)]), expected, atol=1e-9)


def test_circles_by_hand():
    # Unit circles a radius apart share 2 pi / 3 - sqrt(3) / 2; one inside the other shares all of itself.
    lens = 2 * math.pi / 3 - math.sqrt(3) / 2
    unit = np.array([[0, 0, 1, 1, 0.0]])
    others = np.array([[1, 0, 1, 1, 33], [0.25, 0.25, 0.5, 0.5, 0], [2, 0, 1, 1, 0], [0, 0, 1, 1, 12]])
    expected = [lens / (2 * math.pi - lens), 0.25, 0, 1]
    np.testing.assert_allclose(ellipse_iou(unit, others)[0], expected, atol=1e-15)


def test_a_cross_of_ellipses_by_hand():
    # Equal ellipses that cross at right angles share 4 * a * b * arctan(b / a).
    a, b = 5.0, 2.0
    shared = 4 * a * b * math.atan(b / a)
    iou = ellipse_iou_pairs(np.array([[3, 4, a, b, 20]]), np.array([[3, 4, a, b, 110]]))
    assert iou[0] == pytest.approx(shared / (2 * math.pi * a * b - shared), abs=1e-13)


@given(ELLIPSE, st.floats(0.01, 0.99))
@LIMITS
def test_a_smaller_ellipse_inside_is_its_share(ellipse, share):
    inner = np.array(ellipse) * [1, 1, share, share, 1]
    assert ellipse_iou([ellipse], [inner])[0, 0] == pytest.approx(share**2, abs=1e-12)


@given(ELLIPSE, st.floats(1e-15, 1e-6))
@LIMITS
def test_a_nearly_equal_ellipse_is_nearly_1(ellipse, difference):
    other = np.array(ellipse) * (1 + np.array([0, 0, difference, -difference, difference]))
    assert ellipse_iou([ellipse], [other])[0, 0] == pytest.approx(1, abs=1e4 * difference + 1e-11)


def integrated_overlap(x, y, p, q):
    """Return the area that the unit circle and an upright ellipse share, as a sum over thin slices."""
    start, end = max(-1, x - p), max(-1, x - p, min(1, x + p))
    angle = (np.arange(20_000) + 0.5) * np.pi / 20_000
    at, width = start + (end - start) * (1 - np.cos(angle)) / 2, (end - start) * np.sin(angle) / 2 * np.pi / 20_000
    circle, ellipse = np.sqrt(np.maximum(1 - at**2, 0)), q * np.sqrt(np.maximum(1 - ((at - x) / p) ** 2, 0))
    return (np.maximum(np.minimum(circle, y + ellipse) - np.maximum(-circle, y - ellipse), 0) * width).sum()


@pytest.mark.parametrize("p", [0.5, 1.0, 1.0000001, 2.0])
@pytest.mark.parametrize("q", [0.25, 0.5, 0.9999999, 1.0, math.sqrt(2), 4.0])
def test_ellipses_that_touch_agree_with_an_integral(p, q):
    # Outlines that touch from inside or outside, or bend alike where they touch, have roots that coincide.
    for x in (0, 1 - p, 1 + p, p - 1, 1 - p + 1e-9):
        for y in (0, 1e-8, 1 - q, q - 1, 1 + q):
            shared = integrated_overlap(x, y, p, q)
            iou = ellipse_iou([[0, 0, 1, 1, 0]], [[x, y, p, q, 0]])[0, 0]
            assert iou == pytest.approx(shared / (math.pi * (1 + p * q) - shared), abs=1e-8)


def test_theta_turns_clockwise_on_the_screen():
    lying, spots = np.array([[0, 0, 100, 2, 30.0]]), [[52, 30, 1, 1, 0.0], [52, -30, 1, 1, 0.0]]
    iou = ellipse_iou(lying, spots)[0]
    assert iou[0] == pytest.approx(1 / 200, abs=1e-12)
    assert iou[1] == 0


@given(ANY_ELLIPSES, ANY_ELLIPSES)
@LIMITS
@pytest.mark.filterwarnings("error")
def test_any_numbers_give_a_share_and_are_symmetric(a, b):
    iou = ellipse_iou(a, b)
    assert iou.shape == (len(a), len(b))
    assert ((iou >= 0) & (iou <= 1)).all()
    np.testing.assert_array_equal(iou, ellipse_iou(b, a).T)


@given(ELLIPSE, ELLIPSE, st.sampled_from([1e-140, 1e-6, 3.0, 1e6, 1e140]))
@LIMITS
def test_the_scale_of_the_image_changes_nothing(one, other, scale):
    factors = np.array([scale] * 4 + [1])
    expected = ellipse_iou([one], [other])
    np.testing.assert_allclose(ellipse_iou([one * factors], [other * factors]), expected, atol=1e-9)


@given(ELLIPSE)
@LIMITS
def test_an_ellipse_is_exactly_itself(ellipse):
    assert ellipse_iou([ellipse], [ellipse])[0, 0] == 1
    assert ellipse_iou_pairs([ellipse], [ellipse])[0] == 1


def test_a_flat_or_broken_ellipse_overlaps_nothing_but_its_equal():
    ellipses = np.array(
        [[0, 0, 0, 5, 30], [0, 0, -2, -5, 30], [0, 0, 9, 9, np.nan], [0, 0, 9, np.inf, 3], [0, 0, 9, 8, 2]]
    )
    np.testing.assert_array_equal(ellipse_iou(ellipses, ellipses), np.diag([1.0, 1, 0, 0, 1]))
    backwards = [[0, 0, -1, -1, 0], [0, 0, -1, -np.inf, 0], [0, 0, -1, -2, 0]]
    np.testing.assert_array_equal(ellipse_iou(backwards, backwards), np.diag([1.0, 0, 1]))


def test_no_ellipses_are_an_empty_matrix():
    assert ellipse_iou([], np.ones((3, 5))).shape == (0, 3)
    assert ellipse_iou_pairs([], []).shape == (0,)
