from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from include.benchmark_qa.labels.columns import Areas, FloatArray, IntArray, ObjectColumns

_ENDLESS = (-np.inf, -np.inf, np.inf, np.inf)


def object_bounds(objects: ObjectColumns, shapes: Sequence[str], codes: IntArray, entries: IntArray) -> FloatArray:
    """
    Return left, top, right and bottom of objects as fractions of the image, shape (K, 4).

    Two objects whose bounds do not meet have no area in common. Shapes that are alike without touching (points, lines,
    skeletons), and those whose bounds are not told cheaply, are endless.

    :param shapes: names of the shapes, by code.
    :param codes: shape (K,), the shape of each entry.
    :param entries: shape (K,), entries of ``objects``.
    """
    bounds = np.tile(np.array(_ENDLESS), (len(entries), 1))
    for code, shape in enumerate(shapes):
        part = np.flatnonzero(codes == code)
        if shape in _BOUNDS and len(part):
            bounds[part] = _BOUNDS[shape](objects.geometry[shape])[objects.slot[entries[part]]]
    return bounds


def _of_boxes(table: FloatArray) -> FloatArray:
    return np.concatenate([table[:, :2], table[:, :2] + table[:, 2:]], axis=1)


def _of_polygons(areas: Areas) -> FloatArray:
    """Take the least and the greatest of all points of each polygon; every polygon has some."""
    begins = areas.rings[areas.parts[areas.polygons[:-1]]]
    return np.concatenate([ends.reduceat(areas.points, begins) for ends in (np.minimum, np.maximum)], axis=1)


_BOUNDS: Mapping[str, Callable[[Any], FloatArray]] = {"bounding_box": _of_boxes, "polygon": _of_polygons}
