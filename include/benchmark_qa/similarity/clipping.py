from __future__ import annotations

import numpy as np

from include.benchmark_qa.similarity.aligned import FloatArray

_ON_THE_PLANE = 1e-13  # what rounding puts this far out counts as in; coordinates are about 1


def clip_convex(points: FloatArray, height: FloatArray) -> FloatArray:
    """
    Return the parts of convex polygons that are not below a plane (Sutherland and Hodgman's algorithm, many at once).

    :param points: shape (n, m, d), the corners of each polygon in order; a corner may come several times in a row.
    :param height: shape (n, m), of each corner above its polygon's plane.
    :return: shape (n, m + 1, d), likewise. A polygon that is wholly below becomes a single point.
    """
    count, corners, dimensions = points.shape
    following, next_height = np.roll(points, -1, axis=1), np.roll(height, -1, axis=1)
    inside = height >= -_ON_THE_PLANE
    crosses = inside != np.roll(inside, -1, axis=1)
    drop = np.where(crosses, height - next_height, 1)
    crossing = points + (height / drop)[..., None] * (following - points)
    # Each corner yields itself if it is inside, and then the crossing to the next corner if there is one.
    kept = np.stack((inside, crosses), axis=2).reshape(count, 2 * corners)
    candidates = np.stack((points, crossing), axis=2).reshape(count, 2 * corners, dimensions)
    place = np.minimum(np.cumsum(kept, axis=1) - 1, corners)
    source = np.zeros((count, corners + 1), dtype=np.intp)
    polygon, candidate = kept.nonzero()
    source[polygon, place[polygon, candidate]] = candidate
    # The last corner again and again up to the common length.
    last = np.minimum(kept.sum(axis=1) - 1, corners)
    filled = np.minimum(np.arange(corners + 1), np.maximum(last, 0)[:, None])
    source = np.take_along_axis(source, filled, axis=1)
    clipped: FloatArray = np.take_along_axis(candidates, source[..., None], axis=1)
    return clipped
