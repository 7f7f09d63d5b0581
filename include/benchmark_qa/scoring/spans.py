from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from include.benchmark_qa.labels.columns import Areas, FloatArray, IntArray, ObjectColumns


def horizontal_spans(
    objects: ObjectColumns, shapes: Sequence[str], codes: IntArray, entries: IntArray
) -> tuple[FloatArray, FloatArray]:
    """
    Return from where to where objects reach, left to right, as fractions of the image's width, shape (K,) each.

    Two objects whose spans do not meet have no area in common. Shapes that are alike without touching (points, lines,
    skeletons), and those whose span is not told cheaply, reach from minus to plus infinity.

    :param shapes: names of the shapes, by code.
    :param codes: shape (K,), the shape of each entry.
    :param entries: shape (K,), entries of ``objects``.
    """
    low, high = np.full(len(entries), -np.inf), np.full(len(entries), np.inf)
    for code, shape in enumerate(shapes):
        part = np.flatnonzero(codes == code)
        if shape in _SPANS and len(part):
            slots = objects.slot[entries[part]]
            lows, highs = _SPANS[shape](objects.geometry[shape])
            low[part], high[part] = lows[slots], highs[slots]
    return low, high


def _of_boxes(table: FloatArray) -> tuple[FloatArray, FloatArray]:
    return table[:, 0], table[:, 0] + table[:, 2]


def _of_polygons(areas: Areas) -> tuple[FloatArray, FloatArray]:
    """Take the least and the greatest x of all points of each polygon; every polygon has some."""
    begins = areas.rings[areas.parts[areas.polygons[:-1]]]
    x = areas.points[:, 0]
    return np.minimum.reduceat(x, begins), np.maximum.reduceat(x, begins)


_SPANS: Mapping[str, Callable[[Any], tuple[FloatArray, FloatArray]]] = {
    "bounding_box": _of_boxes,
    "polygon": _of_polygons,
}
