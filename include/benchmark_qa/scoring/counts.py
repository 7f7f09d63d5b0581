from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from include.benchmark_qa.labels.columns import FloatArray, IntArray
from include.benchmark_qa.scoring.columns import VerdictColumns
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
    known = np.unique(np.concatenate(keys))
    rows = [np.searchsorted(known, part) for part in keys]
    submission = known // max(classes, 1)
    cells = _sum(verdicts.submission, verdicts.frames, submissions)
    by_class = Counts(
        tp=_sum(rows[0], verdicts.frames[found], len(known)),
        fp=_sum(rows[2], verdicts.frames[surplus], len(known)),
        fn=_sum(rows[1], verdicts.frames[lost], len(known)),
        cells=cells[submission],
        **_sums_of_pairs(verdicts.take(found), found < len(objects), rows[0], len(known)),
    )
    totals = {one.name: _sum_like(submission, getattr(by_class, one.name), submissions) for one in fields(Counts)}
    return ClassCounts(Counts(**{**totals, "cells": cells}), submission, known % max(classes, 1), by_class)


def _sums_of_pairs(pairs: VerdictColumns, is_object: FloatArray, rows: IntArray, count: int) -> dict[str, FloatArray]:
    agreement = np.where(np.isnan(pairs.agreement), 1.0, pairs.agreement)
    similarity = np.where(np.isnan(pairs.similarity), 0.0, pairs.similarity)
    return {
        "credit": np.bincount(rows, similarity * agreement * pairs.frames, count),
        "iou_sum": np.bincount(rows, similarity * is_object, count),
        "iou_pairs": _sum(rows, is_object, count),
        "answer_sum": np.bincount(rows, pairs.answer_sum, count),
        "answers": _sum(rows, pairs.answer_count, count),
    }


def _sum(rows: IntArray, values: IntArray | FloatArray, count: int) -> IntArray:
    return np.bincount(rows, values, count).astype(np.int64)


def _sum_like(rows: IntArray, values: IntArray | FloatArray, count: int) -> IntArray | FloatArray:
    return np.bincount(rows, values, count).astype(values.dtype)
