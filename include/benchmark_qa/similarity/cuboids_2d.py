from __future__ import annotations

import numpy as np
import shapely

from include.benchmark_qa.similarity.aligned import FloatArray
from include.benchmark_qa.similarity.polygons import polygon_iou_pairs, repaired


def cuboid_2d_iou_pairs(a: FloatArray, b: FloatArray) -> FloatArray:
    """
    Return how well aligned cuboids that are drawn in an image agree: the mean IoU of their front and back faces.

    Both faces count the same, though the back one is often the smaller: together they say where the object begins and
    ends and which way it faces. The IoU of the whole outline would not tell a cuboid from its mirror image.

    :param a: shape (K, 8, 2), pixels: the corners of the front face in their order, then those of the back face.
    :param b: shape (K, 8, 2), likewise.
    :return: shape (K,), float64 in [0, 1]; NaN where a coordinate is NaN or infinite. Equal cuboids give exactly 1;
        a face without area (scaled to a point) has 0 with every other and 1 with its equal.

    >>> square = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
    >>> cuboid, deeper = np.concatenate((square, square + 2)), np.concatenate((square, square + 7))
    >>> cuboid_2d_iou_pairs(cuboid[None], deeper[None]).round(4)  # (1 + 25 / 175) / 2
    array([0.5714])
    """
    faces_a, faces_b = (np.asarray(cuboids, dtype=np.float64).reshape(-1, 4, 2) for cuboids in (a, b))
    iou = polygon_iou_pairs(_geometries(faces_a), _geometries(faces_b))
    iou[(faces_a == faces_b).all(axis=(1, 2))] = 1
    mean: FloatArray = iou.reshape(-1, 2).mean(axis=1)
    return mean


def _geometries(faces: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    geometries = np.full(len(faces), None, dtype=object)
    finite = np.isfinite(faces).all(axis=(1, 2))
    geometries[finite] = repaired(np.asarray(shapely.polygons(faces[finite])))
    return geometries
