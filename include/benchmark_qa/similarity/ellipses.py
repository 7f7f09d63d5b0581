from __future__ import annotations

import numpy as np

from include.benchmark_qa.similarity.aligned import FloatArray, as_rows, every_pair, identical, in_blocks, in_order
from include.benchmark_qa.similarity.ellipse_overlap import circle_overlap, ellipse_overlap
from include.benchmark_qa.similarity.rotated_boxes import turn


def ellipse_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of every pair of ellipses; a circle is one with equal radii.

    Areas are computed from the points where the outlines cross, without polygons in their place: an inscribed 128-gon
    is off by up to 1e-4. The rounding error is below 1e-9; two circles, and one inside the other, are exact.

    :param a: shape (N, 5), ``cx, cy, rx, ry, theta`` in pixels and degrees, clockwise on the screen (y points down).
    :param b: shape (M, 5), likewise.
    :return: shape (N, M), float64 in [0, 1]. Equal ellipses give exactly 1, and (a, b) the same as (b, a). An ellipse
        without area (or with a negative radius) has 0 with every other and 1 with its equal; one with NaN or infinity
        has 0.

    >>> ellipse_iou(np.array([[0.0, 0, 2, 2, 0]]), np.array([[0.0, 0, 1, 1, 0], [9, 9, 1, 1, 0]]))
    array([[0.25, 0.  ]])
    """
    return every_pair(_iou, as_rows(a, 5), as_rows(b, 5))


def ellipse_iou_pairs(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of aligned ellipses: row k of ``a`` with row k of ``b``.

    :param a: shape (K, 5), as for `ellipse_iou`.
    :param b: shape (K, 5), likewise.
    :return: shape (K,), float64 in [0, 1], the same as on the diagonal of ``ellipse_iou(a, b)``.

    >>> ellipse_iou_pairs(np.array([[0.0, 0, 3, 2, 90]]), np.array([[0.0, 0, 2, 3, 0]])).round(9)
    array([1.])
    """
    return in_blocks(_iou, as_rows(a, 5), as_rows(b, 5))


@np.errstate(all="ignore")
def _iou(a: FloatArray, b: FloatArray) -> FloatArray:
    a, b = in_order(a, b)
    # In units of the longest radius, so that no area vanishes or overflows.
    unit = np.maximum(a[:, 2:4], b[:, 2:4]).max(axis=1, keepdims=True)
    unit[unit <= 0] = np.nan  # two negative lengths must not make a positive one
    radii_a, radii_b, offset = a[:, 2:4] / unit, b[:, 2:4] / unit, (b[:, :2] - a[:, :2]) / unit
    distance = np.hypot(offset[:, 0], offset[:, 1])
    area_a, area_b = radii_a.prod(axis=1) * np.pi, radii_b.prod(axis=1) * np.pi
    near = (area_a > 0) & (area_b > 0) & (radii_a > 0).all(axis=1) & (radii_b > 0).all(axis=1)
    near &= (distance < radii_a.max(axis=1) + radii_b.max(axis=1)) & np.isfinite(a[:, 4] + b[:, 4])
    round_ = (radii_a[:, 0] == radii_a[:, 1]) & (radii_b[:, 0] == radii_b[:, 1])
    intersection = np.zeros(len(a))
    rows = np.flatnonzero(near & round_)
    intersection[rows] = circle_overlap(radii_a[rows, 0], radii_b[rows, 0], distance[rows])
    rows = np.flatnonzero(near & ~round_)
    matrix, centre = _seen_from(radii_a[rows], radii_b[rows], offset[rows], a[rows, 4], b[rows, 4])
    intersection[rows] = ellipse_overlap(matrix, centre) * radii_a[rows].prod(axis=1)
    iou = np.where(near, np.clip(intersection / (area_a + area_b - intersection), 0, 1), 0.0)
    iou[identical(a, b)] = 1
    return iou


def _seen_from(
    radii_a: FloatArray, radii_b: FloatArray, offset: FloatArray, theta_a: FloatArray, theta_b: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """
    Return ``b`` in the coordinates in which ``a`` is the unit circle around the origin.

    :return: the matrix (K, 2, 2) that makes ``b``, moved to the origin, of the unit circle, and the centre (K, 2).
    """
    axes = zip(radii_b.T, np.eye(2), strict=True)
    columns = [turn(radius * along[0], radius * along[1], theta_b - theta_a) for radius, along in axes]
    matrix = np.stack([np.stack(column, axis=-1) for column in columns], axis=-1) / radii_a[:, :, None]
    centre = np.stack(turn(offset[:, 0], offset[:, 1], -theta_a), axis=-1) / radii_a
    return matrix, centre
