"""Editor logs, and the label logs of the older protocol, which are the same work in other words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.paging import queue_page
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.history import shown_role, shown_until, units_of
from include.encord_emulator.store.projects import (
    ROLE_NAMES,
    hash_of_scope,
    project_workflow,
    require_project,
)
from include.encord_emulator.store.tables import EDITOR_LOGS, USERS
from include.encord_emulator.store.units import project_units
from include.encord_emulator.wire.analytics import EditorLogParams, LabelLogParams
from include.encord_emulator.wire.organisation import ORGANISATION_ID, role_name
from include.encord_emulator.workflow.template import Stage

routes = Routes()
LONGEST_WINDOW_S = 30 * 24 * 3600
ACTIONABLE = {"ANNOTATION", "REVIEW", "CONSENSUS_ANNOTATION", "CONSENSUS_REVIEW", "DONE"}
LABEL_LOG_ACTIONS = {
    "CREATE_OBJECT": 0, "EDIT_OBJECT": 1, "DELETE_OBJECT": 2,
    "CREATE_CLASSIFICATION": 23, "EDIT_CLASSIFICATION": 24, "DELETE_CLASSIFICATION": 25,
    "SUBMIT_TASK": 11, "APPROVE_TASK": 33, "REJECT_TASK": 34,
}  # fmt: skip
"""The numbers of ``orm.label_log.Action``; skipping a task has none."""


def user_hash(email: str) -> str:
    """Return the id that logs give a person."""
    return str(uuid5(NAMESPACE_URL, f"encord-emulator/user/{email}"))


@routes.on("GET", "projects/{project}/editor-logs")
def list_editor_logs(call: Call) -> Any:
    project = require_project(call, call.path_uuid("project"))
    wanted = call.arguments(EditorLogParams)
    length = clock.seconds_between(wanted.start_time, wanted.end_time)
    if not 0 <= length <= LONGEST_WINDOW_S:
        raise invalid("endTime: it must be after startTime, by 30 days at most")
    logs = EDITOR_LOGS.c
    statement = sa.select(EDITOR_LOGS).where(
        logs.project_hash == project["project_hash"],
        logs.data_hash.in_(units_of(project["project_hash"])),
        logs.at >= wanted.start_time,
        logs.at <= min(wanted.end_time, shown_until(call)),
    )
    filters = {
        "action": wanted.action, "actor": wanted.actor_user_email,
        "stage": wanted.workflow_stage_id, "data_hash": wanted.data_unit_id,
    }  # fmt: skip
    statement = statement.where(*(logs[name] == value for name, value in filters.items() if value is not None))
    rows, token = queue_page(call, statement, logs.seq)
    return {"results": _dtos(call, project, rows), "nextPageToken": token}


def _dtos(call: Call, project: Record, rows: list[Record]) -> list[dict[str, Any]]:
    project_hash = project["project_hash"]
    found = project_units(call.connection, project_hash, list({row["data_hash"] for row in rows}))
    units = {unit["data_hash"]: unit for unit in found}
    stages = {stage.uuid: stage for stage in project_workflow(call.connection, project_hash).stages}
    actors = _actors(call, project_hash, list({row["actor"] for row in rows}))
    shared = {
        "projectId": project_hash,
        "projectOrganisationId": ORGANISATION_ID,
        "ontologyId": project["ontology_hash"],
    }
    return [
        shared
        | _log_part(row)
        | actors[row["actor"]]
        | _unit_part(units[row["data_hash"]])
        | _stage_part(stages.get(row["stage"]))
        | (row["label"] or {})
        for row in rows
    ]


def _actors(call: Call, project_hash: str, emails: list[str]) -> dict[str, dict[str, Any]]:
    users = {row["email"]: row for row in fetch_in(call.connection, sa.select(USERS), USERS.c.email, emails)}
    return {
        email: {
            "actorUserId": user_hash(email),
            "actorOrganisationId": ORGANISATION_ID,
            "actorUserEmail": email,
            "projectUserRole": ROLE_NAMES[shown_role(call, project_hash, email)],
            "projectOrganisationUserRole": role_name(users.get(email, {}).get("organisation_role")),
        }
        for email in emails
    }


def _log_part(row: Record) -> dict[str, Any]:
    return {
        "id": row["uuid"],
        "action": row["action"],
        "actionCategory": row["category"],
        "dataUnitId": row["data_hash"],
        "workflowStageId": row["stage"],
        "branchName": row["branch"],
        "workflowTaskId": row["task_uuid"],
        "timestamp": row["at"],
        "sessionId": row["session"],
        "labelId": row["label_hash"],
    }


def _unit_part(unit: Record) -> dict[str, Any]:
    return {
        "dataUnitTitle": unit["title"],
        "dataUnitDataType": unit["data_type"],
        "dataUnitDatasetId": unit["dataset_hash"],
        "dataUnitDatasetTitle": unit["dataset_title"],
    }


def _stage_part(stage: Stage | None) -> dict[str, Any]:
    """Return what is said of a stage; one that no actor works at, or that is gone, has no type."""
    kind = stage.type if stage is not None and stage.type in ACTIONABLE else ""
    return {"workflowStageType": kind, "workflowStageTitle": stage.title if stage is not None else ""}


@routes.query("labellog", "GET")
def list_label_logs(call: Call) -> Any:
    project_hash = hash_of_scope(call)
    wanted, logs = call.read(LabelLogParams), EDITOR_LOGS.c
    statement = sa.select(EDITOR_LOGS).where(
        logs.project_hash == project_hash, logs.at <= shown_until(call), logs.action.in_(list(LABEL_LOG_ACTIONS))
    )
    if wanted.start_timestamp is not None:
        statement = statement.where(logs.at >= _moment(wanted.start_timestamp))
    if wanted.end_timestamp is not None:
        statement = statement.where(logs.at <= _moment(wanted.end_timestamp))
    if wanted.data_hash is not None:
        statement = statement.where(logs.data_hash == wanted.data_hash)
    if wanted.user_email is not None:
        statement = statement.where(logs.actor == wanted.user_email)
    found = [_label_log(row) for row in call.fetch(statement.order_by(logs.seq))]
    return [entry for entry in found if wanted.user_hash in {None, entry["user_hash"]}]


def _moment(unix_seconds: int) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="microseconds")


def _label_log(row: Record) -> dict[str, Any]:
    label = row["label"] or {}
    return {
        "log_hash": row["uuid"],
        "user_hash": user_hash(row["actor"]),
        "user_email": row["actor"],
        "data_hash": row["data_hash"],
        "action": LABEL_LOG_ACTIONS[row["action"]],
        "created_at": row["at"],
        "identifier": label.get("objectHash") or label.get("classificationHash"),
        "feature_hash": label.get("featureId"),
        "label_name": label.get("labelName"),
        "time_taken": row["time_taken_ms"],
        "frame": label.get("objectCurrentFrame"),
    }
