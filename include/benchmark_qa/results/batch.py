from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from include.benchmark_qa.labels.ontology import index_ontology
from include.benchmark_qa.results.rows import SubmissionKey
from include.benchmark_qa.results.tables import score_tables
from include.benchmark_qa.scoring.scored import score_labels
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.versions import settings_version
from include.benchmark_qa.submissions import Submission

# What the scorer does not compute, whatever it is compared with.
_UNREADABLE_ROW: dict[str, Any] = {"label_hash": "", "data_units": None}


@dataclass(frozen=True, slots=True)
class LabelPair:
    """
    One submission with both label rows as Encord's dictionaries; None where nothing was ever saved.

    Submissions of one unit (``data_hash``) have the same ground truth. The versions are those of the two label rows
    (``labels_version``). ``problem`` says why one of them could not be read; then the submission is not computed.
    """

    submission: Submission
    ground_truth: Mapping[str, Any] | None
    submitted: Mapping[str, Any] | None
    submission_version: str
    ground_truth_version: str
    problem: str = ""


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
    units = list({pair.submission.data_hash: pair.ground_truth for pair in pairs}.items())
    place = {data_hash: number for number, (data_hash, _) in enumerate(units)}
    scored = score_labels(
        index,
        [truth for _, truth in units],
        [_UNREADABLE_ROW if pair.problem else pair.submitted for pair in pairs],
        [place[pair.submission.data_hash] for pair in pairs],
        settings,
    )
    reasons = zip(pairs, scored.not_computed, strict=True)
    scored = replace(scored, not_computed=tuple((pair.problem,) if pair.problem else why for pair, why in reasons))
    made_with = settings_version(settings)
    keys = [_key(pair, campaign, project_hash, made_with) for pair in pairs]
    tables = score_tables(keys, scored, index, scored_at)
    return ScoredBatch(
        submissions=tables.submissions,
        verdicts=tables.verdicts,
        count=len(pairs),
        not_computed=sum(bool(reasons) for reasons in scored.not_computed),
    )


def _key(pair: LabelPair, campaign: str, project_hash: str, made_with: str) -> SubmissionKey:
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
        ground_truth_version=pair.ground_truth_version,
        submission_version=pair.submission_version,
        settings_version=made_with,
        submitted_at=datetime.fromisoformat(one.submitted_at) if one.submitted_at else None,
        seconds=one.seconds,
    )
