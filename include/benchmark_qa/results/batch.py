from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.benchmark_qa.labels.ontology import index_ontology
from include.benchmark_qa.results.rows import SubmissionKey, submission_row, verdict_rows
from include.benchmark_qa.results.tables import submissions_to_parquet, verdicts_to_parquet
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.submission import score_submission
from include.benchmark_qa.scoring.versions import labels_version
from include.benchmark_qa.submissions import Submission


@dataclass(frozen=True, slots=True)
class LabelPair:
    """One submission with both label rows as Encord's dictionaries; None where nothing was ever saved."""

    submission: Submission
    ground_truth: Mapping[str, Any] | None
    submitted: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """The two result tables of a batch as Parquet, and how many submissions they hold."""

    submissions: bytes
    verdicts: bytes
    count: int
    not_computed: int


def score_batch(
    *,
    campaign: str,
    project_hash: str,
    ontology: Mapping[str, Any],
    pairs: Sequence[LabelPair],
    settings: ScoringSettings,
    scored_at: datetime,
) -> ScoredBatch:
    """
    Score a batch of submissions; the same input gives the same bytes.

    :param ontology: ``OntologyStructure.to_dict()``, the one of both projects
    :param scored_at: with a time zone; of several scores of a submission the latest counts
    :raises ValueError: when ``ontology`` is no ontology structure; a submission never raises
    """
    index = index_ontology(ontology)
    submissions, verdicts = [], []
    for pair in pairs:
        score = score_submission(ontology, pair.ground_truth, pair.submitted, settings)
        key = _key(campaign, project_hash, pair)
        submissions.append(submission_row(key, score, scored_at))
        verdicts += verdict_rows(key, score, index, scored_at)
    return ScoredBatch(
        submissions=submissions_to_parquet(submissions),
        verdicts=verdicts_to_parquet(verdicts),
        count=len(submissions),
        not_computed=sum(row.score is None for row in submissions),
    )


def _key(campaign: str, project_hash: str, pair: LabelPair) -> SubmissionKey:
    one = pair.submission
    return SubmissionKey(
        campaign=campaign,
        project_hash=project_hash,
        data_hash=one.data_hash,
        data_title=one.data_title,
        annotator_email=one.annotator_email,
        label_branch_name=one.label_branch_name,
        label_hash=one.label_hash,
        task_uuid=one.task_uuid,
        ground_truth_version=labels_version(pair.ground_truth),
        submission_version=labels_version(pair.submitted),
    )
