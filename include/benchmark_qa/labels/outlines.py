from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Final

import numpy as np

from include.benchmark_qa.labels.columns import Areas, BoolArray, FloatArray, IntArray, Ragged
from include.benchmark_qa.labels.limits import all_of_each, inside, offsets_of
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.labels.wire import DrawnObject, Point

_XY: Final = attrgetter("x", "y")


def in_order(points: dict[int, Point] | list[Point] | None) -> Sequence[Point]:
    """Return points that Encord writes as a list, or as a dictionary numbered from "0" in any order."""
    if isinstance(points, dict):
        return [points[number] for number in sorted(points)]
    return points or ()


def polyline_table(objects: Sequence[DrawnObject], _: Vocabulary) -> tuple[Ragged, BoolArray]:
    """Return the points of polylines; each needs two or more, inside the image."""
    lines = [in_order(one.polyline) for one in objects]
    offsets = offsets_of([len(line) for line in lines])
    values = np.fromiter(chain.from_iterable(map(_XY, chain.from_iterable(lines))), np.float64, 2 * int(offsets[-1]))
    points = values.reshape(-1, 2)
    return Ragged(points, offsets), all_of_each(inside(*points.T), offsets) & (np.diff(offsets) >= 2)


def polygon_table(objects: Sequence[DrawnObject], _: Vocabulary) -> tuple[Areas, BoolArray]:
    """
    Return polygons with their parts and holes.

    In order is a polygon with a part, whose parts have a ring each, whose rings have an area and lie inside the image.
    """
    polygons = [one.polygons or () for one in objects]
    parts = list(chain.from_iterable(polygons))
    rings = [ring if len(ring) % 2 == 0 else () for ring in chain.from_iterable(parts)]
    polygon_offsets = offsets_of([len(one) for one in polygons])
    part_offsets = offsets_of([len(part) for part in parts])
    ends = offsets_of([len(ring) for ring in rings])
    points = np.fromiter(chain.from_iterable(rings), np.float64, int(ends[-1])).reshape(-1, 2)
    ring_offsets = ends // 2
    right_rings = rings_with_area(points, ring_offsets) & all_of_each(inside(*points.T), ring_offsets)
    right_parts = all_of_each(right_rings, part_offsets) & (np.diff(part_offsets) > 0)
    right = all_of_each(right_parts, polygon_offsets) & (np.diff(polygon_offsets) > 0)
    return Areas(points, ring_offsets, part_offsets, polygon_offsets), right


def rings_with_area(points: FloatArray, offsets: IntArray) -> BoolArray:
    """
    Say which rings have three different points that are not on one line; a bow-tie has a signed area of 0 and is not.

    :param points: (m, 2), of all rings end to end.
    :param offsets: (n + 1,), where each ring begins.
    """
    right = np.zeros(len(offsets) - 1, bool)
    filled = np.flatnonzero(np.diff(offsets) > 0)
    if not len(filled):
        return right
    starts, lengths = offsets[filled], np.diff(offsets)[filled]
    away = points - np.repeat(points[starts], lengths, axis=0)
    distance = np.einsum("ij,ij->i", away, away)
    farthest = np.maximum.reduceat(distance, starts)
    at_farthest = np.flatnonzero(distance == np.repeat(farthest, lengths))
    # The first of the farthest points of each ring; NaN equals nothing, and leaves the ring's first point.
    place = starts.copy()
    place[(np.searchsorted(starts, at_farthest, "right") - 1)[::-1]] = at_farthest[::-1]
    axis = np.repeat(away[place], lengths, axis=0)
    off_axis = np.maximum.reduceat(np.abs(axis[:, 0] * away[:, 1] - axis[:, 1] * away[:, 0]), starts)
    right[filled] = off_axis > 1e-9 * np.sqrt(farthest)
    return right
