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
    rows, row = _number_within_part(left, part)
    columns, column = _number_within_part(right, part)
    # Where one node has all the edges, the heaviest is the answer.
    is_star = (rows == 1) | (columns == 1)
    by_weight = np.lexsort((right, left, -weight, part))
    heaviest = by_weight[np.flatnonzero(np.diff(part[by_weight], prepend=-1))]
    chosen[heaviest[is_star]] = True
    is_square = (rows == 2) & (columns == 2)
    edges = np.flatnonzero(is_square[part])
    chosen[edges] = _solve_squares(part[edges], row[edges], column[edges], weight[edges], most_edges)
    order = np.lexsort((right, left, part))
    starts = np.flatnonzero(np.diff(part[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    for number in np.flatnonzero(~(is_star | is_square)).tolist():
        edges = order[starts[number] : ends[number]]
        shape = int(rows[number]), int(columns[number])
        chosen[edges[_solve(row[edges], column[edges], weight[edges], shape, most_edges)]] = True
    return chosen


def _components(left: NDArray[np.intp], right: NDArray[np.intp], lefts: int, rights: int) -> NDArray[np.int32]:
    """Return the number of each edge's connected component, from 0 without gaps."""
    nodes = lefts + rights
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, lefts + right)), shape=(nodes, nodes))
    label: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return label[left]


def _number_within_part(node: NDArray[np.intp], part: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return how many nodes each component has, and the number of each edge's node within its component."""
    part_of_node = np.zeros(int(node.max()) + 1, dtype=np.intp)
    part_of_node[node] = part
    counts = np.bincount(part_of_node)
    number = np.empty(len(part_of_node), dtype=np.intp)
    number[np.argsort(part_of_node, kind="stable")] = np.arange(len(number)) - np.repeat(
        np.cumsum(counts) - counts, counts
    )
    return counts, number[node]


def _solve_squares(
    part: NDArray[np.int32],
    row: NDArray[np.intp],
    column: NDArray[np.intp],
    weight: FloatArray,
    most_edges: bool,
) -> BoolArray:
    """Solve all components of two by two nodes, the commonest: the straight pairs or the crossed ones."""
    _, place = np.unique(part, return_inverse=True)
    worth = np.zeros((int(place.max(initial=-1)) + 1, 2, 2))
    worth[place, row, column] = weight + (3 if most_edges else 0)
    straight = worth[:, 0, 0] + worth[:, 1, 1] >= worth[:, 0, 1] + worth[:, 1, 0]
    return np.asarray((row == column) == straight[place])


def _solve(
    row: NDArray[np.intp], column: NDArray[np.intp], weight: FloatArray, shape: tuple[int, int], most_edges: bool
) -> NDArray[np.intp]:
    """Return the places of the chosen edges of one component; they are sorted by row and column."""
    if most_edges:  # one more edge outweighs any sum, so a poor edge never costs one elsewhere
        weight = weight + min(shape) + 1
    solve = _solve_dense if shape[0] * shape[1] <= MOST_CELLS_PER_EDGE * len(weight) else _solve_sparse
    rows, columns = solve(row, column, weight, shape)
    return np.searchsorted(row * shape[1] + column, rows * shape[1] + columns)


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
