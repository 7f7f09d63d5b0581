"""
Tables of geometry, one per shape, out of the objects of all rows at once.

Every function takes objects of one shape and returns the table that ``columns.ObjectColumns`` describes and, as a
mask, which of them are in order. What is wrong with the others is said by ``careful_geometry``, which has the same
limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, Geometry, Ragged
from include.benchmark_qa.labels.limits import LARGEST_COORDINATE, LARGEST_SIDE, all_of_each, inside, offsets_of
from include.benchmark_qa.labels.masks import mask_table
from include.benchmark_qa.labels.outlines import polygon_table, polyline_table
from include.benchmark_qa.labels.skeletons import skeleton_table
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.labels.wire import Box, Circle, Cuboid, Cuboid2D, DrawnObject, Ellipse, Point, RotatedBox

NAN: Final = float("nan")
Table = tuple[Geometry, BoolArray]


def _sides(*columns: FloatArray) -> BoolArray:
    found: BoolArray = np.logical_and.reduce([(column >= 0) & (column <= LARGEST_SIDE) for column in columns])
    return found


def _columns(shapes: Sequence[Any], *names: str) -> FloatArray:
    values = chain.from_iterable(map(attrgetter(*names), shapes))
    return np.fromiter(values, np.float64, len(names) * len(shapes)).reshape(-1, len(names))


def box_table(objects: Sequence[DrawnObject], _: Vocabulary) -> Table:
    """Return x, y, w, h of upright boxes, (n, 4); their four sides must lie inside the image."""
    absent = Box(NAN, NAN, NAN, NAN)
    table = _columns([one.bounding_box or absent for one in objects], "x", "y", "w", "h")
    x, y, w, h = table.T
    return table, (w >= 0) & (h >= 0) & inside(x, y, x + w, y + h)


def rotated_box_table(objects: Sequence[DrawnObject], _: Vocabulary) -> Table:
    """Return x, y, w, h, theta, (n, 5); the centre must lie inside the image, a turned corner may lie outside."""
    absent = RotatedBox(NAN, NAN, NAN, NAN, NAN)
    shapes = [one.rotatable_bounding_box or absent for one in objects]
    table = _columns(shapes, "x", "y", "w", "h", "theta")
    x, y, w, h, theta = table.T
    return table, _sides(w, h) & inside(x + w / 2, y + h / 2) & np.isfinite(theta)


def circle_table(objects: Sequence[DrawnObject], _: Vocabulary) -> Table:
    """Return x, y, r, stretch, theta, (n, 5); the centre must lie inside the image."""
    absent = Circle(NAN, NAN, NAN)
    table = _columns([one.circle or absent for one in objects], "x", "y", "r", "stretch", "theta")
    x, y, r, stretch, theta = table.T
    return table, inside(x, y) & _sides(r, stretch) & np.isfinite(theta)


def ellipse_table(objects: Sequence[DrawnObject], _: Vocabulary) -> Table:
    """Return x, y, rx, ry, theta, (n, 5); the centre must lie inside the image."""
    absent = Ellipse(NAN, NAN, NAN, NAN)
    table = _columns([one.ellipse or absent for one in objects], "x", "y", "rx", "ry", "theta")
    x, y, rx, ry, theta = table.T
    return table, inside(x, y) & _sides(rx, ry) & np.isfinite(theta)


def point_table(objects: Sequence[DrawnObject], _: Vocabulary) -> Table:
    """Return x, y, (n, 2); a point must lie inside the image."""
    absent = Point(NAN, NAN)
    table = _columns([(one.point or {}).get("0") or absent for one in objects], "x", "y")
    return table, inside(*table.T)


def cuboid_table(objects: Sequence[DrawnObject], _: Vocabulary) -> Table:
    """Return position, size and orientation of cuboids in space, (n, 9); sizes must not be negative."""
    nowhere = (NAN, NAN, NAN)
    absent = Cuboid(nowhere, nowhere, nowhere)
    shapes = [one.cuboid or absent for one in objects]
    values = chain.from_iterable(chain.from_iterable(map(attrgetter("position", "size", "orientation"), shapes)))
    table = np.fromiter(values, np.float64, 9 * len(shapes)).reshape(-1, 9)
    near = np.abs(table) <= LARGEST_COORDINATE
    right: BoolArray = np.logical_and.reduce(np.hstack([near, table[:, 3:6] >= 0]), axis=1)
    return table, right


def cuboid_2d_table(objects: Sequence[DrawnObject], _: Vocabulary) -> Table:
    """Return the corners of the front face, then those of the back face, (n, 8, 2); the front must lie inside."""
    corners = [cuboid_2d_corners(one.cuboid_2d) for one in objects]
    table = np.array(corners, np.float64).reshape(-1, 8, 2)
    front = table[:, :4].reshape(-1, 8)
    near: BoolArray = np.logical_and.reduce(np.abs(table) <= LARGEST_SIDE, axis=(1, 2))
    return table, inside(*front.T) & near


def cuboid_2d_corners(cuboid: Cuboid2D | None) -> list[float]:
    """
    Return the 16 coordinates of a cuboid's eight corners, NaN when it is not complete.

    The back face is the front face moved by the offset, or moved towards the vanishing point: a scale ratio of 1
    leaves it where the front is, 0 puts it into the vanishing point (docstrings of Encord's SDK).
    """
    if cuboid is None or len(cuboid.front) != 8:
        return [NAN] * 16
    front, far, ratio, offset = cuboid.front, cuboid.vanishing_point, cuboid.scale_ratio, cuboid.offset
    if far is not None and ratio is not None:
        return front + [
            value for x, y in _pairs(front) for value in (far.x + (x - far.x) * ratio, far.y + (y - far.y) * ratio)
        ]
    if far is None and offset is not None:
        return front + [value for x, y in _pairs(front) for value in (x + offset.x, y + offset.y)]
    return [NAN] * 16


def _pairs(flat: Sequence[float]) -> Sequence[tuple[float, float]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def range_table(objects: Sequence[Any], _: Vocabulary) -> Table:
    """Return start, end and the code of the node of each range; a range must not end before it begins."""
    ranges = [getattr(one, "ranges", ()) for one in objects]
    offsets = offsets_of([len(one) for one in ranges])
    flat = chain.from_iterable(chain.from_iterable(ranges))
    values = np.fromiter(flat, np.float64, 3 * int(offsets[-1])).reshape(-1, 3)
    right = (values[:, 0] <= values[:, 1]) & (np.abs(values) <= LARGEST_COORDINATE).all(axis=1)
    return Ragged(values, offsets), all_of_each(right, offsets) & (np.diff(offsets) > 0)


TABLES: Final[Mapping[str, Callable[[Sequence[Any], Vocabulary], Table]]] = {
    "bounding_box": box_table,
    "rotatable_bounding_box": rotated_box_table,
    "circle": circle_table,
    "ellipse": ellipse_table,
    "point": point_table,
    "polyline": polyline_table,
    "polygon": polygon_table,
    "cuboid_2d": cuboid_2d_table,
    "skeleton": skeleton_table,
    "bitmask": mask_table,
    "cuboid": cuboid_table,
    "audio": range_table,
    "time_range": range_table,
    "text": range_table,
}
