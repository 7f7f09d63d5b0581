"""The tasks of a stage as its listing chooses and orders them."""

from __future__ import annotations

import re
from typing import Any, Literal

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import invalid
from include.encord_emulator.paging import offset_page, queue_page
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.tables import DATA_ROWS, SUBTASKS, TASKS
from include.encord_emulator.wire.payload import Payload, Uuid
from include.encord_emulator.workflow import words
from include.encord_emulator.workflow.template import Stage, Workflow

_PLACE = re.compile(r"([0-9.e+-]{1,24})_([0-9]{1,18})", re.ASCII)
"""A page token under ``task_order: priority``: priority and number of the last task seen."""


class FinalTasks(Payload):
    """``_FinalTasksQueryParams``."""

    page_token: str | None = None
    data_hashes: tuple[Uuid, ...] = ()
    dataset_hashes: tuple[Uuid, ...] = ()
    data_title_contains: str | None = None


class ConsensusTasks(FinalTasks):
    """``_AnnotationTasksQueryParams`` of consensus annotation."""

    user_emails: tuple[str, ...] = ()


class ReviewTasks(ConsensusTasks):
    """``_ReviewTasksQueryParams``, of review and of consensus review."""

    statuses: tuple[Literal["NEW", "ASSIGNED", "RELEASED", "SKIPPED", "REOPENED", "_UNKNOWN_"], ...] = ()


class AnnotationTasks(ConsensusTasks):
    """``_AnnotationTasksQueryParams`` and ``_AgentTasksQueryParams``."""

    statuses: tuple[Literal["NEW", "ASSIGNED", "RELEASED", "SKIPPED", "REOPENED", "COMPLETED", "_UNKNOWN_"], ...] = ()


WANTED: dict[str, type[FinalTasks]] = {
    "AGENT": AnnotationTasks,
    "ANNOTATION": AnnotationTasks,
    "REVIEW": ReviewTasks,
    "CONSENSUS_ANNOTATION": ConsensusTasks,
    "CONSENSUS_REVIEW": ReviewTasks,
    "DONE": FinalTasks,
}


def task_page(
    call: Call, project_hash: str, workflow: Workflow, stage: Stage, wanted: FinalTasks
) -> tuple[list[Record], str | None]:
    """Return one page of the tasks at a stage, and the token of the next."""
    statement = sa.select(TASKS).where(TASKS.c.project_hash == project_hash, TASKS.c.visible_at <= call.now)
    statement = statement.where(_at_stage(call, workflow, stage)).where(*_filters(stage, wanted))
    if call.switches["task_order"] == "created":
        return queue_page(call, statement, TASKS.c.seq)
    return _priority_page(call, statement)


def _priority_page(call: Call, statement: sa.Select[Any]) -> tuple[list[Record], str | None]:
    size = int(call.switches["page_size"])
    ordered = statement.order_by(TASKS.c.priority.desc(), TASKS.c.seq)
    if call.switches["task_paging"] == "offset":
        return offset_page(call, ordered, size)
    if token := call.query.get("pageToken"):
        priority, seq = _last_seen(token)
        further = (TASKS.c.priority < priority) | (TASKS.c.seq > seq)
        ordered = ordered.where(TASKS.c.priority <= priority, further)
    rows = call.fetch(ordered.limit(size + 1))
    return rows[:size], f"{rows[size - 1]['priority']!r}_{rows[size - 1]['seq']}" if len(rows) > size else None


def _last_seen(token: str) -> tuple[float, int]:
    place = _PLACE.fullmatch(token)
    try:
        return (float(place[1]), int(place[2])) if place else _foreign(token)
    except ValueError:
        return _foreign(token)


def _foreign(token: str) -> tuple[float, int]:
    raise invalid(f"pageToken: {token!r} is not one of ours")


def _at_stage(call: Call, workflow: Workflow, stage: Stage) -> sa.ColumnElement[bool]:
    here = TASKS.c.stage == stage.uuid
    if stage.type != "CONSENSUS_REVIEW" or call.switches["consensus_options"] == "after_all":
        return here
    begun = sa.select(SUBTASKS.c.task_uuid).where(SUBTASKS.c.status == words.COMPLETED)
    annotation = workflow.consensus_annotation(stage).uuid
    return here | ((TASKS.c.stage == annotation) & TASKS.c.uuid.in_(begun))


def _filters(stage: Stage, wanted: FinalTasks) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.data_hashes:
        conditions.append(TASKS.c.data_hash.in_(wanted.data_hashes))
    if wanted.dataset_hashes:
        conditions.append(TASKS.c.dataset_hash.in_(wanted.dataset_hashes))
    if wanted.data_title_contains:
        titled = sa.select(DATA_ROWS.c.data_hash).where(
            DATA_ROWS.c.dataset_hash == TASKS.c.dataset_hash,
            DATA_ROWS.c.data_hash == TASKS.c.data_hash,
            DATA_ROWS.c.title.icontains(wanted.data_title_contains, autoescape=True),
        )
        conditions.append(titled.exists())
    if isinstance(wanted, (AnnotationTasks, ReviewTasks)) and wanted.statuses:
        conditions.append(TASKS.c.status.in_(wanted.statuses))
    if isinstance(wanted, ConsensusTasks) and wanted.user_emails:
        assigned = sa.select(SUBTASKS.c.task_uuid).where(SUBTASKS.c.assignee.in_(wanted.user_emails))
        by_subtask = stage.type == "CONSENSUS_ANNOTATION"
        conditions.append(TASKS.c.uuid.in_(assigned) if by_subtask else TASKS.c.assignee.in_(wanted.user_emails))
    return conditions


def titles_of(call: Call, tasks: list[Record]) -> dict[str, str]:
    """Return the titles of tasks' data units, by data hash."""
    statement = sa.select(DATA_ROWS.c.data_hash, DATA_ROWS.c.dataset_hash, DATA_ROWS.c.title)
    own = {(task["data_hash"], task["dataset_hash"]) for task in tasks}
    rows = call.fetch(statement.where(DATA_ROWS.c.data_hash.in_([task["data_hash"] for task in tasks])))
    return {row["data_hash"]: row["title"] for row in rows if (row["data_hash"], row["dataset_hash"]) in own}
