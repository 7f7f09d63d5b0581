"""The geometry of one object out of JSON that may hold anything; the limits are those of ``tables``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np

from include.benchmark_qa.labels.careful_outlines import read_polygon, read_polyline
from include.benchmark_qa.labels.careful_skeletons import read_skeleton
from include.benchmark_qa.labels.careful_values import (
    ProblemError,
    check_inside,
    check_sides,
    mapping,
    number,
    numbers,
    sequence,
    shown,
    whole,
)
from include.benchmark_qa.labels.limits import LARGEST_COORDINATE, LARGEST_SIDE
from include.benchmark_qa.labels.masks import masks_of, pixels_covered
from include.benchmark_qa.labels.tables import cuboid_2d_corners
from include.benchmark_qa.labels.wire import Bitmask, Box, Circle, Cuboid, Cuboid2D, Ellipse, Point, RotatedBox

Size: TypeAlias = tuple[float, float]


def read_geometry(shape: str, drawn: Mapping[str, Any], size: Size) -> dict[str, Any]:
    """
    Return the geometry as the argument of a ``wire.DrawnObject``.

    :param drawn: the object in the label row.
    :param size: width and height of the frame in pixels, NaN where unknown.
    :raises ProblemError: when the shape is not supported, or its geometry is corrupt.
    """
    reader = _READERS.get(shape)
    if reader is None:
        raise ProblemError(f"shape {shape!r} is not supported")
    name, field, read = reader
    return {field: read(drawn if name is None else _given(drawn, name), size)}


def _given(drawn: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = mapping(drawn.get(name), name)
    if not found:
        raise ProblemError(f"has no {name}")
    return found


def _read_box(raw: Mapping[str, Any], _: Size) -> Box:
    x, y, w, h = numbers(raw, "xywh")
    if w < 0 or h < 0:
        raise ProblemError(f"has a negative width or height ({w} x {h})")
    check_inside(x, y, x + w, y + h)
    return Box(x, y, w, h)


def _read_rotated_box(raw: Mapping[str, Any], _: Size) -> RotatedBox:
    x, y, w, h, theta = numbers(raw, (*"xywh", "theta"))
    check_sides("width or height", w, h)
    check_inside(x + w / 2, y + h / 2)
    return RotatedBox(x, y, w, h, theta)


def _read_circle(raw: Mapping[str, Any], _: Size) -> Circle:
    x, y, r, stretch, theta = numbers({"stretch": 1.0, "theta": 0.0, **raw}, ("x", "y", "r", "stretch", "theta"))
    check_sides("radius or stretch", r, stretch)
    check_inside(x, y)
    return Circle(x, y, r, stretch, theta)


def _read_ellipse(raw: Mapping[str, Any], _: Size) -> Ellipse:
    x, y, rx, ry, theta = numbers({"theta": 0.0, **raw}, ("x", "y", "rx", "ry", "theta"))
    check_sides("half axis", rx, ry)
    check_inside(x, y)
    return Ellipse(x, y, rx, ry, theta)


def _read_point(raw: Mapping[str, Any], _: Size) -> dict[str, Point]:
    point = _given(raw, "0")
    if "z" in point:
        raise ProblemError("is a point in three dimensions, which is not supported")
    x, y = numbers(point, "xy")
    check_inside(x, y)
    return {"0": Point(x, y)}


def _read_cuboid(raw: Mapping[str, Any], _: Size) -> Cuboid:
    position, size, orientation = (_triple(raw, name) for name in ("position", "size", "orientation"))
    if min(size) < 0:
        raise ProblemError(f"has a negative size ({' x '.join(f'{value:g}' for value in size)})")
    return Cuboid(position, size, orientation)


def _triple(raw: Mapping[str, Any], name: str) -> tuple[float, float, float]:
    values = sequence(raw.get(name), name)
    if len(values) != 3:
        raise ProblemError(f"has {name} = {shown(raw.get(name))}, which is not three numbers")
    x, y, z = (number(value, name) for value in values)
    if max(abs(x), abs(y), abs(z)) > LARGEST_COORDINATE:
        raise ProblemError(f"has {name} = {shown(values)}, which is out of all bounds")
    return x, y, z


def _read_cuboid_2d(raw: Mapping[str, Any], _: Size) -> Cuboid2D:
    front = [number(value, "front") for value in sequence(raw.get("front"), "front")]
    if len(front) != 8:
        raise ProblemError(f"has {len(front)} numbers for its front face, which needs four corners x, y")
    check_inside(*front)
    far, offset = (_place(raw.get(name)) for name in ("vanishingPoint", "offset"))
    ratio = None if raw.get("scaleRatio") is None else number(raw["scaleRatio"], "scaleRatio")
    cuboid = Cuboid2D(front, far, ratio, offset)
    corners = np.array(cuboid_2d_corners(cuboid))
    if np.isnan(corners).all():
        raise ProblemError("has neither a vanishing point with a scale ratio nor an offset")
    if not (np.abs(corners) <= LARGEST_SIDE).all():
        raise ProblemError("has a back face far outside the image")
    return cuboid


def _place(raw: object) -> Point | None:
    point = mapping(raw, "a point")
    return Point(*numbers(point, "xy")) if point else None


def _read_bitmask(raw: Mapping[str, Any], size: Size) -> Bitmask:
    height, width = (whole(raw.get(name), name) for name in ("height", "width"))
    top, left = (whole(raw.get(name, 0), name) for name in ("top", "left"))
    counts = raw.get("rleString")
    if not isinstance(counts, str):
        raise ProblemError("has no rleString")
    mask = Bitmask(height, width, counts, top, left)
    covered = int(pixels_covered(masks_of([mask]).runs)[0])
    if covered != height * width or not covered:
        found = "no run lengths" if covered < 0 else f"runs of {covered} pixels"
        raise ProblemError(f"has a mask of {width} x {height} pixels with {found}")
    if left + width > size[0] or top + height > size[1]:
        raise ProblemError(f"has a mask of {width} x {height} pixels on an image of {size[0]:g} x {size[1]:g}")
    return mask


# By shape: where the geometry is in the object (None for the object itself), the field it goes to, and who reads it.
_READERS: Final[Mapping[str, tuple[str | None, str, Callable[[Mapping[str, Any], Size], Any]]]] = {
    "bounding_box": ("boundingBox", "bounding_box", _read_box),
    "rotatable_bounding_box": ("rotatableBoundingBox", "rotatable_bounding_box", _read_rotated_box),
    "circle": ("circle", "circle", _read_circle),
    "ellipse": ("ellipse", "ellipse", _read_ellipse),
    "point": ("point", "point", _read_point),
    "polyline": (None, "polyline", read_polyline),
    "polygon": (None, "polygons", read_polygon),
    "cuboid_2d": ("cuboid_2d", "cuboid_2d", _read_cuboid_2d),
    "skeleton": ("skeleton", "skeleton", read_skeleton),
    "bitmask": ("bitmask", "bitmask", _read_bitmask),
    "cuboid": ("cuboid", "cuboid", _read_cuboid),
}
