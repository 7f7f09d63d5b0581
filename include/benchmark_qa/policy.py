"""From scores to actions, each with its reason: what to do is the campaign's settings, nothing here does it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from include.benchmark_qa.decisions import Decision, decide, wilson_interval
from include.benchmark_qa.scoring.settings import DecisionSettings, PolicyAction, PolicySettings, PolicyStep
from include.benchmark_qa.suspects import suspect_units


class ScoredSubmission(Protocol):
    """What the policy looks at; ``ledger.model.LedgerEntry`` has it."""

    @property
    def task_uuid(self) -> str: ...
    @property
    def data_hash(self) -> str: ...
    @property
    def data_title(self) -> str: ...
    @property
    def annotator_email(self) -> str: ...
    @property
    def score(self) -> float | None: ...
    @property
    def passed(self) -> bool | None: ...
    @property
    def not_computed(self) -> str: ...
    @property
    def hints(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class TaskAction:
    """
    What to do with one benchmark task, and why; ``leave`` is an answer too, so that it can be shown.

    ``target`` is the stage of a ``move``, the pathway of a ``proceed``. ``verdict`` is ``pass``, ``fail`` or
    ``not computed``. ``hints`` go with a fail: ``(annotator, up to three sentences)``; ``issue`` says whether they are
    to be written as issues.
    """

    task_uuid: str
    data_title: str
    action: PolicyAction
    reason: str
    target: str = ""
    verdict: Literal["pass", "fail", "not computed"] = "not computed"
    hints: tuple[tuple[str, tuple[str, ...]], ...] = ()
    issue: bool = False


@dataclass(frozen=True, slots=True)
class AnnotatorAction:
    """
    What to do about one annotator, and why: ``passes`` of ``submissions`` scored ones.

    ``low`` and ``high``, in [0, 1], are the ends of the 95 % interval of the pass rate.
    """

    annotator_email: str
    action: Literal["notify", "remove"]
    reason: str
    submissions: int
    passes: int
    low: float
    high: float


def plan_actions(submissions: Iterable[ScoredSubmission], settings: PolicySettings) -> list[TaskAction]:
    """
    Return one action per benchmark task (the consensus review task), by task.

    A task passes when every submission of it passed, fails when one failed, and is left alone as long as one is not
    computed: nobody is judged by what could not be compared. Submissions without a task have nothing to act on.
    """
    tasks: dict[str, list[ScoredSubmission]] = {}
    for submission in submissions:
        if submission.task_uuid:
            tasks.setdefault(submission.task_uuid, []).append(submission)
    return [_plan(task_uuid, tasks[task_uuid], settings) for task_uuid in sorted(tasks)]


def plan_annotator_actions(
    submissions: Iterable[ScoredSubmission], settings: PolicySettings, decision: DecisionSettings
) -> list[AnnotatorAction]:
    """
    Return an action for each annotator whose decision is FAIL, by e-mail address; none where the policy says ``leave``.

    Only computed submissions count, and with fewer than ``min_tasks`` of them nobody fails. Units whose ground truth is
    suspect count where the settings do not retire them.
    """
    if settings.on_annotator_fail == "leave":
        return []
    computed = [one for one in submissions if one.passed is not None]
    retired = suspect_units(computed, decision) if decision.retire_suspect_ground_truth else frozenset()
    verdicts: defaultdict[str, list[bool]] = defaultdict(list)
    for one in computed:
        if one.data_hash not in retired:
            verdicts[one.annotator_email].append(bool(one.passed))
    actions = []
    for email, passed in sorted(verdicts.items()):
        passes, count = sum(passed), len(passed)
        if decide(passes, count, decision.required_pass_rate, decision.min_tasks) is Decision.FAIL:
            interval = wilson_interval(passes, count)
            reason = _failure(passes, count, interval, decision)
            actions.append(AnnotatorAction(email, settings.on_annotator_fail, reason, count, passes, *interval))
    return actions


def _plan(task_uuid: str, submissions: Sequence[ScoredSubmission], settings: PolicySettings) -> TaskAction:
    ordered = sorted(submissions, key=lambda one: one.annotator_email)
    title = ordered[0].data_title
    unknown = [one for one in ordered if one.passed is None]
    failed = [one for one in ordered if one.passed is False]
    if unknown:
        return TaskAction(task_uuid, title, "leave", f"not computed: {_names(unknown)}: {unknown[0].not_computed}")
    if failed:
        action, target = _step(settings.on_fail)
        hints = tuple((one.annotator_email, tuple(one.hints)) for one in failed if one.hints)
        reason = f"below the pass mark: {_names(failed)}"
        return TaskAction(task_uuid, title, action, reason, target, "fail", hints, settings.issues)
    action, target = _step(settings.on_pass)
    return TaskAction(task_uuid, title, action, f"every submission passed: {_names(ordered)}", target, "pass")


def _step(step: PolicyStep) -> tuple[PolicyAction, str]:
    if isinstance(step, str):
        return cast("PolicyAction", step), ""
    [(action, target)] = step.items()
    return cast("PolicyAction", action), target


def _failure(passes: int, submissions: int, interval: tuple[float, float], decision: DecisionSettings) -> str:
    low, high = interval
    return (
        f"{passes} of {submissions} submissions passed: with 95 % confidence {low:.0%} to {high:.0%} pass, "
        f"{decision.required_pass_rate:.0%} are required"
    )


def _names(submissions: Sequence[ScoredSubmission]) -> str:
    return ", ".join(
        one.annotator_email if one.score is None else f"{one.annotator_email} ({one.score:.2f})" for one in submissions
    )
