from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.scoring import bipartite, pairing
from include.benchmark_qa.scoring.candidates import Candidates
from include.benchmark_qa.scoring.matching import NamedOwners, match_candidates, match_pairs
from include.benchmark_qa.scoring.pairing import pairs_of_groups

SIMILARITIES = st.one_of(st.sampled_from([0.0, 0.5, 0.75, 1.0]), st.floats(0.0, 1.0))


@st.composite
def matrices(draw, most=5):
    rows, columns = draw(st.integers(1, most)), draw(st.integers(1, most))
    cells = draw(st.lists(SIMILARITIES, min_size=rows * columns, max_size=rows * columns))
    return np.array(cells).reshape(rows, columns)


def candidates_of(matrix, threshold=0.5):
    rows, columns = np.nonzero(matrix >= threshold)
    return Candidates(rows, columns, matrix[rows, columns])


def owners(hashes):
    hashes = list(hashes)
    return NamedOwners(np.arange(len(hashes)), hashes)


def chosen(matrix, threshold=0.5):
    pairs = candidates_of(matrix, threshold)
    names = owners(f"{index:03}" for index in range(max(matrix.shape)))
    kept = match_candidates(pairs, names, names)
    return sorted(zip(pairs.truth[kept].tolist(), pairs.submitted[kept].tolist(), strict=True))


def best_by_trying(matrix, threshold=0.5):
    """Try every assignment: the most pairs, and the largest sum among those."""
    rows, columns = matrix.shape
    best = (0, 0.0)
    slots = list(range(columns)) + [None] * rows
    for order in set(permutations(slots, rows)):
        pairs = [(r, c) for r, c in enumerate(order) if c is not None and matrix[r, c] >= threshold]
        best = max(best, (len(pairs), sum(matrix[pair] for pair in pairs)))
    return best


@given(matrices(most=4))
def test_the_most_pairs_and_then_the_largest_sum(matrix):
    pairs = chosen(matrix)
    count, total = best_by_trying(matrix)
    assert len(pairs) == count
    assert sum(matrix[pair] for pair in pairs) == pytest.approx(total, abs=1e-8)


@given(matrices(most=7))
def test_candidates_of_one_group_match_as_the_whole_matrix_does(matrix):
    pairs, whole = chosen(matrix), match_pairs(matrix, 0.5)
    assert len(pairs) == len(whole)
    assert sum(matrix[p] for p in pairs) == pytest.approx(sum(matrix[p] for p in whole), abs=1e-8)


@given(matrices(most=7), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(matrix, random):
    pairs = candidates_of(matrix)
    order = list(range(len(pairs.truth)))
    random.shuffle(order)
    shuffled = Candidates(pairs.truth[order], pairs.submitted[order], pairs.similarity[order])
    names = owners(f"{index:03}" for index in range(7))
    first, second = match_candidates(pairs, names, names), match_candidates(shuffled, names, names)
    assert set(np.flatnonzero(first).tolist()) == {order[index] for index in np.flatnonzero(second)}


@pytest.mark.parametrize(
    ("cells", "pairs"),
    [
        ([[1.0, 0.4], [0.4, 0.0]], [(0, 1), (1, 0)]),
        ([[0.4, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.4]], [(0, 0), (1, 1), (2, 2)]),
    ],
)
def test_one_more_pair_outweighs_a_larger_sum(cells, pairs):
    assert chosen(np.array(cells), 0.3) == pairs


def test_equals_are_told_apart_by_their_hashes_alone():
    pairs = Candidates(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones(4))
    straight = match_candidates(pairs, owners("ab"), owners("xy"))
    crossed = match_candidates(pairs, owners("ba"), owners("xy"))
    assert straight.tolist() == [True, False, False, True]
    assert crossed.tolist() == [False, True, True, False]


@given(matrices(most=6))
def test_the_solver_for_crowds_gives_as_much(matrix):
    expected = chosen(matrix)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bipartite, "MOST_CELLS_PER_EDGE", 0)
        pairs = chosen(matrix)
    assert len(pairs) == len(expected)
    assert sum(matrix[p] for p in pairs) == pytest.approx(sum(matrix[p] for p in expected), abs=1e-8)


@given(st.lists(st.integers(0, 4)), st.lists(st.integers(0, 4)), st.integers(1, 6))
def test_pairs_of_equal_keys_come_once_each_whatever_the_part(left, right, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairing, "CHUNK", size)
        parts = list(pairs_of_groups(np.array(left, np.int64), np.array(right, np.int64)))
    found = [pair for one in parts for pair in zip(one[0].tolist(), one[1].tolist(), strict=True)]
    expected = {(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if a == b}
    assert len(found) == len(expected)
    assert set(found) == expected


FLAT = st.tuples(st.integers(0, 2), *[st.floats(0, 1)] * 2, *[st.floats(0, 0.5)] * 2)


@given(st.lists(FLAT, min_size=1, max_size=12), st.lists(FLAT, min_size=1, max_size=12))
def test_a_crowd_is_compared_with_all_that_it_meets(left, right):
    def side(spots):
        keys, x, y, width, height = (np.array(part) for part in zip(*spots, strict=True))
        return keys, np.column_stack([x, y, x + width, y + height])

    (left_keys, ours), (right_keys, theirs) = side(left), side(right)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairing, "CROWD", -1)
        parts = list(pairs_of_groups(left_keys, right_keys, lambda: (ours, theirs)))
    found = [pair for one in parts for pair in zip(one[0].tolist(), one[1].tolist(), strict=True)]
    meeting = {
        (i, j)
        for i, j in np.ndindex(len(left), len(right))
        if left_keys[i] == right_keys[j]
        and (ours[i, :2] <= theirs[j, 2:]).all()
        and (theirs[j, :2] <= ours[i, 2:]).all()
    }
    assert len(found) == len(set(found))
    assert meeting <= set(found)
    assert all(left_keys[i] == right_keys[j] for i, j in found)
