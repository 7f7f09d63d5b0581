from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from include.benchmark_qa.labels.model import BoxGeometry, PolygonGeometry, Ring, Size

SUPPORTED_SHAPES = frozenset({"bounding_box", "polygon"})

# Editors round coordinates and let a shape touch the border; anything further out is not a drawing on this image.
BORDER_TOLERANCE = 0.01


class GeometryError(ValueError):
    """A geometry that cannot be compared: not a number, outside the image, or without area."""


def read_geometry(shape: str, drawn: Mapping[str, Any], size: Size) -> BoxGeometry | PolygonGeometry:
    """
    Return the geometry of one object in pixels.

    :param drawn: the object of the label blob, coordinates as fractions.
    :param size: width and height in pixels, or ``(1, 1)`` to keep fractions.
    :raises GeometryError: when the shape is not supported or its geometry is corrupt.
    """
    if shape == "bounding_box":
        return _read_box(drawn, size)
    if shape == "polygon":
        return _read_polygon(drawn, size)
    raise GeometryError(f"shape {shape!r} is not supported")


def _read_box(drawn: Mapping[str, Any], size: Size) -> BoxGeometry:
    box = drawn.get("boundingBox")
    if not isinstance(box, Mapping):
        raise GeometryError("has no boundingBox")
    x, y, w, h = (_number(box.get(key), key) for key in ("x", "y", "w", "h"))
    if w < 0 or h < 0:
        raise GeometryError(f"has a negative width or height ({w} x {h})")
    for value in (x, y, x + w, y + h):
        _check_inside(value)
    return x * size[0], y * size[1], w * size[0], h * size[1]


def _read_polygon(drawn: Mapping[str, Any], size: Size) -> PolygonGeometry:
    if parts := drawn.get("polygons"):
        raw = [[_pairs(ring) for ring in part] for part in parts]
    else:
        raw = [[_outline(drawn.get("polygon"))]]
    if not raw or not all(raw):
        raise GeometryError("is a polygon without a ring")
    return tuple(tuple(_read_ring(ring, size) for ring in part) for part in raw)


def _pairs(flat: Any) -> list[tuple[Any, Any]]:
    if not isinstance(flat, Sequence) or isinstance(flat, str) or len(flat) % 2:
        raise GeometryError("has a ring that is not a flat list of x, y, x, y, ...")
    return list(zip(flat[::2], flat[1::2], strict=True))


def _outline(polygon: Any) -> list[tuple[Any, Any]]:
    """Read the older form of a polygon: one ring, as a list or as a dictionary numbered from "0"."""
    points: Sequence[Any] = ()
    if isinstance(polygon, Mapping):
        points = [polygon[key] for key in sorted(polygon, key=int)]
    elif isinstance(polygon, list):
        points = polygon
    return [(point.get("x"), point.get("y")) for point in points]


def _read_ring(points: list[tuple[Any, Any]], size: Size) -> Ring:
    fractions = [(_number(x, "x"), _number(y, "y")) for x, y in points]
    for point in fractions:
        for value in point:
            _check_inside(value)
    if len(set(fractions)) < 3:
        raise GeometryError("has a ring of fewer than three different points")
    if _on_a_line(fractions):
        raise GeometryError("has a ring without area: its points lie on one line")
    return tuple((x * size[0], y * size[1]) for x, y in fractions)


def _on_a_line(points: list[tuple[float, float]]) -> bool:
    """Say so for points on one line; a bow-tie has a signed area of 0 and is not on one."""
    x0, y0 = points[0]
    x1, y1 = max(points, key=lambda point: math.dist(point, points[0]))
    length = math.dist((x0, y0), (x1, y1))
    return all(abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) <= 1e-9 * length for x, y in points)


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise GeometryError(f"has {name} = {value!r}, which is not a finite number")
    return float(value)


def _check_inside(value: float) -> None:
    if not -BORDER_TOLERANCE <= value <= 1 + BORDER_TOLERANCE:
        raise GeometryError(f"reaches outside the image (coordinate {value:g}, expected 0 to 1)")
