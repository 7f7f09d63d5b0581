"""Who did what to tasks, and for how long."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.paging import offset_page, queue_page
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.history import shown_role, shown_until, units_of
from include.encord_emulator.store.projects import project_workflow, require_project
from include.encord_emulator.store.tables import DATA_ROWS, TASK_ACTIONS, TIME_SPENT
from include.encord_emulator.store.units import project_units
from include.encord_emulator.wire.analytics import CollaboratorTimerParams, TaskActionParams, TimeSpentParams
from include.encord_emulator.wire.projects import stage_dto

routes = Routes()


def _within(call: Call, column: sa.Column[Any], after: str, before: str | None) -> sa.ColumnElement[bool]:
    """Return the condition that a moment is in ``[after, before)`` and shows already."""
    inside = (column >= after) & (column <= shown_until(call))
    return inside if before is None else inside & (column < before)


def _among(column: sa.Column[Any], values: tuple[str, ...]) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of some values; no values ask for nothing."""
    return column.in_(values) if values else sa.true()


@routes.on("GET", "analytics/task-actions")
def list_task_actions(call: Call) -> Any:
    wanted = call.arguments(TaskActionParams)
    project_hash = require_project(call, wanted.project_uuid)["project_hash"]
    statement = sa.select(TASK_ACTIONS).where(
        TASK_ACTIONS.c.project_hash == project_hash,
        _within(call, TASK_ACTIONS.c.at, wanted.after, wanted.before),
        _among(TASK_ACTIONS.c.actor, wanted.actor_emails),
        _among(TASK_ACTIONS.c.action, wanted.event_types),
        _among(TASK_ACTIONS.c.stage, wanted.workflow_stage_uuids),
        _among(TASK_ACTIONS.c.data_hash, wanted.data_unit_uuids),
    )
    rows, token = queue_page(call, statement, TASK_ACTIONS.c.seq)
    return {"results": [_action_dto(row) for row in rows], "nextPageToken": token}


def _action_dto(row: Record) -> dict[str, Any]:
    return {
        "timestamp": row["at"],
        "actionType": row["action"],
        "projectUuid": row["project_hash"],
        "workflowStageUuid": row["stage"],
        "taskUuid": row["task_uuid"],
        "dataUnitUuid": row["data_hash"],
        "actorEmail": row["actor"],
    }


@routes.on("GET", "analytics/time-spent")
def list_time_spent(call: Call) -> Any:
    """Answer with one entry for each person, task, stage and day."""
    wanted = call.arguments(TimeSpentParams)
    project_hash = require_project(call, wanted.project_uuid)["project_hash"]
    units = units_of(project_hash, _among(DATA_ROWS.c.dataset_hash, wanted.dataset_uuids))
    if wanted.data_title is not None:
        units = units.where(DATA_ROWS.c.title.icontains(wanted.data_title, autoescape=True))
    spent, day = TIME_SPENT.c, sa.func.substr(TIME_SPENT.c.start_at, 1, 10)
    grouped = (
        sa.select(
            sa.func.min(spent.seq).label("seq"), sa.func.min(spent.start_at).label("start_at"),
            sa.func.max(spent.end_at).label("end_at"), sa.func.sum(spent.seconds).label("seconds"),
            spent.email, spent.stage, spent.task_uuid, spent.data_hash,
        )
        .where(
            spent.project_hash == project_hash,
            spent.data_hash.in_(units),
            spent.end_at <= shown_until(call),
            _within(call, spent.start_at, wanted.after, wanted.before),
            _among(spent.stage, wanted.workflow_stage_uuids),
            _among(spent.email, wanted.user_emails),
            _among(spent.data_hash, wanted.data_uuids),
        )
        .group_by(spent.email, spent.stage, spent.task_uuid, spent.data_hash, day)
        .subquery()
    )  # fmt: skip
    rows, token = queue_page(call, sa.select(grouped), grouped.c.seq)
    return {"results": _time_dtos(call, project_hash, rows), "nextPageToken": token}


def _time_dtos(call: Call, project_hash: str, rows: list[Record]) -> list[dict[str, Any]]:
    found = project_units(call.connection, project_hash, list({row["data_hash"] for row in rows}))
    units = {unit["data_hash"]: unit for unit in found}
    stages = {stage.uuid: stage_dto(stage) for stage in project_workflow(call.connection, project_hash).stages}
    roles = {email: shown_role(call, project_hash, email) for email in {row["email"] for row in rows}}
    return [
        {
            "periodStartTime": row["start_at"],
            "periodEndTime": row["end_at"],
            "timeSpentSeconds": round(row["seconds"]),
            "userEmail": row["email"],
            "projectUserRole": roles[row["email"]],
            "dataUuid": row["data_hash"],
            "dataTitle": units[row["data_hash"]]["title"],
            "datasetUuid": units[row["data_hash"]]["dataset_hash"],
            "datasetTitle": units[row["data_hash"]]["dataset_title"],
            "workflowTaskUuid": row["task_uuid"],
            "workflowStage": stages.get(row["stage"]),
        }
        for row in rows
    ]


@routes.on("GET", "analytics/collaborators/timers")
def list_collaborator_timers(call: Call) -> Any:
    """Answer with the seconds of each person, on each data unit or in the whole project."""
    wanted = call.arguments(CollaboratorTimerParams)
    project_hash = require_project(call, wanted.project_hash)["project_hash"]
    spent, by_unit = TIME_SPENT.c, wanted.group_by == "dataUnit"
    unit = spent.data_hash if by_unit else sa.null().label("data_hash")
    statement = (
        sa.select(spent.email, unit, sa.func.sum(spent.seconds).label("seconds"))
        .where(spent.project_hash == project_hash, _within(call, spent.start_at, wanted.after, wanted.before))
        .group_by(spent.email, *([spent.data_hash] if by_unit else []))
        .order_by(sa.func.min(spent.seq))
    )
    if by_unit:
        statement = statement.where(spent.data_hash.in_(units_of(project_hash)))
    rows, token = offset_page(call, statement, wanted.page_size)
    found = project_units(call.connection, project_hash, [row["data_hash"] for row in rows] if by_unit else [])
    titles = {unit["data_hash"]: unit["title"] for unit in found}
    roles = {email: shown_role(call, project_hash, email) for email in {row["email"] for row in rows}}
    results = [
        {
            "userEmail": row["email"],
            "userRole": roles[row["email"]],
            "dataTitle": titles.get(row["data_hash"]),
            "timeSeconds": row["seconds"],
        }
        for row in rows
    ]
    return {"results": results, "nextPageToken": token}
