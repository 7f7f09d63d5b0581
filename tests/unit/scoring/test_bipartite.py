from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from include.benchmark_qa.scoring import bipartite
from include.benchmark_qa.scoring.bipartite import maximum_weight_matching

EDGES = st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 9)), st.integers(1, 6), max_size=40)


def chosen_edges(edges):
    ends = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
    weight = np.array(list(edges.values()), dtype=np.float64)
    chosen = maximum_weight_matching(ends[:, 0], ends[:, 1], weight)
    return {tuple(map(int, end)) for end in ends[chosen]}


@settings(deadline=None)
@given(EDGES, st.sampled_from([0, 16]))
def test_the_sum_is_that_of_the_whole_matrix(edges, most_cells):
    matrix = np.zeros((10, 10))
    for end, weight in edges.items():
        matrix[end] = weight
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bipartite, "MOST_CELLS_PER_EDGE", most_cells)  # 0: every part goes to the sparse solver
        chosen = chosen_edges(edges)
    assert len({one for one, _ in chosen}) == len({other for _, other in chosen}) == len(chosen)
    assert sum(edges[end] for end in chosen) == matrix[linear_sum_assignment(matrix, maximize=True)].sum()


@settings(deadline=None)
@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_of_the_edges_does_not_matter(edges, random):
    shuffled = list(edges.items())
    random.shuffle(shuffled)
    assert chosen_edges(dict(shuffled)) == chosen_edges(edges)


def test_a_long_chain_makes_no_matrix_of_nodes_times_nodes():
    nodes = 5_000  # as a matrix: 200 MB
    left = np.repeat(np.arange(nodes), 2)
    right = np.arange(2 * nodes) // 2 + np.arange(2 * nodes) % 2
    weight = np.where(left == right, 1.0, 0.5)
    chosen = maximum_weight_matching(left, right, weight)
    assert np.array_equal(chosen, left == right)


def test_one_node_with_all_the_edges_takes_the_heaviest_then_the_lowest():
    assert chosen_edges({(0, 4): 1, (0, 3): 2, (0, 2): 2, (7, 9): 1}) == {(0, 2), (7, 9)}
