from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionKey:
    """
    Which submission was scored, in which state, against which ground truth.

    ``task_uuid`` is the review task that acts on it (in consensus one task for several submissions), empty if none.
    ``submitted_at`` (timezone aware) and ``seconds``, the time spent on the task, are None where nobody tells.
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
    settings_version: str = ""
    submitted_at: datetime | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow(SubmissionKey):
    """
    What the policy needs of one row of the submissions table.

    ``score`` and ``passed`` are None when it was not computed, for the reasons in ``not_computed`` (joined with "; ",
    empty when computed). The verdicts are counts of labels: objects per frame, classifications per frame.
    ``scored_at`` is timezone aware.
    """

    score: float | None
    passed: bool | None
    both_empty: bool
    not_computed: str
    matched: int
    low_overlap: int
    attribute_mismatch: int
    mislabelled: int
    missing: int
    extra: int
    scored_at: datetime
