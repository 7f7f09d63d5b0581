"""Who did what, and for how long."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import ApiError
from include.encord_emulator.paging import queue_page
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.projects import ADMIN, project_role, project_workflow, require_project
from include.encord_emulator.store.tables import TASK_ACTIONS, TIME_SPENT
from include.encord_emulator.store.units import project_units
from include.encord_emulator.wire.projects import stage_dto

routes = Routes()


def _project(call: Call) -> str:
    return str(require_project(call, _query(call, "projectUuid"))["project_hash"])


def _query(call: Call, name: str) -> str:
    value = call.query.get(name)
    if value is None:
        raise ApiError(422, f"query: {name} is missing")
    return value


def _chosen(call: Call, table: sa.Table, columns: dict[str, str], moment: str) -> sa.Select[Any]:
    """Return the rows of the project within ``[after, before)``, narrowed by the lists of the query string."""
    statement = sa.select(table).where(table.c.project_hash == _project(call))
    statement = statement.where(table.c[moment] >= clock.normalise(_query(call, "after"), "after"))
    if (before := call.query.get("before")) is not None:
        statement = statement.where(table.c[moment] < clock.normalise(before, "before"))
    for name, column in columns.items():
        if values := call.listed(name):
            statement = statement.where(table.c[column].in_(values))
    return statement


@routes.on("GET", "analytics/task-actions")
def list_task_actions(call: Call) -> Any:
    columns = {
        "actorEmails": "actor",
        "eventTypes": "action",
        "workflowStageUuids": "stage",
        "dataUnitUuids": "data_hash",
    }
    rows, token = queue_page(call, _chosen(call, TASK_ACTIONS, columns, "at"), TASK_ACTIONS.c.seq)
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
    columns = {"userEmails": "email", "workflowStageUuids": "stage", "dataUuids": "data_hash"}
    rows, token = queue_page(call, _chosen(call, TIME_SPENT, columns, "start_at"), TIME_SPENT.c.seq)
    project_hash = _project(call)
    units = project_units(call.connection, project_hash, [row["data_hash"] for row in rows])
    by_hash = {unit["data_hash"]: unit for unit in units}
    stages = {stage.uuid: stage_dto(stage) for stage in project_workflow(call.connection, project_hash).stages}
    results = [_time_dto(call, row, by_hash[row["data_hash"]], stages[row["stage"]]) for row in rows]
    return {"results": results, "nextPageToken": token}


def _time_dto(call: Call, row: Record, unit: Record, stage: dict[str, Any]) -> dict[str, Any]:
    role = project_role(call, row["project_hash"], row["email"])
    return {
        "periodStartTime": row["start_at"],
        "periodEndTime": row["end_at"],
        "timeSpentSeconds": round(row["seconds"]),
        "userEmail": row["email"],
        "projectUserRole": ADMIN if role is None else role,
        "dataUuid": row["data_hash"],
        "dataTitle": unit["title"],
        "datasetUuid": unit["dataset_hash"],
        "datasetTitle": unit["dataset_title"],
        "workflowTaskUuid": row["task_uuid"],
        "workflowStage": stage,
    }
