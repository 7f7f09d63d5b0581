from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.similarity.answers import checklist_jaccard, text_similarity
from include.benchmark_qa.similarity.boxes import box_iou
from include.benchmark_qa.similarity.polygons import polygon_iou, to_geometry

LENGTH = st.floats(0, 50, allow_nan=False, width=32)
BOXES = st.lists(st.tuples(LENGTH, LENGTH, LENGTH, LENGTH), min_size=1, max_size=5)


def test_box_iou_by_hand():
    truth = np.array([[0, 0, 10, 10], [0, 0, 4, 4]], dtype=float)
    drawn = np.array([[5, 0, 10, 10], [0, 0, 10, 5], [10, 0, 3, 3], [2, 2, 4, 4]], dtype=float)
    expected = [[50 / 150, 50 / 100, 0, 16 / 100], [0, 16 / 50, 0, 4 / 28]]
    np.testing.assert_allclose(box_iou(truth, drawn), expected, atol=1e-12)


@given(BOXES, BOXES)
@settings(max_examples=60, deadline=None)
def test_box_iou_agrees_with_shapely(a, b):
    iou = box_iou(np.array(a), np.array(b))
    assert iou.shape == (len(a), len(b))
    for row, (x, y, w, h) in enumerate(a):
        for column, (u, v, s, t) in enumerate(b):
            one, other = shapely.box(x, y, x + w, y + h), shapely.box(u, v, u + s, v + t)
            union = one.area + other.area - one.intersection(other).area
            if one.area > 1e-3 and other.area > 1e-3:
                assert iou[row, column] == pytest.approx(one.intersection(other).area / union, abs=1e-9)


def test_a_box_without_area_matches_only_its_equal():
    flat = np.array([[1, 1, 0, 5], [1, 1, 5, 5], [1, 1, 0, 0]], dtype=float)
    np.testing.assert_array_equal(box_iou(flat, flat), np.eye(3))


def test_no_boxes_give_an_empty_matrix():
    assert box_iou(np.empty((0, 4)), np.ones((3, 4))).shape == (0, 3)


def test_a_bow_tie_keeps_both_wings():
    bow_tie = to_geometry([[[(0, 0), (10, 10), (10, 0), (0, 10)]]])
    assert bow_tie.area == pytest.approx(50)


def test_polygon_iou_repairs_a_bow_tie_itself():
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert polygon_iou([bow_tie], [shapely.box(0, 0, 10, 10)])[0, 0] == pytest.approx(0.5)


def test_holes_are_not_covered_and_parts_are():
    ring = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    hole = [(2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0)]
    island = [(20.0, 0.0), (26.0, 0.0), (26.0, 6.0), (20.0, 6.0)]
    with_hole, two_parts = to_geometry([[ring, hole]]), to_geometry([[ring, hole], [island]])
    assert with_hole.area == pytest.approx(64)
    assert two_parts.area == pytest.approx(100)
    assert polygon_iou([with_hole], [two_parts])[0, 0] == pytest.approx(0.64)


def test_overlapping_parts_are_counted_once():
    ring = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    assert to_geometry([[ring], [ring]]).area == pytest.approx(100)


def test_polygon_iou_of_nothing_is_an_empty_matrix():
    assert polygon_iou([], [shapely.box(0, 0, 1, 1)]).shape == (0, 1)


@given(st.lists(st.tuples(LENGTH, LENGTH), min_size=3, max_size=8, unique=True))
@settings(max_examples=40, deadline=None)
def test_collinear_vertices_change_nothing(points):
    halves = [
        point
        for (x, y), (u, v) in zip(points, [*points[1:], points[0]], strict=True)
        for point in ((x, y), ((x + u) / 2, (y + v) / 2))
    ]
    plain, refined = to_geometry([[points]]), to_geometry([[halves]])
    if plain.area > 1:
        assert polygon_iou([plain], [refined])[0, 0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("a", "b", "levenshtein", "exact"),
    [
        ("kitten", "sitting", 4 / 7, 0),
        (" red\n", "red", 1, 1),
        ("", "  ", 1, 1),
        ("", "abc", 0, 0),
        ("Été", "Ete", 1 / 3, 0),
    ],
)
def test_text_similarity_by_hand(a, b, levenshtein, exact):
    assert text_similarity(a, b) == pytest.approx(levenshtein)
    assert text_similarity(a, b, "exact") == exact


@pytest.mark.parametrize(("a", "b", "expected"), [("ab", "bc", 1 / 3), ("ab", "ab", 1), ("a", "b", 0), ("", "", 1)])
def test_checklist_jaccard_by_hand(a, b, expected):
    assert checklist_jaccard(set(a), set(b)) == pytest.approx(expected)
