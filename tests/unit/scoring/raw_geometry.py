"""The geometries of raw label rows, one per shape, from a box of whole pixels and a variant."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from pycocotools import mask

WIDTH, HEIGHT = 200, 100

# Left, top, width, height, and which variant of the shape (0 to 5).
Drawing = tuple[int, int, int, int, int]


def geometry(shape: str, drawing: Drawing, scale: int = 1, collinear: bool = False) -> Any:
    """Return the geometry part of a drawn object."""
    x, y, w, h, variant = drawing
    fractions = {"x": x / WIDTH, "y": y / HEIGHT, "w": w / WIDTH, "h": h / HEIGHT}
    angle = (0.0, 30.0, 45.0, 90.0, -17.5, 210.0)[variant]
    if shape in _OUTLINES:
        return _OUTLINES[shape](drawing, collinear)
    if shape == "bounding_box":
        return {"boundingBox": fractions}
    if shape == "rotatable_bounding_box":
        return {"rotatableBoundingBox": {**fractions, "theta": angle}}
    if shape == "circle":
        return {"circle": {**_fraction(x + w / 2, y + h / 2), "r": min(w, h) / 2 / WIDTH, "stretch": 1.0, "theta": 0.0}}
    if shape == "ellipse":
        axes = {"rx": w / 2 / WIDTH, "ry": h / 2 / HEIGHT, "theta": angle}
        return {"ellipse": {**_fraction(x + w / 2, y + h / 2), **axes}}
    if shape == "point":
        return {"point": {"0": _fraction(x, y)}}
    if shape == "bitmask":
        return {"bitmask": _bitmask(drawing, scale)}
    return {"cuboid": {"position": [x, y, 1.0], "size": [w, h, 2.0], "orientation": [0.0, 0.0, 0.1 * variant]}}


def _polyline(drawing: Drawing, collinear: bool) -> Any:
    x, y, w, h, variant = drawing
    points = [
        [(x, y), (x + w, y)],  # on an axis
        [(x, y), (x, y + h)],
        [(x, y), (x + w, y + h)],
        [(x, y), (x + w, y), (x + w, y + h)],
        [(x, y), (x + w, y + h), (x + w, y), (x, y)],  # closed
        [(x, y), (x + w, y), (x, y)],  # there and back
    ][variant]
    dense = _with_middles(points) if collinear else points
    return {"polyline": {str(index): _fraction(*point) for index, point in enumerate(dense)}}


def _polygon(drawing: Drawing, collinear: bool) -> Any:
    x, y, w, h, variant = drawing
    box = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    hole = [(x + w / 4, y + h / 4), (x + w / 2, y + h / 4), (x + w / 2, y + h / 2)]
    other = [(px + 45, py + 5) for px, py in box]
    parts = [
        [[box]],
        [[box[:3]]],
        [[box, hole]],
        [[box], [other]],
        [[[box[0], box[1], box[3], box[2]]]],  # a bow-tie
        [[[*box[:3], (x + w / 2, y + h / 2), box[3]]]],  # a notch
    ][variant]
    dense = [[_with_middles([*ring, ring[0]])[:-1] if collinear else ring for ring in part] for part in parts]
    outer = {str(index): _fraction(*point) for index, point in enumerate(dense[0][0])}
    flat = [[[value for px, py in ring for value in (px / WIDTH, py / HEIGHT)] for ring in part] for part in dense]
    return {"polygon": outer, "polygons": flat}


def _cuboid_2d(drawing: Drawing, _: bool) -> Any:
    x, y, w, h, variant = drawing
    front = [x / WIDTH, y / HEIGHT, (x + w) / WIDTH, y / HEIGHT]
    front += [(x + w) / WIDTH, (y + h) / HEIGHT, x / WIDTH, (y + h) / HEIGHT]
    if variant % 2:
        return {"cuboid_2d": {"front": front, "vanishingPoint": _fraction(x + w, y + h), "scaleRatio": 0.75}}
    return {"cuboid_2d": {"front": front, "offset": _fraction(5 + variant, 5)}}


def _skeleton(drawing: Drawing, _: bool) -> Any:
    x, y, w, h, variant = drawing
    nodes = [(x, y), (x + w, y), (x + w, y + h), (x + w // 2, y + h // 2)]
    visibility = ["visible", "occluded", "visible", "invisible" if variant else "selfOccluded"]
    return {
        "skeleton": {
            str(index): {
                **_fraction(*point),
                "name": f"node {index}",
                "color": "#000000",
                "featureHash": f"node{index}",
                "value": f"node_{index}",
                "visibility": seen,
            }
            for index, (point, seen) in enumerate(zip(nodes, visibility, strict=True))
        }
    }


_OUTLINES = {"polyline": _polyline, "polygon": _polygon, "cuboid_2d": _cuboid_2d, "skeleton": _skeleton}


def _bitmask(drawing: Drawing, scale: int) -> Any:
    """Return a rectangle, of which a corner is missing in some variants."""
    x, y, w, h, variant = drawing
    width, height = WIDTH * scale, HEIGHT * scale
    runs = []
    for line in range(y * scale, (y + h) * scale):
        cut = w // 2 if variant and line < (y + h // 2) * scale else 0
        runs += [line * width + (x + cut) * scale, line * width + (x + w) * scale]
    bounds = [0, *runs, width * height]
    counts = [after - before for before, after in pairwise(bounds)]
    # Encord's mask in rows is COCO's mask in columns of the transposed picture.
    encoded = mask.frPyObjects({"size": [width, height], "counts": counts}, width, height)["counts"]
    return {"top": 0, "left": 0, "height": height, "width": width, "rleString": encoded.decode()}


def _fraction(x: float, y: float) -> dict[str, float]:
    return {"x": x / WIDTH, "y": y / HEIGHT}


def _with_middles(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    dense = [points[0]]
    for (ax, ay), (bx, by) in pairwise(points):
        dense += [((ax + bx) / 2, (ay + by) / 2), (bx, by)]
    return dense
