"""Lists of different lengths that lie end to end: list ``i`` is ``values[offsets[i]:offsets[i + 1]]``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

IntArray: TypeAlias = NDArray[np.int64]


def offsets_of(lengths: IntArray) -> IntArray:
    """Return where each list of these lengths begins, and where the last one ends: shape (n + 1,)."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def positions_of(offsets: IntArray, index: IntArray) -> tuple[IntArray, IntArray]:
    """
    Return the places of the values of the lists ``index``, one list after the other, and where each list begins there.

    >>> positions, begins = positions_of(np.array([0, 2, 5]), np.array([1, 0, 1]))
    >>> positions.tolist(), begins.tolist()
    ([2, 3, 4, 0, 1, 2, 3, 4], [0, 3, 5, 8])
    """
    return positions_between(offsets[index], offsets[index + 1])


def positions_between(first: IntArray, beyond: IntArray) -> tuple[IntArray, IntArray]:
    """Return the places ``first[i]`` up to ``beyond[i]`` of every list, and where each list begins among them."""
    begins = offsets_of(beyond - first)
    return np.arange(begins[-1]) + np.repeat(first - begins[:-1], beyond - first), begins


def portions(lengths: IntArray, budget: int) -> Iterator[slice]:
    """Cut lists into stretches that hold at most ``budget`` values each; a longer list is a stretch of its own."""
    begins = offsets_of(lengths)
    start = 0
    if begins[-1] <= budget and len(lengths):
        yield slice(0, len(lengths))
        return
    while start < len(lengths):
        end = max(start + 1, int(np.searchsorted(begins, begins[start] + budget, side="right")) - 1)
        yield slice(start, end)
        start = end
