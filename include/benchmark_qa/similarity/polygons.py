from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely

from include.benchmark_qa.similarity.aligned import BLOCK, comes_after

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Geometries = Sequence[BaseGeometry | None] | NDArray[np.object_]

Rings = Sequence[Sequence[tuple[float, float]]]


def to_geometry(parts: Sequence[Rings]) -> BaseGeometry:
    """
    Return the area that a polygon label covers.

    :param parts: each an outer ring followed by its holes, in pixels. A ring that crosses itself is repaired with
        ``make_valid`` (a bow-tie keeps both wings; ``buffer(0)`` would lose one); parts are united.
    """
    polygons = [shapely.Polygon(outer, holes) for outer, *holes in parts]
    valid = [polygon if polygon.is_valid else shapely.make_valid(polygon) for polygon in polygons]
    return valid[0] if len(valid) == 1 else shapely.union_all(valid)


def polygon_iou(a: Geometries, b: Geometries) -> NDArray[np.float64]:
    """
    Return the intersection over union, by area, of every pair of geometries.

    :param a: N shapely geometries in pixels; invalid ones are repaired with ``make_valid``.
    :param b: M geometries, likewise.
    :return: shape (N, M), float64 in [0, 1], and the same for (b, a). Equal geometries give exactly 1; one without
        area has 0 with every other. NaN for None, and for coordinates that GEOS cannot work with (NaN, infinity).

    >>> import shapely
    >>> bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    >>> polygon_iou([bow_tie], [shapely.box(0, 0, 10, 10)])
    array([[0.5]])
    """
    both = repaired([*a, *b])
    measures = _measures(both)
    rows, columns = np.repeat(np.arange(len(a)), len(b)), np.tile(np.arange(len(a), len(both)), len(a))
    return _iou(both[rows], both[columns], measures[rows], measures[columns]).reshape(len(a), len(b))


def polygon_iou_pairs(a: Geometries, b: Geometries, least: float = 0.0) -> NDArray[np.float64]:
    """
    Return the intersection over union, by area, of aligned geometries: ``a[k]`` with ``b[k]``.

    :param a: K valid geometries in pixels, such as `repaired` and `polygon_geometries` return: many pairs may share
        one geometry, so none is checked again.
    :param b: K geometries, likewise.
    :param least: a pair that cannot reach so much, by areas and bounds, gets 0 without a closer look.
    :return: shape (K,), float64 in [0, 1]; edge cases as in `polygon_iou`.

    >>> import shapely
    >>> polygon_iou_pairs([shapely.box(0, 0, 2, 2), None], [shapely.box(1, 0, 3, 2), shapely.box(0, 0, 1, 1)]).round(3)
    array([0.333,   nan])
    """
    first, second = _as_array(a), _as_array(b)
    return _iou(first, second, _measures(first), _measures(second), least)


def repaired(geometries: Geometries) -> NDArray[np.object_]:
    """
    Return the geometries with the invalid ones made valid, and None for those that cannot be.

    ``make_valid`` keeps both wings of a bow-tie, of which ``buffer(0)`` would lose one.
    """
    array = _as_array(geometries)
    with np.errstate(all="ignore"):
        valid = shapely.is_valid(array)
        if valid.all():
            return array
        array = array.copy()
        for index in np.flatnonzero(~valid & ~shapely.is_missing(array)):
            try:
                array[index] = shapely.make_valid(array[index])
            except shapely.errors.GEOSException:
                array[index] = None
    return array


def _as_array(geometries: Geometries) -> NDArray[np.object_]:
    if isinstance(geometries, np.ndarray):
        return geometries
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    return array


def _measures(geometries: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the least x and y, the greatest x and y, and the area, shape (n, 5); NaN for None."""
    measures = np.empty((len(geometries), 5))
    measures[:, :4], measures[:, 4] = shapely.bounds(geometries), shapely.area(geometries)
    return measures


def _iou(
    a: NDArray[np.object_],
    b: NDArray[np.object_],
    measures_a: NDArray[np.float64],
    measures_b: NDArray[np.float64],
    least: float = 0.0,
) -> NDArray[np.float64]:
    """Return the IoU of aligned valid geometries, whose measures are known."""
    with np.errstate(all="ignore"):
        iou: NDArray[np.float64] = (measures_a[:, 4] + measures_b[:, 4]) * 0  # NaN where there is none
    # The bounds of an empty geometry are NaN, which touch nothing.
    touching = (measures_a[:, :2] <= measures_b[:, 2:4]) & (measures_b[:, :2] <= measures_a[:, 2:4])
    near = np.flatnonzero(touching.all(axis=1))
    near = near[_greatest_iou(measures_a[near], measures_b[near]) >= least]
    if not near.size:
        return iou
    a, b, measures_a, measures_b = a[near], b[near], measures_a[near], measures_b[near]
    # GEOS rounds the two orders of a pair differently, so all pairs are put into the same one.
    swap = comes_after(measures_a, measures_b)
    with np.errstate(all="ignore"):
        intersection = _shared_area(np.where(swap, b, a), np.where(swap, a, b))
        ratio = intersection / (measures_a[:, 4] + measures_b[:, 4] - intersection)
    ratio[intersection == 0] = 0  # also of two areas of 0
    ratio[shapely.equals_exact(a, b, 0.0)] = 1
    iou[near] = np.clip(ratio, 0, 1)
    return iou


def _greatest_iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the IoU is at most: no more than the smaller area, or that of the shared bounds, can be shared."""
    sides = np.minimum(a[:, 2:4], b[:, 2:4]) - np.maximum(a[:, :2], b[:, :2])
    shared = np.minimum(sides.prod(axis=1), np.minimum(a[:, 4], b[:, 4]))
    union = a[:, 4] + b[:, 4] - shared
    greatest: NDArray[np.float64] = np.ones(len(a))  # what has no area may still be equal
    with np.errstate(all="ignore"):
        np.divide(shared, union, out=greatest, where=shared > 0)
    return greatest + 1e-9  # bounds and areas are rounded


def _shared_area(a: NDArray[np.object_], b: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the areas of the intersections, of which only a block at a time is held; NaN where GEOS refuses a pair."""
    if len(a) <= BLOCK:
        try:
            area: NDArray[np.float64] = shapely.area(shapely.intersection(a, b))
        except shapely.errors.GEOSException:
            if len(a) == 1:
                return np.array([np.nan])
        else:
            return area
    half = len(a) // 2
    return np.concatenate((_shared_area(a[:half], b[:half]), _shared_area(a[half:], b[half:])))
