from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import jaccard_score

from include.benchmark_qa.similarity.ranges import index_jaccard, range_iou, range_iou_pairs, united_iou

ranges = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted).map(tuple), max_size=5)


def iou_of_cells(a, b):
    """Count the unit cells that each side covers; ranges without length are compared as sets of points."""
    cells = [{cell for start, end in side for cell in range(start, end)} for side in (a, b)]
    if cells[0] | cells[1]:
        return float(Fraction(len(cells[0] & cells[1]), len(cells[0] | cells[1])))
    return float(set(a) == set(b))


@given(st.lists(ranges, max_size=4), st.lists(ranges, max_size=4))
@settings(deadline=None)
def test_ranges_compare_as_the_cells_that_they_cover(a, b):
    expected = [[iou_of_cells(one, other) for other in b] for one in a]
    assert range_iou(a, b).tolist() == expected
    assert range_iou(b, a).T.tolist() == np.array(expected).reshape(len(a), len(b)).tolist()


@given(st.lists(st.tuples(ranges, ranges), max_size=6), st.randoms())
@settings(deadline=None)
def test_neither_the_order_of_ranges_nor_the_other_pairs_matter(pairs, random):
    a, b = [one for one, _ in pairs], [other for _, other in pairs]
    shuffled = [random.sample(one, len(one)) for one in a]
    assert range_iou_pairs(shuffled, b).tolist() == [iou_of_cells(*pair) for pair in pairs]


@given(ranges, ranges, st.floats(1e-3, 1e6), st.floats(-1e3, 1e3))
@settings(deadline=None)
def test_units_do_not_matter(a, b, scale, shift):
    def moved(side):
        return [(start * scale + shift, end * scale + shift) for start, end in side]

    assert range_iou([moved(a)], [moved(b)])[0, 0] == pytest.approx(iou_of_cells(a, b), abs=1e-6)


@pytest.mark.parametrize(
    ("a", "b", "iou"),
    [
        ([], [], 1.0),
        ([], [(0, 5)], 0.0),
        ([(5, 5)], [], 0.0),
        ([(5, 5)], [(5, 5), (5, 5)], 1.0),
        ([(5, 5)], [(6, 6)], 0.0),
        ([(5, 5)], [(0, 10)], 0.0),
        ([(0, 10), (3, 3)], [(0, 10)], 1.0),
        ([(0, 5), (5, 10)], [(0, 10)], 1.0),
        ([(0.0, 0.1), (0.1, 0.3)], [(0.0, 0.3)], 1.0),
        ([(0, 2), (8, 10)], [(1, 9)], 0.2),
    ],
)
def test_edge_cases(a, b, iou):
    assert range_iou([a], [b]).tolist() == [[pytest.approx(iou, abs=1e-12)]]


@pytest.mark.parametrize("wrong", [(2, 1), (0, np.nan), (0, np.inf), (-np.inf, 0)])
def test_a_range_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="finite ends"):
        range_iou([[wrong]], [[(0, 1)]])
    pair = np.array([0, 1])
    similarity = united_iou(2, pair, np.array([[0.0, 1, 0], [*wrong, 0]]), pair, np.array([[0.0, 1, 0], [0, 1, 0]]))
    assert similarity.tolist() == pytest.approx([1.0, np.nan], nan_ok=True)


def test_only_ranges_of_the_same_thing_meet():
    here, there = np.array([[0.0, 10, 1], [0, 10, 2]]), np.array([[0.0, 10, 1], [0, 10, 3]])
    pair = np.zeros(2, dtype=np.int64)
    assert united_iou(1, pair, here, pair, there).tolist() == [10 / 30]
    point, other = np.array([[4.0, 4, 1]]), np.array([[4.0, 4, 2]])
    assert united_iou(1, pair[:1], point, pair[:1], other).tolist() == [0.0]


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.randoms())
@settings(deadline=None)
def test_index_sets_compare_as_in_scikit_learn(first, random):
    second = [random.random() < 0.5 for _ in first]
    a, b = ([index for index, chosen in enumerate(side) if chosen] for side in (first, second))
    expected = jaccard_score(first, second, zero_division=1.0)
    assert index_jaccard(a, b) == pytest.approx(expected, abs=1e-12)
