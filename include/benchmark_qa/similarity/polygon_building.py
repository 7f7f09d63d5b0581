from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from include.benchmark_qa.labels.columns import Areas, FloatArray, IntArray
from include.benchmark_qa.similarity.polygons import repaired

if TYPE_CHECKING:
    from numpy.typing import NDArray


def polygon_geometries(areas: Areas, index: IntArray, size: FloatArray) -> NDArray[np.object_]:
    """
    Return the areas that polygon labels cover, as valid shapely geometries.

    A ring that crosses itself is repaired with ``make_valid``, and several parts are united. A ring of fewer than
    three points is left out, with its holes if it is an outer one.

    :param areas: polygons, coordinates as fractions of width and height.
    :param index: shape (n,), places in ``areas``.
    :param size: shape (n, 2), the width and height in pixels to scale each by.
    :return: shape (n,), dtype object; None where a coordinate or the size is NaN or infinite, or nothing is left.

    >>> square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    >>> one = Areas(square, np.array([0, 4]), np.array([0, 1]), np.array([0, 1]))
    >>> polygon_geometries(one, np.array([0]), np.array([[20.0, 10.0]]))[0].area
    200.0
    """
    parts, polygon_of_part = _members(areas.polygons, index)
    rings, part_of_ring = _members(areas.parts, parts)
    points, ring_of_point = _members(areas.rings, rings)
    polygon_of_point = polygon_of_part[part_of_ring[ring_of_point]]
    pixels = areas.points[points] * size[polygon_of_point]
    broken = np.bincount(polygon_of_point, ~np.isfinite(pixels).all(axis=1), len(index)) > 0

    drawn = np.bincount(ring_of_point, minlength=len(rings)) >= 3
    has_outline = np.zeros(len(parts), dtype=bool)
    outer = np.flatnonzero(np.diff(part_of_ring, prepend=-1))
    has_outline[part_of_ring[outer]] = drawn[outer]
    kept = drawn & (has_outline & ~broken[polygon_of_part])[part_of_ring]
    kept_points = kept[ring_of_point]
    linear: Any = shapely.linearrings(pixels[kept_points], indices=_renumbered(ring_of_point[kept_points]))
    whole, part_of_kept = np.unique(part_of_ring[kept], return_inverse=True)
    pieces = repaired(np.asarray(shapely.polygons(linear, indices=part_of_kept)))
    return _united(pieces, polygon_of_part[whole], len(index))


def _members(offsets: IntArray, index: IntArray) -> tuple[IntArray, IntArray]:
    """Return the places of the members of the chosen lists, list by list, and the place in ``index`` of each."""
    counts = offsets[index + 1] - offsets[index]
    owner = np.repeat(np.arange(len(index)), counts)
    place_in_list = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return offsets[index][owner] + place_in_list, owner


def _renumbered(sorted_numbers: IntArray) -> IntArray:
    """Return the numbers without gaps, from 0."""
    inverse: IntArray = np.unique(sorted_numbers, return_inverse=True)[1]
    return inverse


def _united(parts: NDArray[np.object_], polygon: IntArray, count: int) -> NDArray[np.object_]:
    """Return ``count`` polygons from their parts, which come in order; None for one without any."""
    geometries = np.full(count, None, dtype=object)
    geometries[polygon] = parts
    lengths = np.bincount(polygon, minlength=count)
    starts = np.cumsum(lengths) - lengths
    for several in np.flatnonzero(lengths > 1):
        try:
            geometries[several] = shapely.union_all(parts[starts[several] : starts[several] + lengths[several]])
        except shapely.errors.GEOSException:
            geometries[several] = None
    return geometries
