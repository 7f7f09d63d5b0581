from __future__ import annotations

import numpy as np

from include.benchmark_qa.similarity.aligned import FloatArray, as_rows, every_pair, identical, in_blocks, in_order
from include.benchmark_qa.similarity.boxes import box_iou_pairs

_CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])


def rotated_box_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of every pair of rotated boxes.

    :param a: shape (N, 5), ``x, y, w, h, theta`` in pixels and degrees: x, y is the top left corner of the box before
        it is turned around its centre by any angle theta, clockwise on the screen (y points down). Fractions of an
        image that is not a square have to be scaled to pixels first, or else rotated boxes shear.
    :param b: shape (M, 5), likewise.
    :return: shape (N, M), float64 in [0, 1]; the rounding error is below 1e-12. Equal boxes give exactly 1, upright
        ones the same as `box_iou`, and (a, b) the same as (b, a). A box without area (or with a negative side) has 0
        with every other and 1 with its equal; one with NaN or infinity has 0.

    >>> rotated_box_iou(np.array([[0.0, 4, 10, 2, 0]]), np.array([[0.0, 4, 10, 2, 90], [4, 0, 2, 10, 90]])).round(4)
    array([[0.1111, 1.    ]])
    """
    return every_pair(_iou, as_rows(a, 5), as_rows(b, 5))


def rotated_box_iou_pairs(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of aligned rotated boxes: row k of ``a`` with row k of ``b``.

    :param a: shape (K, 5), as for `rotated_box_iou`.
    :param b: shape (K, 5), likewise.
    :return: shape (K,), float64 in [0, 1], the same as on the diagonal of ``rotated_box_iou(a, b)``.

    >>> rotated_box_iou_pairs(np.array([[0.0, 0, 2, 2, 0]]), np.array([[0.0, 0, 2, 2, 45]])).round(4)
    array([0.7071])
    """
    return in_blocks(_iou, as_rows(a, 5), as_rows(b, 5))


@np.errstate(all="ignore")
def _iou(a: FloatArray, b: FloatArray) -> FloatArray:
    a, b = in_order(a, b)
    # In units of the longest side, so that no area vanishes or overflows.
    unit = np.maximum(a[:, 2:4], b[:, 2:4]).max(axis=1)
    unit[unit <= 0] = np.nan  # two negative lengths must not make a positive one
    size_a, size_b = a[:, 2:4] / unit[:, None], b[:, 2:4] / unit[:, None]
    offset = ((b[:, :2] - a[:, :2]) + (b[:, 2:4] - a[:, 2:4]) / 2) / unit[:, None]
    reach = np.hypot(*size_a.T) + np.hypot(*size_b.T)
    near = (size_a > 0).all(axis=1) & (size_b > 0).all(axis=1) & (2 * np.hypot(*offset.T) < reach)
    upright = (a[:, 4] % 180 == 0) & (b[:, 4] % 180 == 0)
    turned = np.flatnonzero(near & ~upright & np.isfinite(a[:, 4] + b[:, 4]))
    iou = np.zeros(len(a))
    intersection = overlap_area(size_a[turned], size_b[turned], offset[turned], a[turned, 4], b[turned, 4])
    union = size_a[turned].prod(axis=1) + size_b[turned].prod(axis=1) - intersection
    iou[turned] = np.clip(intersection / union, 0, 1)
    iou[upright] = box_iou_pairs(a[upright, :4], b[upright, :4])
    iou[identical(a, b)] = 1
    return iou


def overlap_area(
    size_a: FloatArray, size_b: FloatArray, offset: FloatArray, theta_a: FloatArray, theta_b: FloatArray
) -> FloatArray:
    """
    Return the area that aligned rotated rectangles share, shape (K,).

    Seen from ``a``, which is then upright around the origin, this is the integral of the outline of ``b`` over the
    width of ``a``, with the height of the outline clamped to that of ``a``: no corner needs a case of its own.

    :param size_a: shape (K, 2), width and height, both above 0.
    :param size_b: shape (K, 2), likewise.
    :param offset: shape (K, 2), from the centre of ``a`` to that of ``b``.
    :param theta_a: shape (K,), degrees.
    :param theta_b: shape (K,), degrees.
    """
    local = _CORNERS[:, None, :] * size_b  # (4, K, 2)
    across, down = turn(offset[:, 0], offset[:, 1], -theta_a)
    x, y = turn(local[..., 0], local[..., 1], theta_b - theta_a)
    x, y = x + across, y + down
    half_width, half_height = size_a.T / 2
    pieces = _clamped_integral(x, y, np.roll(x, -1, axis=0), np.roll(y, -1, axis=0), half_width, half_height)
    area: FloatArray = np.abs(pieces.sum(axis=0))
    return area


def turn(x: FloatArray, y: FloatArray, degrees: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Turn points around the origin, clockwise where y points down, else counterclockwise.

    Right angles are exact: only what remains of the angle after them goes through sine and cosine.
    """
    quarters = np.round(degrees / 90)
    rest = np.deg2rad(degrees - 90 * quarters)
    cosine, sine = np.cos(rest), np.sin(rest)
    quarter = quarters % 4
    even = quarter % 2 == 0
    sign = np.where(quarter < 2, 1.0, -1.0)
    cosine, sine = sign * np.where(even, cosine, -sine), sign * np.where(even, sine, cosine)
    return cosine * x - sine * y, sine * x + cosine * y


def _clamped_integral(
    x0: FloatArray, y0: FloatArray, x1: FloatArray, y1: FloatArray, half_width: FloatArray, half_height: FloatArray
) -> FloatArray:
    """Integrate the segments' height, clamped to -half_height..half_height, over -half_width..half_width of x."""
    start, end = np.clip(x0, -half_width, half_width), np.clip(x1, -half_width, half_width)
    slope = _ratio(y1 - y0, x1 - x0)
    y0, y1 = y0 + (start - x0) * slope, y0 + (end - x0) * slope
    rise = y1 - y0
    # The clamped height is piecewise linear: its knots are where the segment crosses the two borders.
    low, high = (np.clip(_ratio(border - y0, rise), 0, 1) for border in (-half_height, half_height))
    knots = (np.minimum(low, high), np.maximum(low, high))
    first, second, third, last = (
        np.clip(y, -half_height, half_height) for y in (y0, y0 + knots[0] * rise, y0 + knots[1] * rise, y1)
    )
    twice_mean = (
        knots[0] * (first + second) + (knots[1] - knots[0]) * (second + third) + (1 - knots[1]) * (third + last)
    )
    return (end - start) * twice_mean / 2


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the quotient, 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros(np.shape(numerator)), where=denominator != 0)
