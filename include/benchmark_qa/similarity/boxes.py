from __future__ import annotations

import numpy as np

from include.benchmark_qa.similarity.aligned import BLOCK, BoolArray, FloatArray, as_rows, blocks, identical

_ZERO = np.zeros(())  # an array, since numpy takes twice as long for a Python number
_LEAST, _GREATEST = 1e-150, 1e150  # so that areas neither vanish nor overflow
_SMALL_BATCH = 1024  # pairs; the time of more of them is not that of calling numpy
_SMALL_SQUARES = 1e298  # no number of such a sum of squares is near _GREATEST, nor is any corner


def box_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of every pair of upright boxes.

    On small batches most of the time is spent on calling numpy: for many frames with few boxes each, gather the pairs
    of all frames and call `box_iou_pairs` once.

    :param a: shape (N, 4), ``x, y, w, h``; any unit, any sign of x and y.
    :param b: shape (M, 4), likewise.
    :return: shape (N, M), float64 in [0, 1]. Equal boxes give exactly 1, and (a, b) the same as (b, a). A box without
        area (or with a negative side) has 0 with every other and 1 with its equal; one with NaN or infinity has 0.

    >>> box_iou(np.array([[0.0, 0, 1, 1]]), np.array([[1.0, 0, 1, 1], [0, 0, 1, 1]]))  # touching is not overlapping
    array([[0., 1.]])
    """
    a, b = as_rows(a, 4), as_rows(b, 4)
    both = np.concatenate((a, b))
    if 0 < len(a) * len(b) <= _SMALL_BATCH and (quick := _small_batch(both, len(a))) is not None:
        return quick
    sides, flat = _sides(both)
    rows, columns = sides[:, : len(a), None], sides[:, len(a) :]
    if len(a) * len(b) <= BLOCK:
        iou = _iou(rows, columns)
    else:
        iou = np.empty((len(a), len(b)))
        for block in blocks(len(a), max(1, BLOCK // len(b))):
            iou[block] = _iou(rows[:, block], columns)
    if flat is not None:
        flat_a, flat_b = flat[: len(a)].nonzero()[0], flat[len(a) :].nonzero()[0]
        iou[np.ix_(flat_a, flat_b)] = identical(a[flat_a, None], b[None, flat_b])
    return iou


def box_iou_pairs(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of aligned upright boxes: row k of ``a`` with row k of ``b``.

    :param a: shape (K, 4), as for `box_iou`.
    :param b: shape (K, 4), likewise.
    :return: shape (K,), float64 in [0, 1], the same as on the diagonal of ``box_iou(a, b)``.

    >>> box_iou_pairs(np.array([[0.0, 0, 2, 1], [0, 0, 0, 1]]), np.array([[1.0, 0, 2, 1], [0, 0, 0, 1]])).round(3)
    array([0.333, 1.   ])
    """
    a, b = as_rows(a, 4), as_rows(b, 4)
    iou = np.empty(len(a))
    for block in blocks(len(a)):
        (first, flat_a), (second, flat_b) = _sides(a[block]), _sides(b[block])
        iou[block] = _iou(first, second)
        if flat_a is not None and flat_b is not None:
            flat = (flat_a & flat_b).nonzero()[0]
            iou[block][flat] = identical(a[block][flat], b[block][flat])
    return iou


def _small_batch(boxes: FloatArray, count: int) -> FloatArray | None:
    """
    Return the IoU of the first ``count`` boxes with the others in as few calls of numpy as there can be.

    It is None, and to be found in another way, where any box has no area, or NaN, infinity or a great number.
    """
    if not np.vdot(boxes, boxes) < _SMALL_SQUARES:
        return None
    sides = boxes.T.copy()
    starts, ends = sides[:2], sides[2:]
    ends += starts
    lengths = ends - starts
    if not lengths.item(lengths.argmin()) > _LEAST:
        return None
    np.negative(starts, out=starts)  # the greater start is then the lesser number, and one call finds all corners
    corners = np.minimum(sides[:, :count, None], sides[:, None, count:])
    common = corners[2:]
    common += corners[:2]
    np.maximum(common, _ZERO, out=common)
    intersection: FloatArray = common[0] * common[1]
    area = lengths[0] * lengths[1]
    union = area[:count, None] + area[count:]
    union -= intersection
    intersection /= union
    return intersection


def _sides(boxes: FloatArray) -> tuple[FloatArray, BoolArray | None]:
    """
    Return left, top, right, bottom and area, shape (5, n), and which boxes have no area (None where all have one).

    Such a box becomes a point of infinite area, whose IoU with anything is 0 without a division by 0.
    """
    sides = np.empty((5, len(boxes)))
    sides[:4] = boxes.T
    flat: BoolArray | None = None
    if not _is_small(sides[:4]):
        flat = np.asarray(~(np.abs(sides[:4]) < _GREATEST).all(axis=0))
        sides[:4, flat] = 0
    sides[2:4] += sides[:2]
    # The area from the corners, not from w * h: then equal boxes give exactly 1, and no pair more than 1.
    lengths = sides[2:4] - sides[:2]
    np.multiply(lengths[0], lengths[1], out=sides[4])
    if len(boxes) and not lengths.ravel()[lengths.argmin()] > _LEAST:
        flat = np.asarray((lengths <= _LEAST).any(axis=0))
        sides[:4, flat] = 0
    if flat is not None:
        sides[4, flat] = np.inf
    return sides, flat


def _is_small(values: FloatArray) -> bool:
    """Say quickly whether no value is NaN, infinite or so great that areas overflow."""
    flat = values.ravel()
    # argmax stops at a NaN, which no comparison holds for.
    return not flat.size or bool(flat[flat.argmin()] > -_GREATEST and flat[flat.argmax()] < _GREATEST)


def _iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the IoU of the sides (5, ...) of two batches, which are broadcast."""
    width: FloatArray = np.minimum(a[2], b[2])
    width -= np.maximum(a[0], b[0])
    np.maximum(width, _ZERO, out=width)
    height = np.minimum(a[3], b[3])
    height -= np.maximum(a[1], b[1])
    np.maximum(height, _ZERO, out=height)
    width *= height
    intersection, union = width, np.add(a[4], b[4], out=height)
    union -= intersection
    intersection /= union
    return intersection
