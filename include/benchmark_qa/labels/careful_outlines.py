from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from include.benchmark_qa.labels.careful_values import ProblemError, check_inside, mapping, number, numbers, sequence
from include.benchmark_qa.labels.outlines import rings_with_area
from include.benchmark_qa.labels.wire import Point


def read_polyline(drawn: Mapping[str, Any], _: object) -> list[Point]:
    """Return the points of a polyline in order."""
    points = _numbered(drawn.get("polyline"), "polyline")
    if any("z" in point for point in points):
        raise ProblemError("is a polyline in three dimensions, which is not supported")
    found = [Point(*numbers(point, "xy")) for point in points]
    if len(found) < 2:
        raise ProblemError("has no polyline" if not found else "is a polyline of fewer than two points")
    for point in found:
        check_inside(point.x, point.y)
    return found


def read_polygon(drawn: Mapping[str, Any], _: object) -> list[list[list[float]]]:
    """Return the parts of a polygon, each its outer ring and its holes, each x, y, x, y, ..."""
    if parts := sequence(drawn.get("polygons"), "polygons"):
        found = [[_flat_ring(ring) for ring in sequence(part, "a part of a polygon")] for part in parts]
    else:
        points = _numbered(drawn.get("polygon"), "polygon")
        found = [[[value for point in points for value in numbers(point, "xy")]]]
    if not all(found):
        raise ProblemError("is a polygon without a ring")
    for part in found:
        for ring in part:
            _check_ring(ring)
    return found


def _numbered(raw: object, name: str) -> list[Mapping[str, Any]]:
    """Return points that Encord writes as a list, or as an object numbered from "0" in any order."""
    if isinstance(raw, Mapping):
        try:
            keys = sorted(raw, key=int)
        except (TypeError, ValueError):
            raise ProblemError(f"has a {name} whose points are not numbered") from None
        raw = [raw[key] for key in keys]
    return [mapping(point, "a point") for point in sequence(raw, name)]


def _flat_ring(raw: object) -> list[float]:
    if not isinstance(raw, list | tuple) or len(raw) % 2:
        raise ProblemError("has a ring that is not a flat list of x, y, x, y, ...")
    return [number(value, "xy"[place % 2]) for place, value in enumerate(raw)]


def _check_ring(ring: Sequence[float]) -> None:
    check_inside(*ring)
    points = np.array(ring).reshape(-1, 2)
    if len(np.unique(points, axis=0)) < 3:
        raise ProblemError("has a ring of fewer than three different points")
    if not rings_with_area(points, np.array([0, len(points)]))[0]:
        raise ProblemError("has a ring without area: its points lie on one line")
