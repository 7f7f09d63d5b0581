"""Which classification is compared with which, and on which frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray
from include.benchmark_qa.scoring.matching import match_pairs
from include.benchmark_qa.scoring.stretches import Holdings, Stretches, cut_into_stretches

# The mean agreement of the answers of K pairs of owners, NaN where nothing was answered.
Agree = Callable[[IntArray, IntArray], FloatArray]
NOBODY = -1

# Candidates whose answers are compared at once, where many of one class hold together: memory is bounded by it.
_MOST_CANDIDATES = 1 << 18


@dataclass(frozen=True, slots=True)
class Comparisons:
    """
    One entry per run of frames, both ends inclusive, and pair of owners; -1 where one side has no partner.

    ``unit`` is a class of a submission.
    """

    unit: IntArray
    first: IntArray
    last: IntArray
    truth: IntArray
    submitted: IntArray

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, index: IntArray | BoolArray) -> Comparisons:
        """Return the entries of an index or a mask, in its order."""
        return Comparisons(*(getattr(self, one.name)[index] for one in fields(self)))

    @staticmethod
    def concatenate(parts: Sequence[Comparisons]) -> Comparisons:
        """Return the entries of all parts, one part after the other."""
        return Comparisons(
            *(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Comparisons))
        )

    @property
    def paired(self) -> BoolArray:
        """Whether there is an owner on both sides."""
        return (self.truth >= 0) & (self.submitted >= 0)


def pair_classifications(
    truth: Holdings, submitted: Holdings, units: int, hashes: tuple[Sequence[str], Sequence[str]], agree: Agree
) -> Comparisons:
    """
    Pair the classifications of both sides frame by frame, and return the comparisons by unit and frame.

    Mostly there is one on each side. Where there are several of one class on a frame, which the editor does not
    allow but an import does, they are paired by their answers; ties go to the earlier hash.

    :param units: how many units there are; those of the holdings are below it.
    :param hashes: of the owners of the truth and of the submissions.
    """
    whole, plain = _compare_whole(truth, submitted, units)
    stretches = cut_into_stretches(*(side.take(~whole[side.unit]) for side in (truth, submitted)))
    compared = Comparisons.concatenate([plain, *_compare_stretches(stretches, hashes, agree)])
    return compared.take(np.lexsort((compared.first, compared.unit)))


def _compare_whole(truth: Holdings, submitted: Holdings, units: int) -> tuple[BoolArray, Comparisons]:
    """
    Compare where there is nothing to cut: both sides have one and the same range, or one side has nothing.

    So it is in every image.

    :return: for which units that holds, shape (units,), and the comparisons of these.
    """
    ours, theirs = (_by_unit(side, units) for side in (truth, submitted))
    same = (ours.first == theirs.first) & (ours.last == theirs.last)
    counts = [np.bincount(side.unit, minlength=units) for side in (truth, submitted)]
    whole = (counts[0] <= 1) & (counts[1] <= 1) & (same | (counts[0] + counts[1] < 2))
    first, last = (
        np.where(counts[0], one, other) for one, other in ((ours.first, theirs.first), (ours.last, theirs.last))
    )
    return whole, Comparisons(ours.unit, first, last, ours.owner, theirs.owner).take(whole)


def _by_unit(side: Holdings, units: int) -> Holdings:
    """Return one entry per unit, all -1 where the side has none."""
    table = np.full((4, units), NOBODY, dtype=np.int64)
    table[0] = np.arange(units)
    table[1:, side.unit] = side.owner, side.first, side.last
    return Holdings(*table)


def _compare_stretches(
    stretches: Stretches, hashes: tuple[Sequence[str], Sequence[str]], agree: Agree
) -> list[Comparisons]:
    crowded = (stretches.truth.counts > 1) | (stretches.submitted.counts > 1)
    owners = []
    for side in stretches.sides:
        owner = np.full(len(stretches), NOBODY, dtype=np.int64)
        single = side.counts == 1
        owner[single] = side.owners[side.offsets[:-1][single]]
        owners.append(owner)
    alone = Comparisons(stretches.unit, stretches.first, stretches.last, *owners).take(~crowded)
    return [alone, _compare_crowds(stretches, np.flatnonzero(crowded), hashes, agree)]


def _compare_crowds(
    stretches: Stretches, crowded: IntArray, hashes: tuple[Sequence[str], Sequence[str]], agree: Agree
) -> Comparisons:
    candidates = stretches.truth.counts[crowded] * stretches.submitted.counts[crowded]
    blocks = np.split(crowded, np.flatnonzero(np.diff(np.cumsum(candidates) // _MOST_CANDIDATES)) + 1)
    rows = [row for block in blocks for row in _pair_block(stretches, block.tolist(), hashes, agree)]
    at, truth, submitted = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Comparisons(stretches.unit[at], stretches.first[at], stretches.last[at], truth, submitted)


def _pair_block(
    stretches: Stretches, block: list[int], hashes: tuple[Sequence[str], Sequence[str]], agree: Agree
) -> Iterator[tuple[int, int, int]]:
    crowds = [
        [sorted(side.of(at), key=names.__getitem__) for side, names in zip(stretches.sides, hashes, strict=True)]
        for at in block
    ]
    mean = agree(
        np.array([one for ours, theirs in crowds for one in ours for _ in theirs], dtype=np.int64),
        np.array([one for ours, theirs in crowds for _ in ours for one in theirs], dtype=np.int64),
    )
    known = np.where(np.isnan(mean), 1.0, mean)
    begin = 0
    for at, (ours, theirs) in zip(block, crowds, strict=True):
        end = begin + len(ours) * len(theirs)
        yield from ((at, *pair) for pair in _pair_up(ours, theirs, known[begin:end]))
        begin = end


def _pair_up(ours: list[int], theirs: list[int], agreement: FloatArray) -> list[tuple[int, int]]:
    """Return who is compared with whom: the pairs, then those left over on either side."""
    pairs = match_pairs(agreement.reshape(len(ours), len(theirs)), 0.0) if ours and theirs else []
    paired = [{row for row, _ in pairs}, {column for _, column in pairs}]
    return [
        *((ours[row], theirs[column]) for row, column in pairs),
        *((one, NOBODY) for row, one in enumerate(ours) if row not in paired[0]),
        *((NOBODY, one) for column, one in enumerate(theirs) if column not in paired[1]),
    ]
