"""Stages: listing tasks, acting on them, moving them, and their priorities."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid, not_found
from include.encord_emulator.paging import queue_page, whole
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.projects import project_workflow, require_project
from include.encord_emulator.store.tables import LABELS, SUBTASKS, TASKS
from include.encord_emulator.store.units import project_units
from include.encord_emulator.wire.tasks import task_dto
from include.encord_emulator.workflow import engine
from include.encord_emulator.workflow.actions import apply_actions, move
from include.encord_emulator.workflow.template import Stage, Workflow

routes = Routes()


def _stage(call: Call) -> tuple[str, Workflow, Stage]:
    project_hash = require_project(call, call.path_uuid("project"))["project_hash"]
    workflow = project_workflow(call.connection, project_hash)
    uuid = call.path_uuid("stage")
    stage = workflow.stage(uuid)
    if stage is None:
        raise not_found("workflow stage", uuid)
    return project_hash, workflow, stage


@routes.on("GET", "projects/{project}/workflow/stages/{stage}/tasks")
def list_tasks(call: Call) -> Any:
    project_hash, workflow, stage = _stage(call)
    statement = sa.select(TASKS).where(TASKS.c.project_hash == project_hash, TASKS.c.visible_at <= call.now)
    statement = statement.where(_at_stage(call, workflow, stage)).where(*_filters(call, stage))
    titles: dict[str, str] | None = None
    if (part := call.query.get("dataTitleContains")) is not None:
        units = project_units(call.connection, project_hash)
        titles = {unit["data_hash"]: unit["title"] for unit in units if part.lower() in unit["title"].lower()}
        statement = statement.where(TASKS.c.data_hash.in_(list(titles)))
    tasks, token = queue_page(call, statement, TASKS.c.seq)
    return {"results": _dtos(call, project_hash, stage, tasks), "nextPageToken": token}


def _at_stage(call: Call, workflow: Workflow, stage: Stage) -> sa.ColumnElement[bool]:
    here = TASKS.c.stage == stage.uuid
    if stage.type != "CONSENSUS_REVIEW" or call.switches["consensus_options"] == "after_all":
        return here
    begun = sa.select(SUBTASKS.c.task_uuid).where(SUBTASKS.c.status == engine.COMPLETED)
    annotation = workflow.consensus_annotation(stage).uuid
    return here | ((TASKS.c.stage == annotation) & TASKS.c.uuid.in_(begun))


def _filters(call: Call, stage: Stage) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if data_hashes := call.listed("dataHashes"):
        conditions.append(TASKS.c.data_hash.in_(data_hashes))
    if dataset_hashes := call.listed("datasetHashes"):
        conditions.append(TASKS.c.dataset_hash.in_(dataset_hashes))
    if statuses := call.listed("statuses"):
        conditions.append(TASKS.c.status.in_(statuses))
    if emails := call.listed("userEmails"):
        assigned = sa.select(SUBTASKS.c.task_uuid).where(SUBTASKS.c.assignee.in_(emails))
        by_subtask = stage.type == "CONSENSUS_ANNOTATION"
        conditions.append(TASKS.c.uuid.in_(assigned) if by_subtask else TASKS.c.assignee.in_(emails))
    return conditions


def _dtos(call: Call, project_hash: str, stage: Stage, tasks: list[Record]) -> list[dict[str, Any]]:
    units = project_units(call.connection, project_hash, [task["data_hash"] for task in tasks])
    titles = {unit["data_hash"]: unit["title"] for unit in units}
    subtasks: dict[str, list[Record]] = {task["uuid"]: [] for task in tasks}
    if stage.type.startswith("CONSENSUS"):
        rows = sa.select(SUBTASKS).order_by(SUBTASKS.c.seq)
        for row in fetch_in(call.connection, rows, SUBTASKS.c.task_uuid, list(subtasks)):
            subtasks[row["task_uuid"]].append(row)
    hashes = _label_hashes(call, project_hash, tasks) if stage.type == "CONSENSUS_REVIEW" else {}
    return [task_dto(stage, task, titles.get(task["data_hash"], ""), subtasks[task["uuid"]], hashes) for task in tasks]


def _label_hashes(call: Call, project_hash: str, tasks: list[Record]) -> dict[tuple[str, str], str]:
    labels = sa.select(LABELS.c.data_hash, LABELS.c.branch, LABELS.c.label_hash)
    chosen = labels.where(LABELS.c.project_hash == project_hash)
    rows = fetch_in(call.connection, chosen, LABELS.c.data_hash, [task["data_hash"] for task in tasks])
    return {(row["data_hash"], row["branch"]): row["label_hash"] for row in rows}


@routes.on("POST", "projects/{project}/workflow/stages/{stage}/actions")
def act(call: Call) -> Any:
    project_hash, workflow, stage = _stage(call)
    if not isinstance(call.body, list):
        raise invalid("body: a list of actions is expected")
    apply_actions(call, workflow, project_hash, stage, call.body)


@routes.on("POST", "projects/{project}/workflow/stages/{stage}/move-tasks")
def move_tasks(call: Call) -> Any:
    project_hash, workflow, stage = _stage(call)
    move(call, workflow, project_hash, stage, call.payload())


@routes.on("GET", "projects/{project}/workflow/stages/{stage}/tasks/{task}/reviews")
def list_label_reviews(call: Call) -> Any:
    # Reviews of single labels are not emulated; a task without any is what the SDK copes with.
    _stage(call)
    return whole([])


@routes.on("POST", "projects/{project}/priorities")
def set_priorities(call: Call) -> Any:
    project_hash = require_project(call, call.path_uuid("project"))["project_hash"]
    for data_hash, priority in call.required("priorities"):
        if not 0 <= priority <= 1:
            raise invalid(f"priorities: {priority} is not between 0 and 1 (data hash {data_hash})")
        chosen = (TASKS.c.project_hash == project_hash) & (TASKS.c.data_hash == str(data_hash))
        call.connection.execute(TASKS.update().where(chosen).values(priority=priority))
