from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from include.benchmark_qa.similarity.ragged import IntArray, offsets_of

FloatArray = NDArray[np.float64]

SAMPLES = 64


def point_similarity(a: FloatArray, b: FloatArray, area: float, tolerance: float) -> FloatArray:
    """
    Return exp(-d² / (2 sigma²)) of every pair of points that are d apart, with sigma = tolerance * sqrt(area).

    :param a: shape (N, 2), x and y in pixels.
    :param b: shape (M, 2), likewise.
    :param area: of the image, in square pixels.
    :param tolerance: sigma as a fraction of the square root of the area, above 0.
    :return: shape (N, M), float64 in [0, 1]; NaN where a coordinate is.

    >>> point_similarity(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 4.0]]), area=100 * 100, tolerance=0.05)
    array([[1.        , 0.60653066]])
    """
    rows, columns = _table(len(a), len(b))
    return point_similarity_pairs(np.asarray(a)[rows], np.asarray(b)[columns], area, tolerance).reshape(len(a), len(b))


def point_similarity_pairs(a: FloatArray, b: FloatArray, area: ArrayLike, tolerance: float) -> FloatArray:
    """Return the similarity of K points each, shapes (K, 2), as shape (K,); ``area`` is one or (K,) areas."""
    return _closeness(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64), _variance(area, tolerance))


def polyline_similarity(
    a: Sequence[FloatArray], b: Sequence[FloatArray], area: float, tolerance: float, directed: bool = False
) -> FloatArray:
    """
    Return how close every pair of polylines runs: the mean of exp(-d² / (2 sigma²)) along both.

    Each line is sampled at 64 points that cut its length into equal parts (its vertices do not matter); d is the
    distance of the samples of the same number, sigma is tolerance * sqrt(area). A line without length is its point 64
    times. A closed line, too, begins where it was drawn from.

    :param a: N lines, each of shape (n, 2) with n >= 1: x and y in pixels.
    :param b: M lines, likewise.
    :param area: of the image, in square pixels.
    :param tolerance: sigma as a fraction of the square root of the area, above 0.
    :param directed: whether both must be drawn in the same direction; else the better of both directions counts.
    :return: shape (N, M), float64 in [0, 1]; NaN for a line without vertices or with a coordinate that is no number.

    >>> drawn, backwards = np.array([[0.0, 0], [1, 0], [9, 0]]), np.array([[9.0, 0], [0, 0]])
    >>> polyline_similarity([drawn], [backwards], area=100, tolerance=0.1)
    array([[1.]])
    """
    rows, columns = _table(len(a), len(b))
    samples = sample_lines(*_end_to_end([*a, *b]))
    pairs = sampled_similarity(samples[rows], samples[columns + len(a)], area, tolerance, directed)
    return pairs.reshape(len(a), len(b))


def polyline_similarity_pairs(
    a: Sequence[FloatArray], b: Sequence[FloatArray], area: ArrayLike, tolerance: float, directed: bool = False
) -> FloatArray:
    """Return the similarity of K lines each as shape (K,); ``area`` is one or (K,) areas."""
    first, second = sample_lines(*_end_to_end(a)), sample_lines(*_end_to_end(b))
    return sampled_similarity(first, second, area, tolerance, directed)


def sample_lines(vertices: FloatArray, offsets: IntArray) -> FloatArray:
    """
    Return 64 points of each line, from its first vertex to its last, equally far apart along it.

    :param vertices: shape (m, 2), in pixels: the vertices of all lines end to end.
    :param offsets: line ``i`` is ``vertices[offsets[i]:offsets[i + 1]]``.
    :return: shape (n, 64, 2), NaN for a line without vertices, or with one that is no number.
    """
    samples = np.full((len(offsets) - 1, SAMPLES, 2), np.nan)
    drawn = np.flatnonzero(np.diff(offsets))
    if not len(drawn):
        return samples
    # Line by line, not on one axis for all: rounding must not depend on which lines stand before it.
    for line in drawn.tolist():
        of_line = vertices[offsets[line] : offsets[line + 1]]
        if np.isfinite(of_line).all():
            samples[line] = _sample(of_line)
    return samples


def _sample(vertices: FloatArray) -> FloatArray:
    """Return 64 points of a line with at least one vertex."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(vertices, axis=0).T))])
    wanted = np.linspace(0.0, along[-1], SAMPLES)
    return np.stack([np.interp(wanted, along, vertices[:, axis]) for axis in (0, 1)], axis=1)


def sampled_similarity(
    a: FloatArray, b: FloatArray, area: ArrayLike, tolerance: float, directed: bool = False
) -> FloatArray:
    """Return the similarity of K sampled lines each, shapes (K, 64, 2), as shape (K,)."""
    variance = np.expand_dims(_variance(area, tolerance), -1)
    same: FloatArray = _closeness(a, b, variance).mean(axis=1)
    if directed:
        return same
    backwards: FloatArray = _closeness(a, b[:, ::-1], variance).mean(axis=1)
    return np.maximum(same, backwards)


def _variance(area: ArrayLike, tolerance: float) -> FloatArray:
    return tolerance**2 * np.asarray(area, dtype=np.float64)


def _closeness(a: FloatArray, b: FloatArray, variance: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        apart = a - b
        closeness: FloatArray = np.exp(-(apart[..., 0] ** 2 + apart[..., 1] ** 2) / (2.0 * variance))
    return closeness


def _table(rows: int, columns: int) -> tuple[IntArray, IntArray]:
    """Return the row and the column of every cell of a table."""
    return np.repeat(np.arange(rows), columns), np.tile(np.arange(columns), rows)


def _end_to_end(lines: Sequence[FloatArray]) -> tuple[FloatArray, IntArray]:
    arrays = [np.asarray(line, dtype=np.float64).reshape(-1, 2) for line in lines]
    offsets = offsets_of(np.array([len(array) for array in arrays], dtype=np.int64))
    return np.concatenate([np.empty((0, 2)), *arrays]), offsets
