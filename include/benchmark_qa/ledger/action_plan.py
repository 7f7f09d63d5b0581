"""From what the ledger knows and the policy asks for to the records of what is to be done, and was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from include.benchmark_qa.ledger.actions import (
    OPEN,
    PERSON,
    ActionRecord,
    annotator_record,
    issue_records,
    person_key,
    task_record,
)
from include.benchmark_qa.ledger.model import Ledger, LedgerEntry
from include.benchmark_qa.ledger.outcomes import ActionResult, Outcome, is_done, is_withdrawn, pending
from include.benchmark_qa.ledger.planning import current_entries
from include.benchmark_qa.policy import AnnotatorAction, TaskAction, plan_actions, plan_annotator_actions
from include.benchmark_qa.scoring.settings import DecisionSettings, PolicySettings
from include.benchmark_qa.submissions import Submission


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task in the scored stage: ``state`` changes whenever it moves."""

    task_uuid: str
    state: str
    submissions: Sequence[Submission]


@dataclass(slots=True)
class ActionPlan:
    """
    What is to be done.

    ``failing`` are the annotators whose decision is FAIL, by e-mail address; ``withdrawn`` what was done about others
    who no longer fail; ``left`` how many tasks the policy leaves alone, and ``done`` how many were acted on before and
    came back as they were.
    """

    records: list[ActionRecord] = field(default_factory=list)
    failing: dict[str, AnnotatorAction] = field(default_factory=dict)
    withdrawn: list[ActionResult] = field(default_factory=list)
    left: list[TaskAction] = field(default_factory=list)
    done: int = 0


def make_plan(
    ledger: Ledger,
    tasks: Iterable[WaitingTask],
    policy: PolicySettings,
    decision: DecisionSettings,
    *,
    notifiers: Sequence[str],
    at: datetime,
    archived: Iterable[LedgerEntry] = (),
) -> ActionPlan:
    """
    Return what is to be done, and was not: about the tasks that have all their scores, and about annotators.

    :param notifiers: names of those who are told of annotators; none: they are told of in the log
    :param archived: what the ledger has put away, needed where something is to be done about annotators
    """
    plan = ActionPlan()
    _plan_tasks(plan, ledger, {one.task_uuid: one for one in tasks}, policy, at)
    if policy.on_annotator_fail != "leave":
        entries = [*ledger.entries.values(), *archived]
        targets = [("notify", name) for name in (notifiers or [""])]
        if policy.on_annotator_fail == "remove":
            targets.insert(0, ("remove", ""))
        plan.failing = {one.annotator_email: one for one in plan_annotator_actions(entries, policy, decision)}
        _plan_annotators(plan, ledger, entries, targets, at)
    return plan


def gone_on(ledger: Ledger, tasks: Iterable[WaitingTask]) -> list[str]:
    """
    Return the keys of actions on tasks that a killed pass did, and had no time to note: the tasks are elsewhere.

    What is recorded and still as it was is none of these: it is planned again.
    """
    here = {one.state for one in tasks}
    return [key for key, state in pending(ledger).items() if state != OPEN and state not in here]


def still_open(ledger: Ledger, planned: Iterable[ActionRecord]) -> tuple[list[str], list[str]]:
    """
    Return the keys of what was recorded, has no outcome, and is no longer planned: issues, and notices.

    An issue is still to be written, though its task has gone on; a notice that nobody plans any more is not sent.
    """
    covered = {one.key for one in planned}
    waiting = [key for key, state in pending(ledger).items() if state == OPEN and key not in covered]
    people = [key for key in waiting if key.startswith(PERSON)]
    return [key for key in waiting if key not in people], people


def _plan_tasks(
    plan: ActionPlan, ledger: Ledger, tasks: Mapping[str, WaitingTask], policy: PolicySettings, at: datetime
) -> None:
    scores = _scores(ledger, tasks.values())
    for action in plan_actions([entry for entries in scores.values() for entry in entries], policy):
        entries = scores[action.task_uuid]
        plan.records += [one for one in issue_records(action, entries, at) if not is_done(ledger, one)]
        if action.action == "leave":
            plan.left.append(action)
            continue
        record = task_record(action, entries, tasks[action.task_uuid].state, at)
        if is_done(ledger, record):
            plan.done += 1
        else:
            plan.records.append(record)


def _scores(ledger: Ledger, tasks: Iterable[WaitingTask]) -> dict[str, list[LedgerEntry]]:
    """Return the scores of the tasks that have all of theirs, by task, under the task's uuid of today."""
    found = {task.task_uuid: current_entries(ledger, task.submissions) for task in tasks}
    return {
        task_uuid: [replace(entry, task_uuid=task_uuid) for entry in entries]
        for task_uuid, entries in found.items()
        if entries
    }


def _plan_annotators(
    plan: ActionPlan,
    ledger: Ledger,
    entries: Sequence[LedgerEntry],
    targets: Sequence[tuple[str, str]],
    at: datetime,
) -> None:
    for person in plan.failing.values():
        records = [annotator_record(person, what, target, entries, at) for what, target in targets]
        plan.records += [one for one in records if not is_done(ledger, one)]
    for email in sorted({entry.annotator_email for entry in entries} - plan.failing.keys()):
        for what, target in targets:
            if not is_withdrawn(ledger, key := person_key(email, what, target)):
                record = ActionRecord(key, "", what, target, (email,), "", "", "", OPEN, "")
                plan.withdrawn.append(ActionResult(record, Outcome.WITHDRAWN, "the decision is no longer FAIL"))
