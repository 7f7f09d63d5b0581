from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

Rings = Sequence[Sequence[tuple[float, float]]]


def to_geometry(parts: Sequence[Rings]) -> BaseGeometry:
    """
    Return the area that a polygon label covers.

    :param parts: each an outer ring followed by its holes, in pixels. A ring that crosses itself is repaired with
        ``make_valid`` (a bow-tie keeps both wings; ``buffer(0)`` would lose one); parts are united.
    """
    polygons = [shapely.Polygon(outer, holes) for outer, *holes in parts]
    valid = [polygon if polygon.is_valid else shapely.make_valid(polygon) for polygon in polygons]
    return valid[0] if len(valid) == 1 else shapely.union_all(valid)


def polygon_iou(a: Sequence[BaseGeometry], b: Sequence[BaseGeometry]) -> NDArray[np.float64]:
    """
    Return the intersection over union, by area, of every pair of geometries.

    :param a: N geometries in pixels; invalid ones are repaired with ``make_valid``.
    :param b: M geometries, likewise.
    :return: shape (N, M), float64 in [0, 1]. A geometry without area has 0 with every other and 1 with its equal.
    """
    rows, columns = _repaired(a)[:, None], _repaired(b)[None, :]
    intersection = shapely.area(shapely.intersection(rows, columns))
    union = shapely.area(rows) + shapely.area(columns) - intersection
    iou = np.divide(intersection, union, out=np.zeros(union.shape), where=union > 0)
    identical = shapely.equals_exact(rows, columns, 0.0)
    result: NDArray[np.float64] = np.where(identical, 1.0, np.clip(iou, 0.0, 1.0))
    return result


def _repaired(geometries: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    invalid = ~shapely.is_valid(array)
    array[invalid] = shapely.make_valid(array[invalid])
    return array
