"""Runs of frames within which no classification begins or ends, of many submissions and classes at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, IntArray
from include.benchmark_qa.scoring.indexing import expand, merge, offsets_of


@dataclass(frozen=True, slots=True)
class Holdings:
    """
    Who holds for which frames: one entry per classification and range, both ends inclusive.

    ``unit`` is what is judged by itself: a class of a submission.
    """

    unit: IntArray
    owner: IntArray
    first: IntArray
    last: IntArray

    def take(self, index: IntArray | BoolArray) -> Holdings:
        """Return the entries of an index or a mask, in its order."""
        return Holdings(*(getattr(self, one.name)[index] for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Present:
    """The owners that hold in each stretch: those of stretch ``i`` are ``owners[offsets[i]:offsets[i + 1]]``."""

    owners: IntArray
    offsets: IntArray

    @property
    def counts(self) -> IntArray:
        """How many owners hold in each stretch."""
        return np.diff(self.offsets)

    def of(self, stretch: int) -> list[int]:
        """Return the owners that hold in one stretch."""
        return [int(owner) for owner in self.owners[self.offsets[stretch] : self.offsets[stretch + 1]]]


@dataclass(frozen=True, slots=True)
class Stretches:
    """One entry per run of frames on which the same owners hold, by unit and frame; both ends inclusive."""

    unit: IntArray
    first: IntArray
    last: IntArray
    truth: Present
    submitted: Present

    def __len__(self) -> int:
        return len(self.unit)

    @property
    def sides(self) -> tuple[Present, Present]:
        """The side of the truth and that of the submission."""
        return self.truth, self.submitted


def cut_into_stretches(truth: Holdings, submitted: Holdings) -> Stretches:
    """Cut the frames of each unit where an owner of either side begins or ends; frames of nobody are left out."""
    sides = [_join_ranges(side) for side in (truth, submitted)]
    frames = merge(*(cut for side in sides for cut in (side.first, side.last + 1)))
    # A cut is the unit and the place of the frame in `frames`, as one key.
    spans = [
        tuple(side.unit * len(frames) + np.searchsorted(frames, cut) for cut in (side.first, side.last + 1))
        for side in sides
    ]
    cuts = merge(*(cut for span in spans for cut in span))
    present = [_present(side, span, cuts) for side, span in zip(sides, spans, strict=True)]
    kept = np.flatnonzero(present[0].counts + present[1].counts)
    unit, begin = np.divmod(cuts[kept], max(len(frames), 1))
    end = cuts[kept + 1] - unit * len(frames)
    return Stretches(unit, frames[begin], frames[end] - 1, *(_keep(side, kept) for side in present))


def crowded_units(side: Holdings, most: int) -> IntArray:
    """Return the units, ascending, in which more than ``most`` owners hold on one frame."""
    units, place = np.unique(side.unit, return_inverse=True)
    side = _join_ranges(side.take(np.bincount(place, minlength=len(units))[place] > most))
    unit, frame = np.tile(side.unit, 2), np.concatenate([side.first, side.last + 1])
    change = np.repeat([1, -1], len(side.unit))
    order = np.lexsort((change, frame, unit))  # whoever ends before a frame leaves before others come
    return merge(unit[order][np.cumsum(change[order]) > most])


def _present(side: Holdings, span: tuple[IntArray, ...], cuts: IntArray) -> Present:
    """Return who holds from each cut to the next."""
    begin, end = (np.searchsorted(cuts, cut) for cut in span)
    at = expand(begin, end - begin)
    order = np.argsort(at, kind="stable")
    return Present(np.repeat(side.owner, end - begin)[order], offsets_of(at, len(cuts)))


def _keep(present: Present, kept: IntArray) -> Present:
    """Leave out stretches of nobody: they have no owners, so that only the offsets change."""
    return Present(present.owners, np.append(0, np.cumsum(present.counts[kept])))


def _join_ranges(side: Holdings) -> Holdings:
    """Join the ranges of one owner that overlap or touch: nothing changes between them."""
    side = side.take(np.lexsort((side.first, side.owner, side.unit)))
    new = np.append(True, (np.diff(side.unit) != 0) | (np.diff(side.owner) != 0))[: len(side.unit)]
    ends, rank = np.unique(side.last, return_inverse=True)
    # The latest end so far: group by group, for those of a later group count for more.
    base = np.cumsum(new) * max(len(ends), 1)
    latest = ends[np.maximum.accumulate(base + rank) - base]
    new[1:] |= side.first[1:] > latest[:-1] + 1
    starts = np.flatnonzero(new)
    joined = side.take(starts)
    return Holdings(joined.unit, joined.owner, joined.first, latest[np.append(starts[1:], len(new))[: len(starts)] - 1])
