from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from include.benchmark_qa.labels.model import LabelClassification, LabelRow, Range
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.scoring.matching import match_pairs
from include.benchmark_qa.scoring.row_agreement import answer_agreement
from include.benchmark_qa.scoring.settings import ScoringSettings, TextMatch
from include.benchmark_qa.scoring.verdicts import LabelMatch, Verdict, verdict_of_pair

Classifications = list[LabelClassification]


def judge_classifications(
    ground_truth: LabelRow, submitted: LabelRow, ontology: OntologyIndex, settings: ScoringSettings
) -> tuple[LabelMatch, ...]:
    """
    Match classifications by class and compare their answers on every frame of the union of their ranges.

    Runs of frames on which nothing changes share one verdict, which counts once per frame. Where there are no
    frames (audio, text) a class counts once, and its agreement is the mean over the union of the ranges.
    """
    verdicts: list[LabelMatch] = []
    rows = (ground_truth.classifications, submitted.classifications)
    for feature_hash in sorted({label.feature_hash for row in rows for label in row}):
        truth, given = (_of_class(row, feature_hash) for row in rows)
        judged = list(_judge_class(truth, given, ontology, settings.text_match))
        verdicts += judged if ground_truth.has_frames else [_as_one(judged)]
    return tuple(verdicts)


def _judge_class(
    truth: Classifications, given: Classifications, ontology: OntologyIndex, text_match: TextMatch
) -> Iterator[LabelMatch]:
    for first, last in _stretches([*truth, *given]):
        ours = [label for label in truth if _holds(label, first)]
        theirs = [label for label in given if _holds(label, first)]
        agreements = [[answer_agreement(a.answers, b.answers, ontology, text_match) for b in theirs] for a in ours]
        pairs = _pair_up(agreements)
        for row, column in pairs:
            yield _evidence((first, last), ours[row], theirs[column], agreements[row][column])
        for index in sorted(set(range(len(ours))) - {row for row, _ in pairs}):
            yield _evidence((first, last), ours[index], None)
        for index in sorted(set(range(len(theirs))) - {column for _, column in pairs}):
            yield _evidence((first, last), None, theirs[index])


def _pair_up(agreements: list[list[float | None]]) -> list[tuple[int, int]]:
    """Pair instances of one class by their answers; the editor allows one per frame, imported labels more."""
    if not agreements or not agreements[0]:
        return []
    known = [[1.0 if value is None else value for value in row] for row in agreements]
    return match_pairs(np.array(known, dtype=np.float64), 0.0)


def _stretches(labels: Classifications) -> Iterator[Range]:
    """Yield runs of frames, both ends inclusive, within which no classification begins or ends."""
    ranges = [one for label in labels for one in label.ranges]
    starts = sorted({first for first, _ in ranges} | {last + 1 for _, last in ranges})
    for first, following in pairwise(starts):
        if any(begin <= first <= end for begin, end in ranges):
            yield first, following - 1


def _as_one(judged: Sequence[LabelMatch]) -> LabelMatch:
    """Fold the stretches of a class into one verdict that counts once."""
    whole: Range = (judged[0].first_frame, judged[-1].last_frame)
    found = [match for match in judged if match.verdict.is_match]
    if not found:
        kind = judged[0]
        both = any(match.verdict is not kind.verdict for match in judged)
        return _folded(Verdict.ATTRIBUTE_MISMATCH if both else kind.verdict, judged, whole, 0.0 if both else None)
    frames = sum(match.frames for match in judged)
    unanswered = len(found) == len(judged) and all(match.attribute_agreement is None for match in found)
    agreement = None if unanswered else sum(match.credit for match in found) / frames
    return _folded(verdict_of_pair(1.0, agreement, 0.0), judged, whole, agreement)


def _folded(verdict: Verdict, judged: Sequence[LabelMatch], whole: Range, agreement: float | None) -> LabelMatch:
    truth = next((match for match in judged if match.ground_truth_hash), None)
    given = next((match for match in judged if match.submitted_hash), None)
    return LabelMatch(
        verdict=verdict,
        ground_truth_feature=truth.ground_truth_feature if truth else None,
        ground_truth_hash=truth.ground_truth_hash if truth else None,
        submitted_feature=given.submitted_feature if given else None,
        submitted_hash=given.submitted_hash if given else None,
        first_frame=whole[0],
        last_frame=whole[1],
        similarity=1.0 if truth and given else None,
        attribute_agreement=agreement,
    )


def _evidence(
    stretch: Range,
    truth: LabelClassification | None,
    given: LabelClassification | None,
    agreement: float | None = None,
) -> LabelMatch:
    verdict = Verdict.EXTRA if truth is None else Verdict.MISSING
    if truth and given:
        verdict = verdict_of_pair(1.0, agreement, 0.0)
    return LabelMatch(
        verdict=verdict,
        ground_truth_feature=truth.feature_hash if truth else None,
        ground_truth_hash=truth.classification_hash if truth else None,
        submitted_feature=given.feature_hash if given else None,
        submitted_hash=given.classification_hash if given else None,
        first_frame=stretch[0],
        last_frame=stretch[1],
        frames=stretch[1] - stretch[0] + 1,
        similarity=1.0 if truth and given else None,
        attribute_agreement=agreement,
    )


def _of_class(labels: Sequence[LabelClassification], feature_hash: str) -> Classifications:
    mine = [label for label in labels if label.feature_hash == feature_hash]
    return sorted(mine, key=lambda label: (label.classification_hash, label.ranges))


def _holds(label: LabelClassification, frame: int) -> bool:
    return any(first <= frame <= last for first, last in label.ranges)
