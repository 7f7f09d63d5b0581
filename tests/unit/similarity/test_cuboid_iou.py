from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial import ConvexHull, HalfspaceIntersection
from scipy.spatial.transform import Rotation

from include.benchmark_qa.similarity.cuboids import cuboid_iou, cuboid_iou_pairs
from include.benchmark_qa.similarity.rotated_boxes import rotated_box_iou

POSITION = st.floats(-3, 3) | st.integers(-2, 2).map(float)
SIZE = st.floats(0.5, 6) | st.integers(1, 3).map(float)
ANGLE = st.floats(-7, 7) | st.integers(-4, 4).map(lambda steps: steps * math.pi / 4)
CUBOID = st.tuples(*[POSITION] * 3, *[SIZE] * 3, *[ANGLE] * 3).map(np.array)
ANY = st.floats() | st.sampled_from([0.0, 1.0, -1.0, math.pi / 2])
ANY_CUBOIDS = st.lists(st.tuples(*[ANY] * 9), max_size=3).map(lambda rows: np.array(rows).reshape(-1, 9))
LIMITS = settings(deadline=None)
CUBE = np.array([0, 0, 0, 1, 1, 1, 0, 0, 0.0])


def halfspaces(cuboid):
    axes = Rotation.from_euler("XYZ", cuboid[6:]).as_matrix().T
    normals = np.concatenate((axes, -axes))
    return np.c_[normals, -(normals @ cuboid[:3]) - np.tile(cuboid[3:6] / 2, 2)]


def reference_iou(one, other):
    """Return the IoU by Qhull, and the radius of the greatest ball in the intersection."""
    planes = np.concatenate((halfspaces(one), halfspaces(other)))
    deepest = linprog(
        [0, 0, 0, -1],
        A_ub=np.c_[planes[:, :3], np.ones(12)],
        b_ub=-planes[:, 3],
        bounds=[(None, None)] * 3 + [(0, None)],
    )
    if deepest.status != 0 or deepest.x[3] <= 1e-6:
        return 0.0, 0.0
    shared = ConvexHull(HalfspaceIntersection(planes, deepest.x[:3]).intersections).volume
    return shared / (one[3:6].prod() + other[3:6].prod() - shared), deepest.x[3]


@given(CUBOID, CUBOID)
@LIMITS
def test_cuboids_agree_with_qhull(one, other):
    expected, radius = reference_iou(one, other)
    assume(radius == 0 or radius > 1e-3)  # on slivers Qhull gives up
    assert cuboid_iou([one], [other])[0, 0] == pytest.approx(expected, abs=1e-5 if radius == 0 else 1e-9)


def test_many_cuboids_agree_with_qhull():
    generator = np.random.default_rng(5)
    a, b = (
        np.c_[generator.random((8, 3)), generator.random((8, 3)) + 0.5, generator.normal(size=(8, 3))] for _ in "ab"
    )
    expected = [[reference_iou(one, other)[0] for other in b] for one in a]
    np.testing.assert_allclose(cuboid_iou(a, b), expected, atol=1e-9)


