from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pairs = list[tuple[int, int]]

# An IoU that is the threshold on paper may be a few rounding errors below it; without this, the size of the image
# would decide.
GATE_TOLERANCE = 1e-9


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


def _tie_break(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return penalties of at most 1e-9 in all, which grow with the row and with the column, and are alike for both."""
    rows, columns = np.indices(shape, dtype=np.float64)
    # The square prefers (0, 0) and (1, 1) to (0, 1) and (1, 0); its weight is too small to turn the order of the sums.
    penalty: NDArray[np.float64] = rows + columns + (rows - columns) ** 2 / (2 * max(shape))
    return penalty * (1e-9 / (float(penalty.max()) * min(shape)))


def _as_pairs(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Pairs:
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]
