"""Index arithmetic that stands in for loops over labels."""

from __future__ import annotations

import numpy as np

from include.benchmark_qa.labels.columns import IntArray

# A table of this many entries per code costs less than sorting the codes.
_TABLE_PER_CODE = 4


def expand(starts: IntArray, counts: IntArray) -> IntArray:
    """
    Return ``starts[i], starts[i] + 1, ...`` (``counts[i]`` of them) for every ``i``, end to end.

    >>> expand(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    before = np.cumsum(counts) - counts
    steps: IntArray = np.arange(counts.sum(), dtype=np.int64)
    steps += np.repeat(starts - before, counts)
    return steps


def offsets_of(groups: IntArray, count: int) -> IntArray:
    """Return where each of ``count`` groups begins, and the last one ends, once the entries are sorted by group."""
    return np.append(0, np.cumsum(np.bincount(groups, minlength=count)))


def merge(*parts: IntArray) -> IntArray:
    """
    Return the distinct values of all parts, ascending.

    ``np.unique`` without any further result costs ten times as much (NumPy 2.4 hashes, and then sorts).
    """
    values = np.sort(np.concatenate(parts), kind="stable")  # stable, for then what is sorted already costs one pass
    new = np.ones(len(values), dtype=np.bool_)
    new[1:] = values[1:] != values[:-1]
    return values[new]


def distinct(codes: IntArray, limit: int) -> tuple[IntArray, IntArray]:
    """
    Return the distinct codes, ascending, and the place of each code among them, as ``np.unique`` does.

    :param codes: shape (N,), each in ``[0, limit)``.
    """
    if limit > _TABLE_PER_CODE * len(codes):
        values, places = np.unique(codes, return_inverse=True)
        return values, places.astype(np.int64, copy=False)
    seen = np.zeros(limit, dtype=np.bool_)
    seen[codes] = True
    values = np.flatnonzero(seen)
    table = np.empty(limit, dtype=np.int64)
    table[values] = np.arange(len(values))
    return values, table[codes]


def find(keys: IntArray, sorted_keys: IntArray) -> IntArray:
    """Return the place of each key among the sorted ones (the first where several are equal); -1 where it is not."""
    if not len(sorted_keys):
        return np.full(len(keys), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[places] == keys, places, -1)