@given(CUBOID, CUBOID)
@LIMITS
def test_upright_cuboids_are_products_of_intervals(one, other):
    one[6:] = other[6:] = 0
    low = np.maximum(one[:3] - one[3:6] / 2, other[:3] - other[3:6] / 2)
    high = np.minimum(one[:3] + one[3:6] / 2, other[:3] + other[3:6] / 2)
    shared = np.maximum(high - low, 0).prod()
    expected = shared / (one[3:6].prod() + other[3:6].prod() - shared)
    assert cuboid_iou([one], [other])[0, 0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("axis", [6, 7, 8])
def test_a_cube_turned_by_45_degrees_shares_an_octagon(axis):
    turned = CUBE.copy()
    turned[axis] = math.pi / 4
    octagon = 2 * (math.sqrt(2) - 1)
    assert cuboid_iou([CUBE], [turned])[0, 0] == pytest.approx(octagon / (2 - octagon), abs=1e-12)


def test_a_cube_in_a_cube_is_its_share():
    inner = np.array([0.5, 0.4, -0.3, 1, 1, 1, 0.3, 0.5, 0.7])
    assert cuboid_iou([CUBE * [1, 1, 1, 4, 4, 4, 1, 1, 1]], [inner])[0, 0] == pytest.approx(1 / 64, abs=1e-12)


def test_the_corner_of_a_cube_cut_off_by_a_turned_one():
    # The great cube's face is normal to (1, 1, 1) and cuts the unit cube in half, through its centre.
    axes = Rotation.align_vectors([[1, 1, 1]], [[1, 0, 0]])[0]
    size = 100.0
    centre = np.array([1, 1, 1]) / math.sqrt(3) * size / 2
    great = np.concatenate((centre, [size] * 3, axes.as_euler("XYZ")))
    assert cuboid_iou([CUBE], [great])[0, 0] == pytest.approx(0.5 / (size**3 + 0.5), rel=1e-6)


def test_angles_turn_around_x_then_the_new_y_then_the_new_z():
    # After a quarter turn around x the cuboid's own z axis lies along -y, so gamma turns around y.
    tall = np.array([0, 0, 0, 4, 2, 1, math.pi / 2, 0, math.pi / 2])
    lying = np.array([0, 0, 0, 2, 1, 4, 0, 0, 0])
    assert cuboid_iou([tall], [lying])[0, 0] == pytest.approx(1, abs=1e-12)


@given(CUBOID, CUBOID)
@LIMITS
def test_yaw_only_is_footprint_times_height(one, other):
    one[[2, 6, 7]] = other[[2, 6, 7]] = 0
    one[5] = other[5] = 1
    footprints = [np.array([[c[0] - c[3] / 2, c[1] - c[4] / 2, c[3], c[4], math.degrees(c[8])]]) for c in (one, other)]
    np.testing.assert_allclose(cuboid_iou([one], [other]), rotated_box_iou(*footprints), atol=1e-12)


@given(CUBOID, CUBOID, st.integers(0, 1000))
@LIMITS
def test_moving_both_by_one_rotation_changes_nothing(one, other, seed):
    common = Rotation.random(rng=seed)

    def moved(cuboid):
        turned = common * Rotation.from_euler("XYZ", cuboid[6:])
        return np.concatenate((common.apply(cuboid[:3]), cuboid[3:6], turned.as_euler("XYZ")))

    expected = cuboid_iou([one], [other])
    np.testing.assert_allclose(cuboid_iou([moved(one)], [moved(other)]), expected, atol=1e-9)


@given(CUBOID, CUBOID, st.sampled_from([1e-90, 1e-6, 3.0, 1e6, 1e90]))
@LIMITS
def test_the_unit_of_length_changes_nothing(one, other, scale):
    factors = np.array([scale] * 6 + [1] * 3)
    expected = cuboid_iou([one], [other])
    np.testing.assert_allclose(cuboid_iou([one * factors], [other * factors]), expected, atol=1e-9)


@given(ANY_CUBOIDS, ANY_CUBOIDS)
@LIMITS
@pytest.mark.filterwarnings("error")
def test_any_numbers_give_a_share_and_are_symmetric(a, b):
    iou = cuboid_iou(a, b)
    assert iou.shape == (len(a), len(b))
    assert ((iou >= 0) & (iou <= 1)).all()
    np.testing.assert_array_equal(iou, cuboid_iou(b, a).T)


@given(CUBOID, st.floats(1e-15, 1e-7))
@LIMITS
def test_a_cuboid_is_exactly_itself_and_nearly_its_neighbour(cuboid, difference):
    assert cuboid_iou([cuboid], [cuboid])[0, 0] == 1
    assert cuboid_iou_pairs([cuboid], [cuboid])[0] == 1
    iou = cuboid_iou_pairs([cuboid], [cuboid * (1 + difference)])[0]
    assert iou == pytest.approx(1, abs=1000 * difference + 1e-11)


def test_a_flat_or_broken_cuboid_overlaps_nothing_but_its_equal():
    cuboids = np.stack([CUBE] * 5)
    cuboids[0, 3], cuboids[1, 4], cuboids[2, 6], cuboids[3, 5] = 0, -1, np.nan, np.inf
    np.testing.assert_array_equal(cuboid_iou(cuboids, cuboids), np.diag([1.0, 1, 0, 0, 1]))
    backwards = np.array(
        [[0, 0, 0, -1, -1, -1, 1, 0, 0], [0, 0, 0, -1, -1, -np.inf, 1, 0, 0], [0, 0, 0, -1, -1, -2, 1, 0, 0]]
    )
    np.testing.assert_array_equal(cuboid_iou(backwards, backwards), np.diag([1.0, 0, 1]))


def test_no_cuboids_are_an_empty_matrix():
    assert cuboid_iou([], np.ones((3, 9))).shape == (0, 3)
    assert cuboid_iou_pairs([], []).shape == (0,)
