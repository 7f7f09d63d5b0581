"""Stages: listing tasks, acting on them, moving them, their priorities, and reviews of single labels."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid, not_found
from include.encord_emulator.paging import queue_page
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.projects import hash_of_path, project_workflow
from include.encord_emulator.store.tables import LABEL_REVIEWS, TASKS
from include.encord_emulator.wire.actions import Actions, LabelActions, MoveTasks, Priorities
from include.encord_emulator.wire.payload import Payload
from include.encord_emulator.wire.tasks import label_review_dto, task_dto
from include.encord_emulator.workflow.actions import Place, apply_actions, find_targets, move
from include.encord_emulator.workflow.consensus import label_hashes, subtasks_of
from include.encord_emulator.workflow.label_reviews import act_on_reviews
from include.encord_emulator.workflow.listing import WANTED, task_page, titles_of
from include.encord_emulator.workflow.template import Stage

routes = Routes()


def _place(call: Call) -> Place:
    project_hash = hash_of_path(call)
    workflow = project_workflow(call.connection, project_hash)
    uuid = call.path_uuid("stage")
    stage = workflow.stage(uuid)
    if stage is None:
        raise not_found("workflow stage", uuid)
    return Place(call, project_hash, workflow, stage)


@routes.on("GET", "projects/{project}/workflow/stages/{stage}/tasks")
def list_tasks(call: Call) -> Any:
    place = _place(call)
    wanted = call.arguments(WANTED[place.stage.type])
    tasks, token = task_page(call, place.project_hash, place.workflow, place.stage, wanted)
    return {"results": _dtos(call, place.stage, tasks), "nextPageToken": token}


def _dtos(call: Call, stage: Stage, tasks: list[Record]) -> list[dict[str, Any]]:
    titles = titles_of(call, tasks)
    subtasks = subtasks_of(call, [task["uuid"] for task in tasks]) if stage.type.startswith("CONSENSUS") else {}
    hashes = label_hashes(call, tasks) if stage.type == "CONSENSUS_REVIEW" else {}
    return [
        task_dto(stage, task, titles.get(task["data_hash"], ""), subtasks.get(task["uuid"], []), hashes)
        for task in tasks
    ]


@routes.on("POST", "projects/{project}/workflow/stages/{stage}/actions")
def act(call: Call) -> Any:
    apply_actions(_place(call), call.read(Actions).root)


@routes.on("POST", "projects/{project}/workflow/stages/{stage}/move-tasks")
def move_tasks(call: Call) -> Any:
    move(_place(call), call.read(MoveTasks))


class ReviewsWanted(Payload):
    """The query string of a listing that has nothing to choose."""

    page_token: str | None = None


@routes.on("GET", "projects/{project}/workflow/stages/{stage}/tasks/{task}/reviews")
def list_label_reviews(call: Call) -> Any:
    call.arguments(ReviewsWanted)
    stage, task = _reviewed(call)
    chosen = (LABEL_REVIEWS.c.task_uuid == task["uuid"]) & (LABEL_REVIEWS.c.stage == stage.uuid)
    rows, token = queue_page(call, sa.select(LABEL_REVIEWS).where(chosen), LABEL_REVIEWS.c.seq)
    return {"results": [label_review_dto(row) for row in rows], "nextPageToken": token}


@routes.on("POST", "projects/{project}/workflow/stages/{stage}/tasks/{task}/reviews/actions")
def act_on_label_reviews(call: Call) -> Any:
    stage, task = _reviewed(call)
    act_on_reviews(call, stage, task["uuid"], call.read(LabelActions).root)


def _reviewed(call: Call) -> tuple[Stage, Record]:
    """Return the stage and the task of the path, which must be there to be reviewed."""
    place, uuid = _place(call), call.path_uuid("task")
    if place.stage.type != "REVIEW":
        raise invalid(f"stage {place.stage.title!r} ({place.stage.type}) has no reviews of single labels")
    targets = find_targets(call, place.project_hash, place.stage, [uuid])
    if uuid not in targets:
        raise not_found("review task", uuid)
    return place.stage, targets[uuid].task


@routes.on("POST", "projects/{project}/priorities")
def set_priorities(call: Call) -> Any:
    project_hash = hash_of_path(call)
    wanted = dict(call.read(Priorities).priorities)
    known = sa.select(TASKS.c.data_hash).where(TASKS.c.project_hash == project_hash)
    found = {row["data_hash"] for row in fetch_in(call.connection, known, TASKS.c.data_hash, list(wanted))}
    if unknown := next((data_hash for data_hash in wanted if data_hash not in found), None):
        raise invalid(f"priorities: the project has no task of data hash {unknown}")
    if wanted:
        chosen = (TASKS.c.project_hash == project_hash) & (TASKS.c.data_hash == sa.bindparam("unit"))
        update = TASKS.update().where(chosen).values(priority=sa.bindparam("rank"))
        call.connection.execute(update, [{"unit": unit, "rank": rank} for unit, rank in wanted.items()])
