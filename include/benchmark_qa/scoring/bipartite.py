"""The assignment problem on a sparse graph: many small, independent problems at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Above it a matrix would be mostly empty, and its memory could grow with the square of the edges.
MOST_CELLS_PER_EDGE = 16


def maximum_weight_matching(
    left: IntArray, right: IntArray, weight: FloatArray, *, most_edges: bool = False
) -> BoolArray:
    """
    Choose edges of a bipartite graph so that no node is used twice and the sum of their weights is largest.

    With ``most_edges`` as many edges as possible are chosen, and among such choices the one with the largest sum.

    What is not connected is solved apart, so that time and memory grow with the edges, not with nodes times nodes.
    The order of the edges does not matter: ties go by the numbers of the nodes, low ones first.

    :param left: (K,) one end of each edge, any integers; of parallel edges at most one is given.
    :param right: (K,) the other end; its numbers have nothing to do with those of ``left``.
    :param weight: (K,) positive and finite; at most 1 with ``most_edges``.
    :return: (K,) True for the chosen edges.
    """
    chosen: BoolArray = np.zeros(len(weight), dtype=np.bool_)
    if not len(weight):
        return chosen
    lefts, left = np.unique(left, return_inverse=True)
    rights, right = np.unique(right, return_inverse=True)
    if len(lefts) == len(rights) == len(weight):
        return ~chosen  # nobody competes
    part = _components(left, right, len(lefts), len(rights))
    order = np.lexsort((right, left, -weight, part))
    starts = np.flatnonzero(np.diff(part[order], prepend=-1))
    # Where one node has all the edges, the heaviest is the answer.
    is_star = (_nodes_per_part(left, part) == 1) | (_nodes_per_part(right, part) == 1)
    chosen[order[starts[is_star]]] = True
    ends = np.append(starts[1:], len(order))
    for start, end in zip(starts[~is_star], ends[~is_star], strict=True):
        edges = order[start:end]
        chosen[edges[_solve(left[edges], right[edges], weight[edges], most_edges)]] = True
    return chosen


def _components(left: NDArray[np.intp], right: NDArray[np.intp], lefts: int, rights: int) -> NDArray[np.int32]:
    """Return the number of each edge's connected component, from 0 without gaps."""
    nodes = lefts + rights
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, lefts + right)), shape=(nodes, nodes))
    label: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return label[left]


def _nodes_per_part(node: NDArray[np.intp], part: NDArray[np.int32]) -> NDArray[np.intp]:
    part_of_node = np.zeros(int(node.max()) + 1, dtype=np.intp)
    part_of_node[node] = part
    return np.bincount(part_of_node)


def _solve(left: NDArray[np.intp], right: NDArray[np.intp], weight: FloatArray, most_edges: bool) -> NDArray[np.intp]:
    """Return the places of the chosen edges of one component."""
    lefts, left = np.unique(left, return_inverse=True)
    rights, right = np.unique(right, return_inverse=True)
    if most_edges:  # one more edge outweighs any sum, so a poor edge never costs one elsewhere
        weight = weight + min(len(lefts), len(rights)) + 1
    cells = len(lefts) * len(rights)
    solve = _solve_dense if cells <= MOST_CELLS_PER_EDGE * len(weight) else _solve_sparse
    order = np.lexsort((right, left))
    row, column = solve(left[order], right[order], weight[order], (len(lefts), len(rights)))
    place = np.searchsorted(left[order] * len(rights) + right[order], row * len(rights) + column)
    solution: NDArray[np.intp] = order[place]
    return solution


def _solve_dense(
    left: NDArray[np.intp], right: NDArray[np.intp], weight: FloatArray, shape: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    weights = np.zeros(shape)
    weights[left, right] = weight
    row, column = linear_sum_assignment(weights, maximize=True)
    is_edge = weights[row, column] > 0
    return row[is_edge], column[is_edge]


def _solve_sparse(
    left: NDArray[np.intp], right: NDArray[np.intp], weight: FloatArray, shape: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    # The solver wants a partner for every row. Each row may take one of its own that is worth nothing; since weights
    # of 0 count as no edge, all are lifted by 1, which every full matching contains once a row.
    rows, columns = shape
    own = np.arange(rows)
    ends = (np.append(left, own), np.append(right, columns + own))
    graph = csr_array((np.append(1 + weight, np.ones(rows)), ends), shape=(rows, columns + rows))
    row, column = min_weight_full_bipartite_matching(graph, maximize=True)
    is_edge = column < columns
    return row[is_edge].astype(np.intp), column[is_edge].astype(np.intp)
