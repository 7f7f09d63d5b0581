from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from include.benchmark_qa.scoring.matching import match_pairs


def brute_force(similarity, threshold):
    """Return the best (pairs, sum) by trying every assignment."""
    rows, columns = similarity.shape
    best = (0, 0.0)
    for size in range(1, min(rows, columns) + 1):
        for chosen in combinations(range(rows), size):
            for others in permutations(range(columns), size):
                values = [similarity[row, column] for row, column in zip(chosen, others, strict=True)]
                if min(values) >= threshold:
                    best = max(best, (size, sum(values)))
    return best


def test_more_pairs_win_over_a_larger_sum():
    # The largest sum alone is the single pair of 1.0; the other assignment has two pairs above the gate.
    similarity = np.array([[1.0, 0.5], [0.5, 0.0]])
    assert match_pairs(similarity, 0.5) == [(0, 1), (1, 0)]


def test_the_gate_comes_before_the_assignment():
    # Ungated, 0.49 + 0.9 + ... may win with pairs that the gate then drops, and lose the valid one.
    similarity = np.array([[0.55, 0.49], [0.49, 0.0]])
    assert match_pairs(similarity, 0.5) == [(0, 0)]


def test_among_as_many_pairs_the_largest_sum_wins():
    similarity = np.array([[0.6, 0.9], [0.9, 0.8]])
    assert match_pairs(similarity, 0.5) == [(0, 1), (1, 0)]


@pytest.mark.parametrize(("value", "pairs"), [(0.5, [(0, 0)]), (0.5 - 1e-12, [(0, 0)]), (0.4999, [])])
def test_the_gate_is_inclusive_and_forgives_rounding(value, pairs):
    assert match_pairs(np.array([[value]]), 0.5) == pairs


def test_ties_go_to_the_earlier_row_and_column():
    assert match_pairs(np.full((1, 3), 0.7), 0.5) == [(0, 0)]
    assert match_pairs(np.full((3, 1), 0.7), 0.5) == [(0, 0)]
    assert match_pairs(np.full((2, 3), 0.7), 0.5) == [(0, 0), (1, 1)]


def test_nothing_above_the_gate_matches_nothing():
    assert match_pairs(np.zeros((2, 2)), 0.5) == []


MATRICES = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.75, 1.0]))
)


@given(MATRICES)
@settings(max_examples=80, deadline=None)
def test_the_assignment_is_the_best_of_all_assignments(similarity):
    pairs = match_pairs(similarity, 0.5)
    total = sum(similarity[row, column] for row, column in pairs)
    assert (len(pairs), pytest.approx(total)) == brute_force(similarity, 0.5)


@given(MATRICES)
@settings(max_examples=80, deadline=None)
def test_swapping_sides_gives_as_many_pairs_that_are_as_good(similarity):
    # Not always the same pairs: of a matrix that is its own mirror, two assignments may be each other's mirror.
    pairs, swapped = match_pairs(similarity, 0.5), match_pairs(similarity.T, 0.5)
    assert len(swapped) == len(pairs)
    assert sum(similarity.T[pair] for pair in swapped) == pytest.approx(sum(similarity[pair] for pair in pairs))


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3))
def test_one_row_or_column_alone_is_paired_with_the_earliest(rows, columns, kept):
    similarity = np.zeros((rows, columns))
    similarity[kept % rows] = 0.5
    assert match_pairs(similarity, 0.5) == [(kept % rows, 0)]
    assert match_pairs(similarity.T, 0.5) == [(0, kept % rows)]
