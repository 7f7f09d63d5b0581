from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat

# Dag files import this module at every parse: pydantic is the only import beyond the standard library.

TARGET_METRIC = r"^((macro_|worst_)?(score|accuracy|precision|recall|f1|jaccard|mean_iou|pq|attribute_accuracy)|idf1)$"
TextMatch = Literal["levenshtein", "exact"]
PolicyAction = Literal["approve", "reject", "leave", "move", "proceed"]
AnnotatorPolicy = Literal["leave", "notify", "remove"]

_PLAIN_STEPS = ("approve", "reject", "leave")
_TARGETED_STEPS = ("move", "proceed")
# Plain text: a message of pydantic's for each form of a union would be several lines of which one helps.
_STEP_PROBLEM = "Input should be 'approve', 'reject' or 'leave', or one of {move: a stage} and {proceed: a pathway}"


def _check_step(given: Any) -> Any:
    """Return a step of a policy as it is when it is one of its forms."""
    if isinstance(given, str) and given in _PLAIN_STEPS:
        return given
    if isinstance(given, dict) and len(given) == 1:
        [(step, target)] = given.items()
        if step in _TARGETED_STEPS and isinstance(target, str) and target.strip():
            return given
    raise ValueError(_STEP_PROBLEM)


PolicyStep = Annotated[str | dict[str, str], BeforeValidator(_check_step)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScoringSettings(_Settings):
    """
    How one submission is compared with the ground truth.

    :param iou_threshold: least similarity of a pair that may match, inclusive.
    :param low_overlap_threshold: a matched pair below it is reported as ``low_overlap``, and still counts.
    :param pass_mark: least score that passes, inclusive.
    :param target_metric: the rate that is the submission's score; ``score`` is the mean over all units of
        similarity times answer agreement. Any rate of ``scoring.rates``, over all labels (``f1``), as the mean over
        classes (``macro_f1``) or of the worst class (``worst_f1``); ``idf1`` for the identity of objects in a video.
    :param text_match: how free text is compared: normalised Levenshtein similarity, or equal or not.
    :param number_abs_tol: numbers are equal within ``number_abs_tol + number_rel_tol * |truth|``.
    :param number_rel_tol: see ``number_abs_tol``.
    :param point_tolerance: sigma of a point's similarity, as a fraction of the square root of the image's area.
    :param line_tolerance: sigma of a polyline's similarity, likewise.
    :param directed: whether the direction in which a polyline is drawn matters.
    :param node_sigma: sigma of a skeleton's node, as a fraction of the size of the skeleton (k of OKS).
    :param node_sigmas: sigmas of single nodes, by the node's feature hash (its name where labels carry no hash).
    """

    iou_threshold: float = Field(default=0.5, gt=0, le=1)
    low_overlap_threshold: float = Field(default=0.8, ge=0, le=1)
    pass_mark: float = Field(default=0.8, ge=0, le=1)
    target_metric: str = Field(default="score", pattern=TARGET_METRIC)
    text_match: TextMatch = "levenshtein"
    number_abs_tol: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    number_rel_tol: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    point_tolerance: float = Field(default=0.02, gt=0, le=1)
    line_tolerance: float = Field(default=0.02, gt=0, le=1)
    directed: bool = False
    node_sigma: float = Field(default=0.05, gt=0, le=1)
    node_sigmas: dict[str, PositiveFloat] = Field(default_factory=dict)


class DecisionSettings(_Settings):
    """
    When an annotator's passes are enough to say PASS or FAIL, and what is reported beside it.

    :param required_pass_rate: share of submissions that should pass, in (0, 1).
    :param min_tasks: scored submissions below which nothing is decided.
    :param suspect_min_annotators: a unit's ground truth is suspect when more than half of the annotators who pass
        elsewhere fail it, and at least so many.
    :param retire_suspect_ground_truth: whether suspect units stop counting for and against annotators.
    :param copied_objects: so many objects equal to the ground truth to the last digit are reported.
    :param hasty_share: a task done in less than this share of the unit's median time is reported.
    :param trend_window: how many of the last submissions are compared with those before.
    """

    required_pass_rate: float = Field(default=0.8, gt=0, lt=1)
    min_tasks: int = Field(default=10, ge=1)
    suspect_min_annotators: int = Field(default=3, ge=1)
    retire_suspect_ground_truth: bool = False
    copied_objects: int = Field(default=3, ge=1)
    hasty_share: float = Field(default=0.2, ge=0, lt=1)
    trend_window: int = Field(default=20, ge=1)


class NotifierSettings(_Settings):
    """
    One of Airflow's notifiers, told of what the policy did about annotators.

    :param notifier: import path of a ``BaseNotifier`` class, such as
        ``airflow.providers.smtp.notifications.smtp.SmtpNotifier``.
    :param arguments: its keyword arguments; no secrets, they belong into the connection that the notifier names.
    """

    notifier: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
    arguments: dict[str, Any] = Field(default_factory=dict)


class PolicySettings(_Settings):
    """
    What happens to a benchmark task once its submissions are scored, and to an annotator once enough are.

    A step is ``approve``, ``reject``, ``leave``, ``{"move": title of a stage}``, or ``{"proceed": name of a pathway}``,
    which takes the task to where that pathway of an agent stage leads.

    :param on_pass: the step when every submission of the task passed.
    :param on_fail: the step when one of them failed.
    :param on_annotator_fail: what becomes of an annotator whose decision is FAIL; never before ``min_tasks``.
    :param issues: whether hints become issues on the data unit, where all of its annotators may see them.
    :param notify: who is told of an annotator whose decision is FAIL.
    :param dry_run: say and record what would be done, and do nothing.
    """

    on_pass: PolicyStep = "leave"  # noqa: S105 - no password: what to do on a pass
    on_fail: PolicyStep = "leave"
    on_annotator_fail: AnnotatorPolicy = "leave"
    issues: bool = False
    notify: list[NotifierSettings] = Field(default_factory=list)
    dry_run: bool = False
