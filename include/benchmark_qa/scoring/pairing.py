"""Which sights may be compared at all: those of one group, and of these, in a crowd, those that lie side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from include.benchmark_qa.labels.columns import FloatArray, IntArray
from include.benchmark_qa.scoring.indexing import distinct, expand

# Similarities are computed for so many pairs at a time: enough to be fast, few enough to stay small.
CHUNK = 1 << 18

# Above so many pairs it pays to leave out those that cannot touch.
CROWD = 4_000_000

# Left, top, right and bottom of the sights of both sides, (N, 4) each, as ``object_bounds`` gives them.
BothBounds: TypeAlias = Callable[[], tuple[FloatArray, FloatArray]]


def pairs_of_groups(
    left: IntArray, right: IntArray, bounds: BothBounds | None = None
) -> Iterator[tuple[IntArray, IntArray]]:
    """
    Yield all pairs (place in left, place in right) of equal keys, in parts of at most about ``CHUNK``.

    :param bounds: asked only in a crowd: pairs whose bounds do not meet are left out then.
    """
    order = np.argsort(right, kind="stable")
    ordered = right[order]
    starts = np.searchsorted(ordered, left, side="left")
    counts = np.searchsorted(ordered, left, side="right") - starts
    if bounds is None or counts.sum() <= CROWD:
        yield from _in_parts(order, starts, counts)
        return
    ours, theirs = bounds()
    for one, other in _in_parts(*_windows(left, right, ours, theirs)):
        met = (ours[one, 1] <= theirs[other, 3]) & (theirs[other, 1] <= ours[one, 3])
        yield one[met], other[met]


def _in_parts(order: IntArray, starts: IntArray, counts: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the pairs of each place i with ``order[starts[i] : starts[i] + counts[i]]``."""
    busy = np.flatnonzero(counts)
    ends = np.cumsum(counts[busy])
    begin = 0
    while begin < len(busy):
        done = ends[begin - 1] if begin else 0
        stop = max(begin + 1, int(np.searchsorted(ends, done + CHUNK, side="right")))
        part = busy[begin:stop]
        yield np.repeat(part, counts[part]), order[expand(starts[part], counts[part])]
        begin = stop


def _windows(
    left: IntArray, right: IntArray, ours: FloatArray, theirs: FloatArray
) -> tuple[IntArray, IntArray, IntArray]:
    """
    Return an order of the right side, and where in it each sight of the left side begins to meet others, and how many.

    Within a group the right side is sorted by where it begins. A sight can only meet those that begin before it ends,
    and not further to the left than the widest of the group reaches.
    """
    keys, group = distinct(np.concatenate([left, right]), int(max(left.max(), right.max())) + 1)
    our_group, their_group = group[: len(left)], group[len(left) :]
    widest = np.zeros(len(keys))
    np.maximum.at(widest, their_group, theirs[:, 2] - theirs[:, 0])
    begins = np.unique(theirs[:, 0])
    base = len(begins) + 1
    places = their_group * base + np.searchsorted(begins, theirs[:, 0])
    order = np.argsort(places, kind="stable")
    places = places[order]
    first = our_group * base + np.searchsorted(begins, ours[:, 0] - widest[our_group])
    last = our_group * base + np.searchsorted(begins, ours[:, 2], side="right")
    starts = np.searchsorted(places, first)
    return order, starts, np.maximum(np.searchsorted(places, last) - starts, 0)
