from __future__ import annotations

import numpy as np

from include.benchmark_qa.similarity.aligned import FloatArray
from include.benchmark_qa.similarity.clipping import clip_convex

# The corners of the six faces of a cube of edge 2, counterclockwise as seen from outside.
_FACES = np.array(
    [
        [[1, -1, -1], [1, 1, -1], [1, 1, 1], [1, -1, 1]],
        [[-1, -1, -1], [-1, -1, 1], [-1, 1, 1], [-1, 1, -1]],
        [[-1, 1, -1], [-1, 1, 1], [1, 1, 1], [1, 1, -1]],
        [[-1, -1, -1], [1, -1, -1], [1, -1, 1], [-1, -1, 1]],
        [[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]],
        [[-1, -1, -1], [-1, 1, -1], [1, 1, -1], [1, -1, -1]],
    ]
)


def cuboid_overlap(
    size_a: FloatArray, size_b: FloatArray, offset: FloatArray, angles_a: FloatArray, angles_b: FloatArray
) -> FloatArray:
    """
    Return the volume that aligned cuboids share, shape (K,).

    Seen from ``a``, which is then upright around the origin, this is the integral of the surface of ``b`` over the
    footprint of ``a``, with the surface's height clamped to that of ``a``. Only the faces of ``b`` are cut, so faces
    that lie in one plane need no case of their own.

    :param size_a: shape (K, 3), above 0 and at most about 1.
    :param size_b: shape (K, 3), likewise.
    :param offset: shape (K, 3), from the centre of ``a`` to that of ``b``.
    :param angles_a: shape (K, 3), alpha, beta and gamma in radians.
    :param angles_b: shape (K, 3), likewise.
    """
    from_world = np.swapaxes(rotation_matrix(angles_a), 1, 2)
    faces = _FACES * (size_b / 2)[:, None, None, :]  # (K, 6, 4, 3)
    faces = np.einsum("kij,kfcj->kfci", from_world @ rotation_matrix(angles_b), faces)
    faces += np.einsum("kij,kj->ki", from_world, offset)[:, None, None, :]
    polygons = faces.reshape(-1, 4, 3)
    half = np.repeat(size_a / 2, 6, axis=0)[:, None, :]
    for axis in (0, 1):
        polygons = clip_convex(polygons, half[..., axis] + polygons[..., axis])
        polygons = clip_convex(polygons, half[..., axis] - polygons[..., axis])
    above_floor = polygons + half * [0, 0, 1]
    below_ceiling = _volume_below(clip_convex(above_floor, above_floor[..., 2]))
    above_ceiling = polygons - half * [0, 0, 1]
    volume = below_ceiling - _volume_below(clip_convex(above_ceiling, above_ceiling[..., 2]))
    total: FloatArray = volume.reshape(-1, 6).sum(axis=1)
    return total


def rotation_matrix(angles: FloatArray) -> FloatArray:
    """
    Return the matrices (K, 3, 3) that turn by Euler angles (K, 3): around x, the new y, then the new z, in radians.

    Source: three.js, ``Matrix4.makeRotationFromEuler``, order XYZ.
    """
    (a, c, e), (b, d, f) = np.cos(angles).T, np.sin(angles).T
    rows = [
        [c * e, -c * f, d],
        [a * f + b * e * d, a * e - b * f * d, -b * c],
        [b * f - a * e * d, b * e + a * f * d, a * c],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def _volume_below(polygons: FloatArray) -> FloatArray:
    """Return the volume between flat polygons (n, m, 3) and z = 0, negative where they face down; shape (n,)."""
    first, second, third = polygons[:, :1], polygons[:, 1:-1], polygons[:, 2:]
    u, v = second - first, third - first
    twice_area = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    volume: FloatArray = (twice_area * (first + second + third)[..., 2]).sum(axis=1) / 6
    return volume
