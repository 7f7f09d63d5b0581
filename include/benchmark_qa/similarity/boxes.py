from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def box_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of every pair of upright boxes.

    :param a: shape (N, 4), ``x, y, w, h`` with finite values and w, h >= 0; any unit.
    :param b: shape (M, 4), likewise.
    :return: shape (N, M), float64 in [0, 1]. A box without area has 0 with every other and 1 with its equal.

    >>> box_iou(np.array([[0.0, 0, 1, 1]]), np.array([[1.0, 0, 1, 1], [0, 0, 1, 1]]))  # touching is not overlapping
    array([[0., 1.]])
    """
    a, b = np.asarray(a, dtype=np.float64).reshape(-1, 4), np.asarray(b, dtype=np.float64).reshape(-1, 4)
    # Areas from the corners, not from w * h: then equal boxes give exactly 1.
    a_start, a_end = a[:, None, :2], a[:, None, :2] + a[:, None, 2:]
    b_start, b_end = b[None, :, :2], b[None, :, :2] + b[None, :, 2:]
    sides = np.minimum(a_end, b_end) - np.maximum(a_start, b_start)
    intersection = np.clip(sides, 0.0, None).prod(axis=2)
    union = (a_end - a_start).prod(axis=2) + (b_end - b_start).prod(axis=2) - intersection
    identical = (a[:, None, :] == b[None, :, :]).all(axis=2)
    iou = np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)
    return np.where(identical, 1.0, np.clip(iou, 0.0, 1.0))
