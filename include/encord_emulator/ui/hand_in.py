"""Handing in work: labels, single decisions, the action itself and the time, all entries of a request or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from include.encord_emulator import clock
from include.encord_emulator.errors import invalid
from include.encord_emulator.store import editor_logs
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.labels import ensure_label_rows, save_labels
from include.encord_emulator.store.tables import TIME_SPENT
from include.encord_emulator.ui.access import Desk
from include.encord_emulator.wire.actions import AnyAction, AnyLabelAction, Approve, Reject, Release, Skip, Submit
from include.encord_emulator.wire.payload import Name, Payload
from include.encord_emulator.workflow import words
from include.encord_emulator.workflow.actions import apply_actions
from include.encord_emulator.workflow.consensus import copy_labels, subtasks_of
from include.encord_emulator.workflow.label_reviews import act_on_reviews, match_labels
from include.encord_emulator.workflow.queue import Work, held_work
from include.encord_emulator.workflow.template import Stage

LONGEST_S = 31 * 24 * 3600


class Entry(Payload):
    """A finished piece of work: its labels, if any were made, and the seconds it took."""

    task_uuid: Name
    labels: dict[str, Any] | None = None
    seconds: Annotated[float, Field(ge=0, le=LONGEST_S)] | None = None

    @property
    def made_main(self) -> bool:
        """Whether a reviewer of consensus said himself what main is to be."""
        return self.labels is not None


class Judgement(Entry):
    """
    What a reviewer decides.

    :param label_reviews: single labels decided on before the task is.
    :param label_branch_name: in consensus, whose branch becomes main when it is approved.
    """

    action: Literal["approve", "reject"]
    label_reviews: tuple[AnyLabelAction, ...] = ()
    label_branch_name: Name | None = None

    @property
    def made_main(self) -> bool:
        """Whether a reviewer of consensus said himself what main is to be."""
        return self.labels is not None or self.label_branch_name is not None


class Entries(RootModel[list[Entry]]):
    """The body of ``submit``."""


class Judgements(RootModel[list[Judgement]]):
    """The body of ``review``."""


class TaskUuids(RootModel[list[Name]]):
    """The body of ``skip`` and of ``release``."""


def hand_in(desk: Desk, entries: Sequence[Entry], action: str) -> None:
    """
    Do the same action with work that is assigned to the caller.

    All that a person does in the web app comes through here; what is to be logged of it belongs here.
    """
    held = _held(desk, entries)
    _save(desk, [(held[entry.task_uuid], entry) for entry in entries if entry.labels is not None])
    for entry in entries:
        if isinstance(entry, Judgement):
            _judge(desk, held[entry.task_uuid], entry)
        editor_logs.note_task(desk.call, held[entry.task_uuid], action)
    timed = [(held[entry.task_uuid], entry.seconds) for entry in entries if entry.seconds is not None]
    desk.call.insert(TIME_SPENT, *(_time_spent(desk, work, seconds) for work, seconds in timed))
    works: dict[tuple[Stage, bool], list[Work]] = defaultdict(list)
    for entry in entries:
        works[held[entry.task_uuid].stage, entry.made_main].append(held[entry.task_uuid])
    for (stage, made_main), chosen in works.items():
        apply_actions(desk.place(stage, merges=not made_main), [_action(action, work.uuid) for work in chosen])


def _held(desk: Desk, entries: Sequence[Entry]) -> Mapping[str, Work]:
    uuids = [entry.task_uuid for entry in entries]
    if len(set(uuids)) < len(uuids):
        raise invalid("a task is named twice")
    held = held_work(desk.call, desk.project_hash, desk.stages, uuids)
    if lost := [uuid for uuid in uuids if uuid not in held]:
        raise invalid(f"{len(lost)} of {len(uuids)} tasks are not assigned to {desk.call.user}, the first is {lost[0]}")
    return held


def _save(desk: Desk, drawn: Sequence[tuple[Work, Entry]]) -> None:
    """Save labels to the branch of each work, in one go for each branch."""
    by_branch: dict[str, list[tuple[Work, Entry]]] = defaultdict(list)
    for work, entry in drawn:
        if work.stage.review == "determine_consensus":
            raise invalid(f"labels: a reviewer at {work.stage.title!r} chooses between branches, and draws nothing")
        by_branch[work.branch].append((work, entry))
    for branch, given in by_branch.items():
        hashes = [work.target.task["data_hash"] for work, _ in given]
        before = ensure_label_rows(desk.call, desk.project_hash, hashes, branch)
        pairs = [(row, entry.labels or {}) for row, (_, entry) in zip(before, given, strict=True)]
        save_labels(desk.call, desk.project_hash, pairs, desk.call.user)
        for row, (work, entry) in zip(before, given, strict=True):
            editor_logs.note_labels(desk.call, work, row, entry.seconds or 0.0)


def _judge(desk: Desk, work: Work, entry: Judgement) -> None:
    """Do what a reviewer decided besides approving or rejecting the task."""
    task = work.target.task
    if entry.label_reviews and work.stage.type != "REVIEW":
        raise invalid(f"label_reviews: stage {work.stage.title!r} has no reviews of single labels")
    if work.stage.type == "REVIEW":
        if entry.labels is not None:
            match_labels(desk.call, work.stage, [task])
        act_on_reviews(desk.call, work.stage, task["uuid"], entry.label_reviews)
    if entry.label_branch_name is not None:
        branches = {subtask["branch"] for subtask in subtasks_of(desk.call, [task["uuid"]])[task["uuid"]]}
        if work.stage.type != "CONSENSUS_REVIEW" or entry.label_branch_name not in branches:
            raise invalid(f"label_branch_name: {entry.label_branch_name!r} is not one of {sorted(branches)}")
        copy_labels(desk.call, [(task, entry.label_branch_name, words.MAIN)])


def _action(action: str, uuid: str) -> AnyAction:
    match action:
        case "SUBMIT":
            return Submit(task_uuid=uuid, action="SUBMIT")
        case "APPROVE":
            return Approve(task_uuid=uuid, action="APPROVE")
        case "REJECT":
            return Reject(task_uuid=uuid, action="REJECT")
        case "RELEASE":
            return Release(task_uuid=uuid, action="RELEASE")
        case _:
            return Skip(task_uuid=uuid)


def _time_spent(desk: Desk, work: Work, seconds: float) -> Record:
    task = work.target.task
    return {
        "project_hash": task["project_hash"],
        "stage": task["stage"],
        "task_uuid": work.uuid,
        "data_hash": task["data_hash"],
        "email": desk.call.user,
        "start_at": clock.shift(desk.call.now, -seconds),
        "end_at": desk.call.now,
        "seconds": seconds,
    }
