from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime

from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.scoring.submission import SubmissionScore
from include.benchmark_qa.scoring.verdicts import LabelMatch, Verdict


@dataclass(frozen=True, slots=True)
class SubmissionKey:
    """
    Which submission was scored, in which state, against which ground truth.

    ``task_uuid`` is the review task that acts on it (in consensus one task for several submissions), empty if none.
    """

    campaign: str
    project_hash: str
    data_hash: str
    data_title: str
    annotator_email: str
    label_branch_name: str
    label_hash: str | None
    task_uuid: str
    ground_truth_version: str
    submission_version: str


@dataclass(frozen=True, slots=True)
class SubmissionRow(SubmissionKey):
    """
    One scored submission: a row of the submissions table.

    ``score`` and ``passed`` are None when it was not computed, for the reasons in ``not_computed`` (joined with "; ",
    empty when computed). The verdict columns count units: objects per frame, classifications per frame.
    ``iou_sum`` over ``iou_pairs`` matched objects gives the mean IoU. ``scored_at`` is timezone aware.
    """

    score: float | None
    passed: bool | None
    both_empty: bool
    not_computed: str
    tp: int
    fp: int
    fn: int
    iou_sum: float
    iou_pairs: int
    mean_iou: float | None
    matched: int
    low_overlap: int
    attribute_mismatch: int
    mislabelled: int
    missing: int
    extra: int
    scored_at: datetime


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One verdict, on an object of a frame or a stretch of a classification: a row of the verdicts table."""

    campaign: str
    project_hash: str
    data_hash: str
    data_title: str
    annotator_email: str
    label_branch_name: str
    submission_version: str
    ground_truth_version: str
    kind: str
    verdict: str
    ground_truth_class: str | None
    submitted_class: str | None
    ground_truth_hash: str | None
    submitted_hash: str | None
    first_frame: int
    last_frame: int
    frames: int
    similarity: float | None
    attribute_agreement: float | None
    scored_at: datetime


def submission_row(key: SubmissionKey, score: SubmissionScore, scored_at: datetime) -> SubmissionRow:
    """Return the row of one score."""
    counts = score.rates.counts if score.rates else None
    tally: Counter[Verdict] = Counter()
    for match in (*score.objects, *score.classifications):
        tally[match.verdict] += match.frames
    return SubmissionRow(
        **asdict(key),
        score=score.score,
        passed=score.passed,
        both_empty=score.both_empty,
        not_computed="; ".join(score.not_computed),
        tp=counts.tp if counts else 0,
        fp=counts.fp if counts else 0,
        fn=counts.fn if counts else 0,
        iou_sum=counts.iou_sum if counts else 0.0,
        iou_pairs=counts.iou_pairs if counts else 0,
        mean_iou=score.rates.micro["mean_iou"] if score.rates else None,
        matched=tally[Verdict.MATCHED],
        low_overlap=tally[Verdict.LOW_OVERLAP],
        attribute_mismatch=tally[Verdict.ATTRIBUTE_MISMATCH],
        mislabelled=tally[Verdict.MISLABELLED],
        missing=tally[Verdict.MISSING],
        extra=tally[Verdict.EXTRA],
        scored_at=scored_at,
    )


def verdict_rows(
    key: SubmissionKey, score: SubmissionScore, ontology: OntologyIndex, scored_at: datetime
) -> list[VerdictRow]:
    """Return a row per verdict, classes by the names that the ontology gives them."""
    objects = [_verdict_row(key, "object", match, ontology, scored_at) for match in score.objects]
    return objects + [
        _verdict_row(key, "classification", match, ontology, scored_at) for match in score.classifications
    ]


def _verdict_row(
    key: SubmissionKey, kind: str, match: LabelMatch, ontology: OntologyIndex, scored_at: datetime
) -> VerdictRow:
    names = ontology.names
    return VerdictRow(
        campaign=key.campaign,
        project_hash=key.project_hash,
        data_hash=key.data_hash,
        data_title=key.data_title,
        annotator_email=key.annotator_email,
        label_branch_name=key.label_branch_name,
        submission_version=key.submission_version,
        ground_truth_version=key.ground_truth_version,
        kind=kind,
        verdict=match.verdict.value,
        ground_truth_class=names.get(match.ground_truth_feature or ""),
        submitted_class=names.get(match.submitted_feature or ""),
        ground_truth_hash=match.ground_truth_hash,
        submitted_hash=match.submitted_hash,
        first_frame=match.first_frame,
        last_frame=match.last_frame,
        frames=match.frames,
        similarity=match.similarity,
        attribute_agreement=match.attribute_agreement,
        scored_at=scored_at,
    )
