from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray, LabelColumns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.agreement import answer_agreement, dynamic_agreement
from include.benchmark_qa.scoring.candidates import GATE_TOLERANCE, Sights
from include.benchmark_qa.scoring.columns import AnswerAgreement, VerdictColumns
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.verdicts import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

CODES = {verdict: code for code, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What comparing the answers of matched objects needs."""

    truth: LabelColumns
    submitted: LabelColumns
    ontology: OntologyIndex
    vocabulary: Vocabulary
    settings: ScoringSettings


def verdicts_on_pairs(ours: Sights, theirs: Sights, similarity: FloatArray, context: AnswerContext) -> VerdictColumns:
    """
    Judge K matched pairs of one class: how they overlap, and how their answers agree.

    A wrong answer is worse news than a loose outline, so it is named first. On each frame the static answers and the
    dynamic ones of that frame weigh alike.
    """
    static, first = _static_agreement(ours, theirs, context)
    dynamic = _dynamic_agreement(ours, theirs, context)
    agreement = (static + dynamic).mean
    low = similarity < context.settings.low_overlap_threshold - GATE_TOLERANCE
    verdict = np.where(low, CODES[Verdict.LOW_OVERLAP], CODES[Verdict.MATCHED])
    verdict = np.where(agreement < 1, CODES[Verdict.ATTRIBUTE_MISMATCH], verdict)
    return _columns(
        verdict.astype(np.int8),
        ours,
        theirs,
        similarity,
        agreement,
        np.where(first, np.nan_to_num(static.mean), 0.0) + np.nan_to_num(dynamic.mean),
        (first & (static.compared > 0)).astype(np.int64) + (dynamic.compared > 0),
    )


def verdicts_without_answers(
    verdict: Verdict, truth: Sights | None, submitted: Sights | None, similarity: FloatArray | None = None
) -> VerdictColumns:
    """Return one verdict on objects whose answers are not compared: they have no partner of their class."""
    count = len(truth if truth is not None else submitted or ())
    nothing = np.full(count, np.nan)
    return _columns(
        np.full(count, CODES[verdict], np.int8),
        truth,
        submitted,
        nothing if similarity is None else similarity,
        nothing,
        np.zeros(count),
        np.zeros(count, np.int64),
    )


def _static_agreement(ours: Sights, theirs: Sights, context: AnswerContext) -> tuple[AnswerAgreement, BoolArray]:
    """Compare the static answers once per pair of objects; say also which sight is the first of its pair."""
    order = np.lexsort((ours.frame, theirs.owner, ours.owner, ours.submission))
    columns = [column[order] for column in (ours.submission, ours.owner, theirs.owner)]
    new = np.ones(len(order), bool)
    new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(new) - 1
    first = np.zeros(len(order), bool)
    first[order[new]] = True
    once = answer_agreement(
        context.truth,
        columns[1][new],
        context.submitted,
        columns[2][new],
        context.ontology,
        context.vocabulary,
        context.settings,
    )
    return AnswerAgreement(once.similarity[place], once.compared[place]), first


def _dynamic_agreement(ours: Sights, theirs: Sights, context: AnswerContext) -> AnswerAgreement:
    if not len(context.truth.dynamic_answers) and not len(context.submitted.dynamic_answers):
        return AnswerAgreement(np.zeros(len(ours)), np.zeros(len(ours), np.int64))
    return dynamic_agreement(
        context.truth,
        ours.owner,
        context.submitted,
        theirs.owner,
        ours.frame,
        context.ontology,
        context.vocabulary,
        context.settings,
    )


def _columns(
    verdict: NDArray[np.int8],
    truth: Sights | None,
    submitted: Sights | None,
    similarity: FloatArray,
    agreement: FloatArray,
    answer_sum: FloatArray,
    answer_count: IntArray,
) -> VerdictColumns:
    known = truth if truth is not None else submitted
    assert known is not None  # noqa: S101 - for the type checker: a verdict is on somebody
    nobody = np.full(len(verdict), -1)
    return VerdictColumns(
        submission=known.submission,
        verdict=verdict,
        truth_class=nobody if truth is None else truth.feature,
        truth_owner=nobody if truth is None else truth.owner,
        submitted_class=nobody if submitted is None else submitted.feature,
        submitted_owner=nobody if submitted is None else submitted.owner,
        first_frame=known.frame,
        last_frame=known.frame,
        frames=np.ones(len(verdict), np.int64),
        similarity=similarity,
        agreement=agreement,
        answer_sum=answer_sum,
        answer_count=answer_count,
    )
