from __future__ import annotations

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray, LabelColumns
from include.benchmark_qa.labels.data_types import FRAMELESS_TYPES
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.agreement import answer_agreement
from include.benchmark_qa.scoring.classification_pairs import NOBODY, Comparisons, pair_classifications
from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.indexing import distinct, expand, offsets_of
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.stretches import Holdings, crowded_units
from include.benchmark_qa.scoring.verdicts import Verdict

# A classification of one of these holds for stretches of time, or of the text: they have no frames to count.

# So many classifications of one class on one frame can still be paired.
MOST_AT_ONCE = 100

_MATCHED, _MISMATCH, _MISSING, _EXTRA = (
    tuple(Verdict).index(one) for one in (Verdict.MATCHED, Verdict.ATTRIBUTE_MISMATCH, Verdict.MISSING, Verdict.EXTRA)
)


def judge_classifications(
    truth: LabelColumns,
    submitted: LabelColumns,
    truth_row: IntArray,
    ontology: OntologyIndex,
    vocabulary: Vocabulary,
    settings: ScoringSettings,
) -> VerdictColumns:
    """
    Match classifications by class and compare their answers on every frame of the union of their ranges.

    Runs of frames on which nothing changes share one verdict, which counts once per frame: a range of a billion
    frames costs nothing. Where there are no frames (audio, text) a class counts once, its verdict spans all its
    ranges, and its agreement is the mean over their union, 0 where only one side has it.

    :param truth_row: shape (rows of ``submitted``,): the row of ``truth`` to compare with, -1 to skip the row.
    :return: verdicts by submission, class and frame.
    """

    def agree(ours: IntArray, theirs: IntArray) -> FloatArray:
        return answer_agreement(truth, ours, submitted, theirs, ontology, vocabulary, settings).mean

    classes = len(ontology.class_hashes)
    keys, ours, theirs = _units(truth, submitted, truth_row, classes)
    compared = pair_classifications(ours, theirs, len(keys), (truth.hashes, submitted.hashes), agree)
    agreement = np.full(len(compared), np.nan)
    agreement[compared.paired] = agree(compared.truth[compared.paired], compared.submitted[compared.paired])
    submission, feature = np.divmod(keys, max(classes, 1))
    frameless = np.array([one in FRAMELESS_TYPES for one in truth.data_types], dtype=np.bool_)
    whole = frameless[truth_row[submission]] if len(keys) else np.zeros(0, dtype=np.bool_)
    compared, agreement, frames = _count_once(compared, agreement, whole)
    return _verdicts(compared, agreement, frames, submission[compared.unit], feature[compared.unit])


def find_crowds(labels: LabelColumns, ontology: OntologyIndex, most: int = MOST_AT_ONCE) -> list[tuple[int, int]]:
    """
    Return the row and the class of classifications of which more than ``most`` hold on one frame, in that order.

    The editor allows one; to pair hundreds on thousands of frames would cost more than any score is worth.
    """
    held, classes = labels.classifications, max(len(ontology.class_hashes), 1)
    unit = held.row * classes + held.feature
    crowded = crowded_units(Holdings(unit, held.owner, held.first, held.last), most)
    return [divmod(one, classes) for one in crowded.tolist()]


def _units(
    truth: LabelColumns, submitted: LabelColumns, truth_row: IntArray, classes: int
) -> tuple[IntArray, Holdings, Holdings]:
    """Return the units, each a submission and a class as one key, ascending, and who holds in them on either side."""
    ours, theirs = truth.classifications, submitted.classifications
    compared = np.flatnonzero(truth_row >= 0)
    order = np.argsort(ours.row, kind="stable")
    offsets = offsets_of(ours.row, len(truth))
    counts = np.diff(offsets)[truth_row[compared]]
    one = order[expand(offsets[truth_row[compared]], counts)]
    other = np.flatnonzero(truth_row[theirs.row] >= 0)
    our_keys = np.repeat(compared, counts) * classes + ours.feature[one]
    their_keys = theirs.row[other] * classes + theirs.feature[other]
    keys, unit = distinct(np.concatenate([our_keys, their_keys]), len(submitted) * classes)
    return (
        keys,
        Holdings(unit[: len(one)], ours.owner[one], ours.first[one], ours.last[one]),
        Holdings(unit[len(one) :], theirs.owner[other], theirs.first[other], theirs.last[other]),
    )


def _count_once(
    compared: Comparisons, agreement: FloatArray, whole: BoolArray
) -> tuple[Comparisons, FloatArray, IntArray]:
    """Fold the comparisons of each unit of ``whole``, shape (units,), into one; return also what each counts for."""
    frames = compared.last - compared.first + 1
    fold = whole[compared.unit]
    if not fold.any():
        return compared, agreement, frames
    kept = ~fold
    folded, mean = _fold(compared.take(fold), agreement[fold], frames[fold])
    both = Comparisons.concatenate([compared.take(kept), folded])
    order = np.argsort(both.unit, kind="stable")
    counted = np.append(frames[kept], np.ones(len(folded), dtype=np.int64))
    return both.take(order), np.append(agreement[kept], mean)[order], counted[order]


def _fold(compared: Comparisons, agreement: FloatArray, frames: IntArray) -> tuple[Comparisons, FloatArray]:
    starts = np.flatnonzero(np.append(True, np.diff(compared.unit) != 0))
    unanswered = compared.paired & np.isnan(agreement)
    credit = np.where(compared.paired, np.where(unanswered, 1.0, agreement), 0.0) * frames
    mean = np.add.reduceat(credit, starts) / np.add.reduceat(frames, starts)
    mean[np.logical_and.reduceat(unanswered, starts)] = np.nan
    owners = [_first_known(owner, starts) for owner in (compared.truth, compared.submitted)]
    mean[(owners[0] == NOBODY) | (owners[1] == NOBODY)] = np.nan
    first, last = np.minimum.reduceat(compared.first, starts), np.maximum.reduceat(compared.last, starts)
    return Comparisons(compared.unit[starts], first, last, *owners), mean


def _first_known(owner: IntArray, starts: IntArray) -> IntArray:
    """Return the first owner of each group that is somebody."""
    nobody = len(owner)
    at = np.minimum.reduceat(np.where(owner >= 0, np.arange(nobody), nobody), starts)
    return np.append(owner, NOBODY)[at]


def _verdicts(
    compared: Comparisons, agreement: FloatArray, frames: IntArray, submission: IntArray, feature: IntArray
) -> VerdictColumns:
    alone = [compared.submitted == NOBODY, compared.truth == NOBODY, agreement < 1]
    answered = ~np.isnan(agreement)
    return VerdictColumns(
        submission=submission,
        verdict=np.select(alone, [_MISSING, _EXTRA, _MISMATCH], _MATCHED).astype(np.int8),
        truth_class=np.where(compared.truth == NOBODY, -1, feature),
        truth_owner=compared.truth,
        submitted_class=np.where(compared.submitted == NOBODY, -1, feature),
        submitted_owner=compared.submitted,
        first_frame=compared.first,
        last_frame=compared.last,
        frames=frames,
        similarity=np.where(compared.paired, 1.0, np.nan),
        agreement=agreement,
        answer_sum=np.where(answered, agreement, 0.0) * frames,
        answer_count=np.where(answered, frames, 0),
    )
