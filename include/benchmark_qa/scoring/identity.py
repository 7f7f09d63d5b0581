from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, IntArray, LabelColumns
from include.benchmark_qa.scoring.candidates import Sights
from include.benchmark_qa.scoring.clips import SightPairs, TrackSights
from include.benchmark_qa.scoring.indexing import merge
from include.benchmark_qa.scoring.objects import JudgedObjects
from include.benchmark_qa.scoring.tracks import TrackColumns, judge_tracks

# Data whose frames follow each other in time or space, so that an object is the same one from frame to frame.
TRACKED_TYPES = frozenset({"video", "img_group", "dicom", "nifti"})


def judge_identity(
    judged: JudgedObjects, truth: LabelColumns, submitted: LabelColumns, tracked: BoolArray
) -> TrackColumns:
    """
    Judge whether objects keep their identity over the frames, in the submissions that are ``tracked``, shape (P,).

    :return: one entry per submission, summed over classes, all 0 where it is not tracked.
    """
    candidates = judged.candidates
    kept = np.flatnonzero(tracked[judged.truth.submission[candidates.truth]])
    sides = _seen(judged.truth, truth, tracked), _seen(judged.submitted, submitted, tracked)
    (truth_sights, truth_rank), (submitted_sights, submitted_rank) = sides
    ours, theirs = judged.truth.take(candidates.truth[kept]), judged.submitted.take(candidates.submitted[kept])
    pairs = SightPairs(
        ours.submission,
        ours.feature,
        truth_rank[ours.owner],
        submitted_rank[theirs.owner],
        ours.frame,
        candidates.similarity[kept],
    )
    return judge_tracks(pairs, truth_sights, submitted_sights).summed_over_classes(len(tracked))


def _seen(sights: Sights, labels: LabelColumns, tracked: BoolArray) -> tuple[TrackSights, IntArray]:
    """Return the tracked sights, and the number of each object in the order of the hashes, which settles ties."""
    mine = sights.take(np.flatnonzero(tracked[sights.submission]))
    rank = _ranks(merge(mine.owner), labels.hashes)
    return TrackSights(mine.submission, mine.feature, rank[mine.owner], mine.frame), rank


def _ranks(owners: IntArray, hashes: Sequence[str]) -> IntArray:
    rank = np.full(len(hashes), -1)
    rank[sorted(owners.tolist(), key=lambda owner: hashes[owner])] = np.arange(len(owners))
    return rank
