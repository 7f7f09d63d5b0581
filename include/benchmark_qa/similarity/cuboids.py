from __future__ import annotations

import numpy as np

from include.benchmark_qa.similarity.aligned import FloatArray, as_rows, every_pair, identical, in_blocks, in_order
from include.benchmark_qa.similarity.cuboid_overlap import cuboid_overlap
from include.benchmark_qa.similarity.rotated_boxes import overlap_area

_BLOCK = 1024  # cuboids at once, whose faces take about a megabyte


def cuboid_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union, by volume, of every pair of cuboids in space.

    Where both are turned around z only it is the overlap of the footprints times that of the heights, else the volume
    of the convex intersection. Encord documents the orientation as Euler angles alpha, beta and gamma without their
    order; its SDK interpolates them as three.js does by default (``encord/objects/interpolation.py``, "XYZ"): the
    cuboid is turned around its own x, then its own y, then its own z axis.

    :param a: shape (N, 9): position of the centre x, y, z; size along the cuboid's own x, y, z; alpha, beta, gamma in
        radians. Any unit of length.
    :param b: shape (M, 9), likewise.
    :return: shape (N, M), float64 in [0, 1]; the rounding error is below 1e-11. Equal cuboids give exactly 1, and
        (a, b) the same as (b, a). A cuboid without volume (or with a negative size) has 0 with every other and 1 with
        its equal; one with NaN or infinity has 0.

    >>> cube, shifted = [0.0, 0, 0, 2, 2, 2, 0, 0, 0], [1.0, 0, 0, 2, 2, 2, 0, 0, 0]
    >>> cuboid_iou(np.array([cube]), np.array([cube, shifted])).round(4)
    array([[1.    , 0.3333]])
    """
    return every_pair(_iou, as_rows(a, 9), as_rows(b, 9), _BLOCK)


def cuboid_iou_pairs(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of aligned cuboids: row k of ``a`` with row k of ``b``.

    :param a: shape (K, 9), as for `cuboid_iou`.
    :param b: shape (K, 9), likewise.
    :return: shape (K,), float64 in [0, 1], the same as on the diagonal of ``cuboid_iou(a, b)``.

    >>> turned = [0.0, 0, 0, 1, 1, 1, np.pi / 4, 0, 0]
    >>> cuboid_iou_pairs(np.array([[0.0, 0, 0, 1, 1, 1, 0, 0, 0]]), np.array([turned])).round(4)
    array([0.7071])
    """
    return in_blocks(_iou, as_rows(a, 9), as_rows(b, 9), _BLOCK)


@np.errstate(all="ignore")
def _iou(a: FloatArray, b: FloatArray) -> FloatArray:
    a, b = in_order(a, b)
    # In units of the longest edge, so that no volume vanishes or overflows.
    unit = np.maximum(a[:, 3:6], b[:, 3:6]).max(axis=1, keepdims=True)
    unit[unit <= 0] = np.nan  # two negative lengths must not make a positive one
    size_a, size_b, offset = a[:, 3:6] / unit, b[:, 3:6] / unit, (b[:, :3] - a[:, :3]) / unit
    reach = np.linalg.norm(size_a, axis=1) + np.linalg.norm(size_b, axis=1)
    near = (size_a > 0).all(axis=1) & (size_b > 0).all(axis=1) & (2 * np.linalg.norm(offset, axis=1) < reach)
    near &= np.isfinite(a[:, 6:] + b[:, 6:]).all(axis=1)
    upright = (a[:, 6:8] == 0).all(axis=1) & (b[:, 6:8] == 0).all(axis=1)
    intersection = np.zeros(len(a))
    rows = np.flatnonzero(near & upright)
    intersection[rows] = _upright_overlap(size_a[rows], size_b[rows], offset[rows], a[rows, 8], b[rows, 8])
    rows = np.flatnonzero(near & ~upright)
    intersection[rows] = cuboid_overlap(size_a[rows], size_b[rows], offset[rows], a[rows, 6:], b[rows, 6:])
    union = size_a.prod(axis=1) + size_b.prod(axis=1) - intersection
    iou = np.where(near & (union > 0), np.clip(intersection / union, 0, 1), 0.0)
    iou[identical(a, b)] = 1
    return iou


def _upright_overlap(
    size_a: FloatArray, size_b: FloatArray, offset: FloatArray, yaw_a: FloatArray, yaw_b: FloatArray
) -> FloatArray:
    """Return the volume that cuboids share that are turned around z only, shape (K,)."""
    footprint = overlap_area(size_a[:, :2], size_b[:, :2], offset[:, :2], np.rad2deg(yaw_a), np.rad2deg(yaw_b))
    half_a, half_b, up = size_a[:, 2] / 2, size_b[:, 2] / 2, offset[:, 2]
    height = np.minimum(half_a, up + half_b) - np.maximum(-half_a, up - half_b)
    volume: FloatArray = footprint * np.maximum(height, 0)
    return volume
