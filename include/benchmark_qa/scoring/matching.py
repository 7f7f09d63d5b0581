from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from include.benchmark_qa.labels.columns import BoolArray, IntArray
from include.benchmark_qa.scoring.candidates import GATE_TOLERANCE, Candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pairs = list[tuple[int, int]]

# Above this many cells a matrix of similarities is solved without ever being written down.
DENSE_CELLS = 4_000_000


def match_pairs(similarity: NDArray[np.float64], threshold: float) -> Pairs:
    """
    Return the assignment with the most pairs and, among those, the largest sum of similarity.

    :param similarity: shape (N, M) in [0, 1]; rows and columns sorted by object hash, which is the tie-break: of
        equally good assignments the one that pairs early rows with early columns.
    :param threshold: least similarity of a pair, inclusive.
    :return: (row, column) pairs, by row.
    """
    allowed = similarity >= threshold - GATE_TOLERANCE
    if not allowed.any():
        return []
    if (allowed.sum(axis=0) <= 1).all() and (allowed.sum(axis=1) <= 1).all():
        return _as_pairs(*np.nonzero(allowed))  # nobody competes: the answer is forced
    # One more pair outweighs any sum, so a poor pair never costs a pair elsewhere. The gate comes first: an
    # assignment made without it may pair what it then has to drop, and lose valid pairs.
    bonus = min(similarity.shape) + 1.0
    weight = np.where(allowed, bonus + similarity - _tie_break(similarity.shape), 0.0)
    rows, columns = linear_sum_assignment(weight, maximize=True)
    kept = allowed[rows, columns]
    return _as_pairs(rows[kept], columns[kept])


def match_candidates(candidates: Candidates, truth_hash: Sequence[str], submitted_hash: Sequence[str]) -> BoolArray:
    """
    Say of each candidate pair whether it is in the best assignment (see ``match_pairs``), for all groups at once.

    :param truth_hash: object hash of a place among the truth's sights, the tie-break; asked only where labels compete.
    :param submitted_hash: likewise of the submitted ones.
    """
    truth, submitted = candidates.truth, candidates.submitted
    competes = (np.bincount(truth)[truth] > 1) | (np.bincount(submitted)[submitted] > 1) if len(truth) else truth > 0
    matched: BoolArray = ~competes
    contested = np.flatnonzero(competes)
    for component in _components(truth[contested], submitted[contested]):
        part = contested[component]
        rows, columns = _ranks(truth[part], truth_hash), _ranks(submitted[part], submitted_hash)
        matched[part[_solve(rows, columns, candidates.similarity[part])]] = True
    return matched


def _components(truth: IntArray, submitted: IntArray) -> list[IntArray]:
    """Split competing pairs into sets that have no label in common."""
    if not len(truth):
        return []
    rows, columns = (np.unique(side, return_inverse=True)[1] for side in (truth, submitted))
    count = int(rows.max()) + 1
    size = count + int(columns.max()) + 1
    graph = coo_array((np.ones(len(rows), np.int8), (rows, columns + count)), shape=(size, size))
    label = connected_components(graph, directed=False)[1][rows]
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def _ranks(places: IntArray, hashes: Sequence[str]) -> IntArray:
    """Return the number of each place in the order of the hashes."""
    distinct, inverse = np.unique(places, return_inverse=True)
    order = sorted(range(len(distinct)), key=lambda index: hashes[distinct[index]])
    ranks = np.empty(len(distinct), np.int64)
    ranks[order] = np.arange(len(distinct))
    return ranks[inverse]


def _solve(rows: IntArray, columns: IntArray, similarity: NDArray[np.float64]) -> IntArray:
    """Return which of the pairs of one component are in its best assignment."""
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    if shape[0] * shape[1] > DENSE_CELLS:
        chosen = _solve_sparse(rows, columns, similarity, shape)
    else:
        matrix = np.full(shape, -1.0)
        matrix[rows, columns] = similarity
        chosen = match_pairs(matrix, 0.0)
    keys = np.array([row * shape[1] + column for row, column in chosen], np.int64)
    return np.flatnonzero(np.isin(rows * shape[1] + columns, keys))


def _solve_sparse(rows: IntArray, columns: IntArray, similarity: NDArray[np.float64], shape: tuple[int, int]) -> Pairs:
    """
    Solve with memory for the pairs alone.

    A label that may stay alone is one that may marry a stand-in of its own; stand-ins of a pair may marry each other.
    So every label has a partner in the doubled graph, which is what the sparse solver needs (Ramshaw and Tarjan 2012).
    """
    count, width = shape
    bonus = min(shape) + 1.0
    alone_rows, alone_columns = np.arange(count), np.arange(width)
    # A pair costs `bonus - similarity` and its stand-ins' pair 2 * bonus; two labels alone cost 4 * bonus.
    cost = np.concatenate([bonus - similarity, np.full(count + width + len(rows), 2 * bonus)])
    left = np.concatenate([rows, alone_rows, count + alone_columns, count + columns])
    right = np.concatenate([columns, width + alone_rows, alone_columns, width + rows])
    graph = coo_array((cost, (left, right)), shape=(count + width, count + width))
    first, second = min_weight_full_bipartite_matching(graph.tocsr())
    return [
        (int(row), int(column)) for row, column in zip(first, second, strict=True) if row < count and column < width
    ]


def _tie_break(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return penalties of at most 1e-9 in all, which grow with the row and with the column, and are alike for both."""
    rows, columns = np.indices(shape, dtype=np.float64)
    # The square prefers (0, 0) and (1, 1) to (0, 1) and (1, 0); its weight is too small to turn the order of the sums.
    penalty: NDArray[np.float64] = rows + columns + (rows - columns) ** 2 / (2 * max(shape))
    return penalty * (1e-9 / (float(penalty.max()) * min(shape)))


def _as_pairs(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Pairs:
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]
