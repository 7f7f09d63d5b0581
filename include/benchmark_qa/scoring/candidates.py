from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from include.benchmark_qa.labels.columns import FloatArray, IntArray, LabelColumns
from include.benchmark_qa.scoring.indexing import expand, offsets_of
from include.benchmark_qa.scoring.pairing import BothBounds, pairs_of_groups

# A pair at the threshold on paper may be a few rounding errors below it; without this, the size of the image decides.
GATE_TOLERANCE = 1e-9

# More possible partners than this per label, on average over a submission, are no drawing of anything.
MOST_PARTNERS = 256

Similarity: TypeAlias = Callable[[IntArray, IntArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Sights:
    """
    The objects of one side, frame by frame, once for each submission in which they are compared.

    ``entry`` is the place in the object columns, ``feature`` the class by its code in the ontology.
    """

    entry: IntArray
    submission: IntArray
    frame: IntArray
    feature: IntArray
    owner: IntArray

    def __len__(self) -> int:
        return len(self.entry)

    def take(self, index: IntArray) -> Sights:
        """Return the sights of an index, in its order."""
        return Sights(
            self.entry[index], self.submission[index], self.frame[index], self.feature[index], self.owner[index]
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs that may match: places in the sights of both sides, and their similarity, at least the threshold."""

    truth: IntArray
    submitted: IntArray
    similarity: FloatArray

    def without(self, submission: IntArray, gone: set[int]) -> Candidates:
        """Leave out the pairs of some submissions; ``submission`` is that of each sight of the truth."""
        if not gone:
            return self
        kept = ~np.isin(submission[self.truth], list(gone))
        return Candidates(self.truth[kept], self.submitted[kept], self.similarity[kept])


def expand_sights(labels: LabelColumns, row_of: IntArray) -> Sights:
    """
    Return the objects of the label row that each submission is compared in.

    :param row_of: shape (P,), the row of each submission, -1 for none.
    """
    objects = labels.objects
    order = np.argsort(objects.row, kind="stable")
    offsets = offsets_of(objects.row, len(labels))
    known = np.flatnonzero(row_of >= 0)
    starts, ends = offsets[row_of[known]], offsets[row_of[known] + 1]
    entry = order[expand(starts, ends - starts)]
    submission = np.repeat(known, ends - starts)
    return Sights(entry, submission, objects.frame[entry], objects.feature[entry], objects.owner[entry])


def group_keys(sights: tuple[Sights, Sights], kinds: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
    """Return for both sides a number that is equal for sights of one submission, frame and kind."""
    both = np.concatenate([sights[0].frame, sights[1].frame])
    if not len(both):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    submissions = 1 + max(int(side.submission.max(initial=0)) for side in sights)
    kinds_known = 1 + max(int(kind.max(initial=0)) for kind in kinds)
    frames = int(both.max()) + 1
    if int(both.min()) < 0 or frames * submissions * kinds_known >= 2**62:
        both = np.unique(both, return_inverse=True)[1].astype(np.int64)
        frames = len(both)
    split = len(sights[0])
    first, second = (
        (side.submission * frames + frame) * kinds_known + kind
        for side, frame, kind in zip(sights, (both[:split], both[split:]), kinds, strict=True)
    )
    return first, second


def find_candidates(
    truth: Sights,
    submitted: Sights,
    keys: tuple[IntArray, IntArray],
    similarity: Similarity,
    threshold: float,
    bounds: BothBounds,
) -> tuple[Candidates, set[int]]:
    """
    Return the pairs of equal keys that are at least as similar as the threshold (inclusive).

    :param similarity: gives (K,) similarities for K places in the sights of both sides; NaN is no candidate.
    :param bounds: of the sights; what does not meet is not alike.
    :return: the pairs, and the submissions with too many of them to keep, which have none.
    """
    submissions = 1 + max(int(side.submission.max(initial=-1)) for side in (truth, submitted))
    labels = sum(np.bincount(side.submission, minlength=submissions) for side in (truth, submitted))
    most = MOST_PARTNERS * np.maximum(labels, 100)
    crowded: set[int] = set()
    found, kept = np.zeros(submissions, np.int64), [(_NONE, _NONE, np.zeros(0))]
    for left, right in pairs_of_groups(*keys, bounds):
        if crowded:
            open_pairs = ~np.isin(truth.submission[left], list(crowded))
            left, right = left[open_pairs], right[open_pairs]
        alike = similarity(left, right)
        near = np.flatnonzero(alike >= threshold - GATE_TOLERANCE)
        found += np.bincount(truth.submission[left[near]], minlength=submissions)
        if (found > most).any():
            crowded.update(np.flatnonzero(found > most).tolist())
        kept.append((left[near], right[near], alike[near]))
    candidates = Candidates(*(np.concatenate(parts) for parts in zip(*kept, strict=True)))
    return candidates.without(truth.submission, crowded), crowded


_NONE: IntArray = np.zeros(0, np.int64)
