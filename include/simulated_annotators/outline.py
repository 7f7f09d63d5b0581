"""Outlines in a picture: where things lie, how they move, and how a hand that shakes draws them."""

from __future__ import annotations

import math
from random import Random
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Outline: TypeAlias = tuple[Point, ...]
"""Points as fractions of width and height: a box's top left and bottom right corner, or a polygon's vertices."""

Cell: TypeAlias = tuple[float, float, float, float]
"""A part of the picture: x, y, width, height, as fractions."""

COLUMNS, ROWS = 3, 2
CELLS: tuple[Cell, ...] = tuple(
    (column / COLUMNS, row / ROWS, 1 / COLUMNS, 1 / ROWS) for row in range(ROWS) for column in range(COLUMNS)
)
"""One object to a cell: nothing overlaps, nothing leaves the picture, not even while it moves."""

DECIMALS = 6
SMALLEST = 0.005
"""A shaking hand never draws a box thinner than this, which the web app would not take."""


def draw_outlines(shape: str, cell: Cell, frames: int, rng: Random) -> tuple[Outline, ...]:
    """Draw a bounding box or a polygon somewhere in the cell, drifting slowly over that many frames."""
    left, top, cell_width, cell_height = cell
    width, height = cell_width * rng.uniform(0.45, 0.8), cell_height * rng.uniform(0.45, 0.8)
    form = _unit_polygon(rng) if shape == "polygon" else ((0.0, 0.0), (1.0, 1.0))
    start, end = _places(rng), _places(rng)
    outlines = []
    for frame in range(frames):
        progress = frame / max(frames - 1, 1)
        x = left + (cell_width - width) * (start[0] + (end[0] - start[0]) * progress)
        y = top + (cell_height - height) * (start[1] + (end[1] - start[1]) * progress)
        outlines.append(tuple(_point(x + u * width, y + v * height) for u, v in form))
    return tuple(outlines)


def shake(shape: str, outline: Outline, sigma: float, rng: Random) -> Outline:
    """Misplace every point by a normal error of `sigma` times the outline's own size, inside the picture."""
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    shaken = tuple(_point(rng.gauss(x, sigma * width), rng.gauss(y, sigma * height)) for x, y in outline)
    return shaken if shape == "polygon" else _box(shaken[0], shaken[1])


def _places(rng: Random) -> Point:
    return rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9)


def _unit_polygon(rng: Random) -> Outline:
    """Draw a polygon around the middle of the unit square: its vertices go round, so it never crosses itself."""
    corners = rng.randint(5, 9)
    turn = rng.uniform(0.0, 2 * math.pi)
    radii = [rng.uniform(0.32, 0.5) for _ in range(corners)]
    angles = [turn + 2 * math.pi * corner / corners for corner in range(corners)]
    return tuple(
        (0.5 + radius * math.cos(angle), 0.5 + radius * math.sin(angle))
        for radius, angle in zip(radii, angles, strict=True)
    )


def _box(one: Point, other: Point) -> Outline:
    """Put two opposite corners in order, at least `SMALLEST` apart and inside the picture."""
    left, top = (min(a, b, 1.0 - SMALLEST) for a, b in zip(one, other, strict=True))
    right, bottom = max(one[0], other[0], left + SMALLEST), max(one[1], other[1], top + SMALLEST)
    return (left, top), (right, bottom)


def _point(x: float, y: float) -> Point:
    return round(min(max(x, 0.0), 1.0), DECIMALS), round(min(max(y, 0.0), 1.0), DECIMALS)
