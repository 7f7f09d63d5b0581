from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray
from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.indexing import merge
from include.benchmark_qa.scoring.verdicts import Verdict

_MATCHES = np.array([verdict.is_match for verdict in Verdict])
_MISSING, _EXTRA = (tuple(Verdict).index(verdict) for verdict in (Verdict.MISSING, Verdict.EXTRA))


@dataclass(frozen=True, slots=True)
class Counts:
    """
    Sums over verdicts: one entry per submission, or per submission and class.

    ``tp`` are found pairs, ``fp`` and ``fn`` labels without a partner of their class on the submitted and on the
    ground-truth side. ``cells`` is the sum of the submission's confusion matrix: a mislabelled pair is one cell.
    ``credit`` is the sum of similarity times answer agreement, ``iou_sum`` that of the similarity of ``iou_pairs``
    matched objects, ``answer_sum`` that of the agreement of ``answers``.
    """

    tp: IntArray
    fp: IntArray
    fn: IntArray
    cells: IntArray
    credit: FloatArray
    iou_sum: FloatArray
    iou_pairs: IntArray
    answer_sum: FloatArray
    answers: IntArray

    @property
    def units(self) -> IntArray:
        """Return TP + FP + FN, what a score is divided by."""
        return self.tp + self.fp + self.fn

    def part(self, entries: slice) -> Counts:
        """Return some entries."""
        return Counts(*(getattr(self, one.name)[entries] for one in fields(self)))

    def of(self, entry: int) -> SubmissionCounts:
        """Return one entry's counts as plain numbers."""
        return SubmissionCounts(**{one.name: getattr(self, one.name)[entry].item() for one in fields(self)})


@dataclass(frozen=True, slots=True)
class SubmissionCounts:
    """One entry of ``Counts``."""

    tp: int
    fp: int
    fn: int
    cells: int
    credit: float
    iou_sum: float
    iou_pairs: int
    answer_sum: float
    answers: int


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Counts by submission, and by submission and class (``submission``, ``feature``), in this order."""

    total: Counts
    submission: IntArray
    feature: IntArray
    by_class: Counts

    def of(self, submission: int) -> ClassCounts:
        """Return the counts of one submission, which is number 0 then."""
        mine = slice(*np.searchsorted(self.submission, [submission, submission + 1]).tolist())
        total = self.total.part(slice(submission, submission + 1))
        return ClassCounts(total, self.submission[mine] - submission, self.feature[mine], self.by_class.part(mine))


def count_verdicts(
    objects: VerdictColumns, classifications: VerdictColumns, submissions: int, classes: int
) -> ClassCounts:
    """
    Count the verdicts on ``submissions`` submissions under an ontology of ``classes`` classes.

    Sums do not depend on the order of the verdicts: floats are added in the order of their values.
    """
    verdicts = VerdictColumns.concatenate([objects, classifications])
    match = _MATCHES[verdicts.verdict]
    found = np.flatnonzero(match)
    found = found[np.lexsort((verdicts.answer_sum[found], verdicts.agreement[found], verdicts.similarity[found]))]
    lost = np.flatnonzero(~match & (verdicts.verdict != _EXTRA))
    surplus = np.flatnonzero(~match & (verdicts.verdict != _MISSING))
    base = verdicts.submission * max(classes, 1)
    keys = (
        base[found] + verdicts.truth_class[found],
        base[lost] + verdicts.truth_class[lost],
        base[surplus] + verdicts.submitted_class[surplus],
    )
    known = merge(*keys)
    rows = [np.searchsorted(known, part) for part in keys]
    submission = known // max(classes, 1)
    by_class = _count_classes(verdicts, found < len(objects), (found, lost, surplus), rows, len(known))
    submission = known // max(classes, 1)
    cells = _count(verdicts.submission, verdicts.frames, submissions)
    return ClassCounts(
        total=replace(_total(by_class, submission, submissions), cells=cells),
        submission=submission,
        feature=known % max(classes, 1),
        by_class=replace(by_class, cells=cells[submission]),
    )


def _count_classes(
    verdicts: VerdictColumns, is_object: BoolArray, parts: Sequence[IntArray], rows: Sequence[IntArray], count: int
) -> Counts:
    """Count found, lost and surplus labels (places in ``verdicts``) into ``rows`` of a table of ``count`` rows."""
    tp, fn, fp = (_count(row, verdicts.frames[part], count) for part, row in zip(parts, rows, strict=True))
    pairs, row = verdicts.take(parts[0]), rows[0]
    agreement = np.where(np.isnan(pairs.agreement), 1.0, pairs.agreement)
    similarity = np.where(np.isnan(pairs.similarity), 0.0, pairs.similarity)
    return Counts(
        tp=tp,
        fp=fp,
        fn=fn,
        cells=np.zeros(count, np.int64),
        credit=_sum(row, similarity * agreement * pairs.frames, count),
        iou_sum=_sum(row, similarity * is_object, count),
        iou_pairs=_count(row, is_object.astype(np.int64), count),
        answer_sum=_sum(row, pairs.answer_sum, count),
        answers=_count(row, pairs.answer_count, count),
    )


def _total(by_class: Counts, submission: IntArray, count: int) -> Counts:
    """Add up the classes of each submission."""
    return Counts(
        tp=_count(submission, by_class.tp, count),
        fp=_count(submission, by_class.fp, count),
        fn=_count(submission, by_class.fn, count),
        cells=np.zeros(count, np.int64),
        credit=_sum(submission, by_class.credit, count),
        iou_sum=_sum(submission, by_class.iou_sum, count),
        iou_pairs=_count(submission, by_class.iou_pairs, count),
        answer_sum=_sum(submission, by_class.answer_sum, count),
        answers=_count(submission, by_class.answers, count),
    )


def _count(rows: IntArray, values: IntArray, count: int) -> IntArray:
    return np.bincount(rows, values, count).astype(np.int64)


def _sum(rows: IntArray, values: FloatArray, count: int) -> FloatArray:
    return np.bincount(rows, values, count).astype(np.float64)
