from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class NamedOwners:
    """The object that each place among the sights is a sight of, and the object hashes by owner: the tie-break."""

    owner: IntArray
    hashes: Sequence[str]

    def number(self, places: IntArray) -> IntArray:
        """Return a number for each place; where labels compete, that is on one frame, in the order of the hashes."""
        owners, inverse = np.unique(self.owner[places], return_inverse=True)
        rank = np.empty(len(owners), np.int64)
        rank[sorted(range(len(owners)), key=[self.hashes[one] for one in owners.tolist()].__getitem__)] = np.arange(
            len(owners)
        )
        return rank[inverse] * len(self.owner) + places


def match_candidates(candidates: Candidates, truth: NamedOwners, submitted: NamedOwners) -> BoolArray:
    """Say of each candidate pair whether it is in the best assignment (see ``match_pairs``), for all groups at once."""
    ours, theirs = candidates.truth, candidates.submitted
    if not len(ours):
        return np.zeros(0, np.bool_)
    competes = (np.bincount(ours)[ours] > 1) | (np.bincount(theirs)[theirs] > 1)
    matched: BoolArray = ~competes
    matched[competes] = maximum_weight_matching(
        truth.number(ours[competes]),
        submitted.number(theirs[competes]),
        candidates.similarity[competes],
        most_edges=True,
    )
    return matched


def _tie_break(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return penalties of at most 1e-9 in all, which grow with the row and with the column, and are alike for both."""
    rows, columns = np.indices(shape, dtype=np.float64)
    # The square prefers (0, 0) and (1, 1) to (0, 1) and (1, 0); its weight is too small to turn the order of the sums.
    penalty: NDArray[np.float64] = rows + columns + (rows - columns) ** 2 / (2 * max(shape))
    return penalty * (1e-9 / (float(penalty.max()) * min(shape)))


def _as_pairs(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Pairs:
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]
