from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

# Dag files import this module at every parse: pydantic is the only import beyond the standard library.

TargetMetric = Literal["score", "f1", "precision", "recall", "jaccard", "mean_iou"]
TextMatch = Literal["levenshtein", "exact"]
PolicyAction = Literal["approve", "reject", "leave"]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScoringSettings(_Settings):
    """
    How one submission is compared with the ground truth.

    :param iou_threshold: least IoU of a pair that may match, inclusive.
    :param low_overlap_threshold: a matched pair below it is reported as ``low_overlap``, and still counts.
    :param pass_mark: least score that passes, inclusive.
    :param target_metric: the rate that is the submission's score; ``score`` is the mean over all units of
        similarity times attribute agreement.
    :param text_match: how free text is compared: normalised Levenshtein similarity, or equal or not.
    """

    iou_threshold: float = Field(default=0.5, gt=0, le=1)
    low_overlap_threshold: float = Field(default=0.8, ge=0, le=1)
    pass_mark: float = Field(default=0.8, ge=0, le=1)
    target_metric: TargetMetric = "score"
    text_match: TextMatch = "levenshtein"


class DecisionSettings(_Settings):
    """
    When an annotator's passes are enough to say PASS or FAIL.

    :param required_pass_rate: share of submissions that should pass, in (0, 1).
    :param min_tasks: scored submissions below which nothing is decided.
    """

    required_pass_rate: float = Field(default=0.8, gt=0, lt=1)
    min_tasks: int = Field(default=10, ge=1)


class PolicySettings(_Settings):
    """
    What happens to a benchmark task once its submissions are scored.

    :param on_pass: when every submission of the task passed.
    :param on_fail: when one of them failed.
    """

    on_pass: PolicyAction = "leave"  # noqa: S105 - no password: what to do on a pass
    on_fail: PolicyAction = "leave"
