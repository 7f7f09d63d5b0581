"""The pixels that bitmasks have in common, counted from their runs for many pairs at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from include.benchmark_qa.similarity.mask_runs import MaskRuns
from include.benchmark_qa.similarity.ragged import IntArray, offsets_of, portions, positions_between

FloatArray = NDArray[np.float64]

RUNS_AT_ONCE = 1 << 16


def run_iou(runs: MaskRuns, a: IntArray, b: IntArray) -> FloatArray:
    """
    Return the intersection over union of the masks ``a[k]`` and ``b[k]``, which must be of one size; shape (K,).

    Two empty masks have 1. Time and memory follow the runs of the mask that has fewer of them.
    """
    total = offsets_of(runs.edges[:, 1] - runs.edges[:, 0])
    area = np.diff(total[runs.offsets])
    common = np.zeros(len(a))
    kept, a_kept, b_kept, first_run, beyond = _meeting(runs, area, a, b)
    if len(kept):
        edges, inside = runs.edges.ravel().astype(np.float64), np.empty(runs.edges.shape)
        inside[:, 0], inside[:, 1] = total[:-1], total[1:]  # so many pixels inside any mask lie before each edge
        for part in portions(beyond - first_run, RUNS_AT_ONCE):
            wanted, begins = _moved(runs, edges, a_kept[part], b_kept[part], first_run[part], beyond[part])
            counted = np.interp(wanted, edges, inside.ravel())
            common[kept[part]] = np.add.reduceat(counted[1::2] - counted[::2], begins[:-1] >> 1)
    union = area[a] + area[b] - common
    return np.divide(common, union, out=np.ones_like(common), where=union > 0)


def _meeting(runs: MaskRuns, area: IntArray, a: IntArray, b: IntArray) -> tuple[IntArray, ...]:
    """
    Return which pairs may have pixels in common, and these pairs with the mask of fewer runs second.

    Behind these three, the first run of each second mask that reaches into the stretch where both have any, and the
    one behind the last.
    """
    first, last = _stretches(runs, area)
    start, end = np.maximum(first[a], first[b]), np.minimum(last[a], last[b])
    kept = np.flatnonzero(start < end)
    a, b = a[kept], b[kept]
    counted = np.diff(runs.offsets)
    swap = counted[b] > counted[a]
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    begins = runs.begins[b]
    first_run = np.searchsorted(runs.edges[:, 1], begins + start[kept], side="right")
    beyond = np.searchsorted(runs.edges[:, 0], begins + end[kept])
    some = np.flatnonzero(first_run < beyond)
    return kept[some], a[some], b[some], first_run[some], beyond[some]


def _stretches(runs: MaskRuns, area: IntArray) -> tuple[IntArray, IntArray]:
    """Return where the pixels inside each mask begin and end, from its own begin on; an empty one ends at -1."""
    first, last = np.zeros(len(area), dtype=np.int64), np.full(len(area), -1)
    filled = np.flatnonzero(area)
    final = runs.offsets[filled + 1] - 1
    final -= runs.edges[final, 0] == runs.edges[final, 1]  # what is outside behind the last run
    first[filled] = runs.edges[runs.offsets[filled], 0] - runs.begins[filled]
    last[filled] = runs.edges[final, 1] - runs.begins[filled]
    return first, last


def _moved(
    runs: MaskRuns, edges: FloatArray, a: IntArray, b: IntArray, first_run: IntArray, beyond: IntArray
) -> tuple[FloatArray, IntArray]:
    """
    Return the edges of the runs of each ``b``, moved to where ``a`` lies, and where each pair begins there.

    :param edges: of all runs, one after the other, as are those that are returned.
    """
    positions, begins = positions_between(2 * first_run, 2 * beyond)
    wanted = edges.take(positions)
    wanted += np.repeat(runs.begins[a] - runs.begins[b], np.diff(begins))
    # What reaches beyond a's end must not count the masks that follow it.
    ends = begins[1:] - 1
    wanted[ends] = np.minimum(wanted[ends], runs.begins[a + 1])
    return wanted, begins
