from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.labels.columns import Areas
from include.benchmark_qa.similarity.cuboids_2d import cuboid_2d_iou_pairs
from include.benchmark_qa.similarity.polygon_building import polygon_geometries
from include.benchmark_qa.similarity.polygons import polygon_iou, polygon_iou_pairs

LENGTH = st.floats(0, 50, width=32) | st.integers(0, 6).map(float)
POINTS = st.lists(st.tuples(LENGTH, LENGTH), min_size=3, max_size=9)
LIMITS = settings(deadline=None)
SQUARE = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
HOLE = [(2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0)]
ISLAND = [(20.0, 0.0), (26.0, 0.0), (26.0, 6.0), (20.0, 6.0)]
BOW_TIE = [(0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0)]


def areas(*polygons):
    """Return polygons, each a list of parts, which are lists of rings, as columns."""
    parts = [part for polygon in polygons for part in polygon]
    rings = [ring for part in parts for ring in part]
    offsets = [np.cumsum([0, *map(len, lists)]) for lists in (rings, parts, polygons)]
    return Areas(np.array([point for ring in rings for point in ring], dtype=float).reshape(-1, 2), *offsets)


def build(*polygons, size=(1.0, 1.0)):
    count = len(polygons)
    return polygon_geometries(areas(*polygons), np.arange(count), np.tile(np.array(size, dtype=float), (count, 1)))


def covered(ring):
    polygon = shapely.Polygon(ring)
    return polygon if polygon.is_valid else shapely.make_valid(polygon)


@given(st.lists(POINTS, min_size=1, max_size=3), st.lists(POINTS, min_size=1, max_size=3))
@LIMITS
def test_polygons_agree_with_shapely(rings_a, rings_b):
    a, b = ([shapely.Polygon(ring) for ring in rings] for rings in (rings_a, rings_b))
    iou = polygon_iou(a, b)
    for (row, column), value in np.ndenumerate(iou):
        one, other = covered(rings_a[row]), covered(rings_b[column])
        union = one.area + other.area - one.intersection(other).area
        if union > 1e-6:
            assert value == pytest.approx(one.intersection(other).area / union, abs=1e-9)
    np.testing.assert_array_equal(iou, polygon_iou(b, a).T)
    assert ((iou >= 0) & (iou <= 1)).all()


@given(POINTS)
@LIMITS
def test_a_polygon_is_exactly_itself(ring):
    one = build([[ring]])
    assert polygon_iou(one, one)[0, 0] == (1 if not one[0].is_empty else 0)


@given(POINTS, POINTS, st.sampled_from([1e-3, 3.0, 1e4]))
@LIMITS
def test_the_scale_of_the_image_changes_nothing(one, other, scale):
    plain, scaled = build([[one]], [[other]]), build([[one]], [[other]], size=(scale, scale))
    if plain[0].area > 1 and plain[1].area > 1:
        expected = polygon_iou_pairs(plain[:1], plain[1:])
        np.testing.assert_allclose(polygon_iou_pairs(scaled[:1], scaled[1:]), expected, atol=1e-6)


def test_pairs_are_the_diagonal():
    generator = np.random.default_rng(6)
    a, b = (shapely.convex_hull(shapely.multipoints(generator.random((30, 8, 2)) * 10)) for _ in "ab")
    np.testing.assert_array_equal(polygon_iou_pairs(a, b), np.diag(polygon_iou(a, b)))


def test_a_bow_tie_keeps_both_wings():
    (bow_tie,) = build([[BOW_TIE]])
    assert bow_tie.area == pytest.approx(50)
    assert polygon_iou([shapely.Polygon(BOW_TIE)], [shapely.Polygon(SQUARE)])[0, 0] == pytest.approx(0.5)


def test_holes_are_not_covered_and_parts_are():
    with_hole, two_parts, overlapping = build(
        [[SQUARE, HOLE]], [[SQUARE, HOLE], [ISLAND]], [[SQUARE], [SQUARE], [HOLE]]
    )
    assert [one.area for one in (with_hole, two_parts, overlapping)] == pytest.approx([64, 100, 100])
    assert polygon_iou([with_hole], [two_parts])[0, 0] == pytest.approx(0.64)


