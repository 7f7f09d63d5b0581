from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from include.benchmark_qa.labels.columns import BoolArray, IntArray
from include.benchmark_qa.scoring.bipartite import maximum_weight_matching
from include.benchmark_qa.scoring.candidates import GATE_TOLERANCE, Candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pairs = list[tuple[int, int]]


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
    if not len(truth):
        return np.zeros(0, np.bool_)
    competes = (np.bincount(truth)[truth] > 1) | (np.bincount(submitted)[submitted] > 1)
    matched: BoolArray = ~competes
    matched[competes] = maximum_weight_matching(
        _ranks(truth[competes], truth_hash),
        _ranks(submitted[competes], submitted_hash),
        candidates.similarity[competes],
        most_edges=True,
    )
    return matched


def _ranks(places: IntArray, hashes: Sequence[str]) -> IntArray:
    """Return the number of each place in the order of the hashes."""
    distinct, inverse = np.unique(places, return_inverse=True)
    order = sorted(range(len(distinct)), key=lambda index: hashes[int(distinct[index])])
    ranks = np.empty(len(distinct), np.int64)
    ranks[order] = np.arange(len(distinct))
    return ranks[inverse]


def _tie_break(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return penalties of at most 1e-9 in all, which grow with the row and with the column, and are alike for both."""
    rows, columns = np.indices(shape, dtype=np.float64)
    # The square prefers (0, 0) and (1, 1) to (0, 1) and (1, 0); its weight is too small to turn the order of the sums.
    penalty: NDArray[np.float64] = rows + columns + (rows - columns) ** 2 / (2 * max(shape))
    return penalty * (1e-9 / (float(penalty.max()) * min(shape)))


def _as_pairs(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Pairs:
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]
