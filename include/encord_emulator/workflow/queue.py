"""The queue of a person in the web app: what there is for him to do, best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in, update_in
from include.encord_emulator.store.tables import SUBTASKS, TASKS
from include.encord_emulator.workflow import engine, words
from include.encord_emulator.workflow.actions import Target, find_targets
from include.encord_emulator.workflow.template import Stage

_CLOSED = (words.COMPLETED, words.SKIPPED)


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work: a task at a stage, with its subtask in consensus annotation."""

    stage: Stage
    target: Target

    @property
    def uuid(self) -> str:
        """What the person hands in under."""
        return str(self.target.holder["uuid"])

    @property
    def assignee(self) -> str | None:
        """Who has it now."""
        assignee: str | None = self.target.holder["assignee"]
        return assignee

    @property
    def branch(self) -> str:
        """The label branch that it is done on."""
        return str(self.target.subtask["branch"]) if self.target.subtask else words.MAIN


def take(call: Call, project_hash: str, stages: Sequence[Stage], limit: int) -> list[Work]:
    """
    Assign up to ``limit`` pieces of work to the caller and return them.

    First what is assigned to him already, then by priority, then by age.
    """
    found: list[Work] = []
    for stage in stages:
        source = _subtasks if stage.type == "CONSENSUS_ANNOTATION" else _tasks
        found += source(call, project_hash, stage, limit)
    found.sort(key=lambda work: (work.assignee is None, -work.target.task["priority"], work.target.task["seq"]))
    chosen = found[:limit]
    _assign(call, [work for work in chosen if work.assignee is None])
    return chosen


def _tasks(call: Call, project_hash: str, stage: Stage, limit: int) -> Iterator[Work]:
    statement = _open_tasks(call, project_hash, stage).where(
        TASKS.c.status.not_in(_CLOSED), TASKS.c.assignee.is_(None) | (TASKS.c.assignee == call.user)
    )
    order = (TASKS.c.assignee.is_(None), TASKS.c.priority.desc(), TASKS.c.seq)
    for task in call.fetch(statement.order_by(*order).limit(limit)):
        yield Work(stage, Target(task))


def _subtasks(call: Call, project_hash: str, stage: Stage, limit: int) -> Iterator[Work]:
    """Yield at most one subtask of each task, and none of a task of which the caller has done one."""
    his = sa.select(SUBTASKS.c.task_uuid).where(SUBTASKS.c.assignee == call.user)
    free = SUBTASKS.c.assignee.is_(None) & SUBTASKS.c.task_uuid.not_in(his)
    statement = (
        sa.select(SUBTASKS)
        .join(TASKS, TASKS.c.uuid == SUBTASKS.c.task_uuid)
        .where(TASKS.c.project_hash == project_hash, TASKS.c.stage == stage.uuid, TASKS.c.visible_at <= call.now)
        .where(SUBTASKS.c.status.not_in(_CLOSED), free | (SUBTASKS.c.assignee == call.user))
        .order_by(SUBTASKS.c.assignee.is_(None), TASKS.c.priority.desc(), TASKS.c.seq, SUBTASKS.c.seq)
        .limit(limit * stage.annotators)
    )
    first: dict[str, Record] = {}
    for subtask in call.fetch(statement):
        first.setdefault(subtask["task_uuid"], subtask)
    for task in fetch_in(call.connection, sa.select(TASKS), TASKS.c.uuid, list(first)):
        yield Work(stage, Target(task, first[task["uuid"]]))


def _open_tasks(call: Call, project_hash: str, stage: Stage) -> sa.Select[Any]:
    return sa.select(TASKS).where(
        TASKS.c.project_hash == project_hash, TASKS.c.stage == stage.uuid, TASKS.c.visible_at <= call.now
    )


def _assign(call: Call, works: Sequence[Work]) -> None:
    engine.record_actions(call, "assign", [work.target.task for work in works])
    changes = {"status": words.ASSIGNED, "assignee": call.user, "updated_at": call.now}
    for table, in_subtasks in ((TASKS, False), (SUBTASKS, True)):
        uuids = [work.uuid for work in works if (work.target.subtask is not None) is in_subtasks]
        update_in(call.connection, table, "uuid", uuids, changes)


def held_work(call: Call, project_hash: str, stages: Sequence[Stage], uuids: Sequence[str]) -> dict[str, Work]:
    """Return those of ``uuids`` that are open at the stages and assigned to the caller."""
    held: dict[str, Work] = {}
    for stage in stages:
        targets = find_targets(call, project_hash, stage, uuids)
        held |= {uuid: Work(stage, target) for uuid, target in targets.items()}
    return {uuid: work for uuid, work in held.items() if work.assignee == call.user}
