from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from include.benchmark_qa.scoring.settings import PolicyAction, PolicySettings


class ScoredSubmission(Protocol):
    """What the policy looks at; ``results.rows.SubmissionRow`` has it."""

    @property
    def task_uuid(self) -> str: ...
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


@dataclass(frozen=True, slots=True)
class TaskAction:
    """What to do with one benchmark task, and why; ``leave`` is an answer too, so that it can be shown."""

    task_uuid: str
    data_title: str
    action: PolicyAction
    reason: str


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


def _plan(task_uuid: str, submissions: Sequence[ScoredSubmission], settings: PolicySettings) -> TaskAction:
    ordered = sorted(submissions, key=lambda one: one.annotator_email)
    unknown = [one for one in ordered if one.passed is None]
    failed = [one for one in ordered if one.passed is False]
    action: PolicyAction
    if unknown:
        action, reason = "leave", f"not computed: {_names(unknown)}: {unknown[0].not_computed}"
    elif failed:
        action, reason = settings.on_fail, f"below the pass mark: {_names(failed)}"
    else:
        action, reason = settings.on_pass, f"every submission passed: {_names(ordered)}"
    return TaskAction(task_uuid, ordered[0].data_title, action, reason)


def _names(submissions: Sequence[ScoredSubmission]) -> str:
    return ", ".join(
        one.annotator_email if one.score is None else f"{one.annotator_email} ({one.score:.2f})" for one in submissions
    )