def test_polygons_are_chosen_and_scaled_by_their_own_size():
    columns = areas([[SQUARE]], [[SQUARE, HOLE], [ISLAND]], [[BOW_TIE]])
    sizes = np.array([[1, 1], [2, 1], [1, 3], [1, 1]], dtype=float)
    built = polygon_geometries(columns, np.array([2, 1, 0, 2]), sizes)
    assert [one.area for one in built] == pytest.approx([50, 200, 300, 50])
    assert built[1].bounds == (0, 0, 52, 10)


def test_what_cannot_be_built_is_none_and_its_similarity_nan():
    nan, line, empty = [(0, 0), (math.nan, 1), (1, 1)], [(0, 0), (5, 0), (9, 0)], []
    built = build([[SQUARE]], [[nan]], [[line]], [[empty]], [[SQUARE[:2]], [SQUARE]], [[SQUARE[:2], HOLE]], [])
    assert [one is None for one in built] == [False, True, False, True, False, True, True]
    assert built[4].area == 100
    iou = polygon_iou(built[:1], built)[0]
    np.testing.assert_array_equal(iou, [1, np.nan, 0, np.nan, 1, np.nan, np.nan])
    unknown_size = polygon_geometries(areas([[SQUARE]]), np.array([0]), np.full((1, 2), np.nan))
    assert unknown_size[0] is None


@pytest.mark.filterwarnings("ignore:invalid value")
def test_coordinates_that_geos_refuses_give_nan():
    broken = shapely.Polygon([(0, 0), (np.nan, 1), (1, 1)])
    infinite = shapely.Polygon([(0, 0), (np.inf, 1), (1, 1)])
    iou = polygon_iou([broken, infinite, shapely.Polygon(SQUARE)], [shapely.Polygon(SQUARE)])
    np.testing.assert_array_equal(iou[:, 0], [np.nan, np.nan, 1])


def test_a_pair_that_geos_refuses_takes_no_other_with_it(monkeypatch):
    generator = np.random.default_rng(7)
    squares = np.array([shapely.box(x, y, x + 1, y + 1) for x, y in generator.random((20_000, 2))])
    expected = polygon_iou_pairs(squares[:-1], squares[1:])
    refused, intersection = squares[12_345], shapely.intersection

    def refuse(a, b):
        if any(one is refused for one in a):
            raise shapely.errors.GEOSException("TopologyException")
        return intersection(a, b)

    monkeypatch.setattr(shapely, "intersection", refuse)
    iou = polygon_iou_pairs(squares[:-1], squares[1:])
    lost = np.flatnonzero(np.isnan(iou))
    assert 1 <= len(lost) <= 2
    assert set(lost) <= {12_344, 12_345}
    np.testing.assert_array_equal(np.delete(iou, lost), np.delete(expected, lost))


def test_a_polygon_without_area_overlaps_nothing():
    line = shapely.Polygon([(0, 0), (5, 0), (9, 0)])
    assert polygon_iou([line], [shapely.Polygon(SQUARE)])[0, 0] == 0


@pytest.mark.parametrize(("n", "m"), [(0, 2), (2, 0), (0, 0)])
def test_no_polygons_are_an_empty_matrix(n, m):
    square = shapely.Polygon(SQUARE)
    assert polygon_iou([square] * n, [square] * m).shape == (n, m)
    assert build().shape == (0,)


def test_cuboids_in_an_image_are_the_mean_of_their_faces():
    square = np.array(SQUARE)
    cuboid = np.concatenate((square, square / 2 + 20))
    shifted_back = np.concatenate((square, square / 2 + [22.5, 20]))
    far = cuboid + 100
    flat = np.concatenate((square, np.full((4, 2), 3.0)))
    broken = cuboid.copy()
    broken[5, 1] = np.nan
    truth = np.stack([cuboid, cuboid, cuboid, flat, flat, broken])
    drawn = np.stack([cuboid, shifted_back, far, flat, cuboid, cuboid])
    expected = [1, (1 + 1 / 3) / 2, 0, 1, 0.5, np.nan]
    np.testing.assert_allclose(cuboid_2d_iou_pairs(truth, drawn), expected, atol=1e-12)
    np.testing.assert_array_equal(cuboid_2d_iou_pairs(drawn, truth), cuboid_2d_iou_pairs(truth, drawn))
    assert cuboid_2d_iou_pairs(truth[:0], drawn[:0]).shape == (0,)
