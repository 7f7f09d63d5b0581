"""
The web app's side, for people (or programs that stand for them): ``/_emulator/ui/``.

Unsigned; the header ``X-Emulator-User`` says who clicks. He must be a member of the project with a fitting role.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import forbidden, invalid
from include.encord_emulator.labels import empty_part, whole_blob
from include.encord_emulator.store import projects
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.labels import blobs, ensure_label_rows, save_labels
from include.encord_emulator.store.tables import LABELS, ONTOLOGIES, PROJECTS, TIME_SPENT
from include.encord_emulator.store.units import children_of, project_units
from include.encord_emulator.workflow import queue
from include.encord_emulator.workflow.actions import apply_actions
from include.encord_emulator.workflow.queue import Work
from include.encord_emulator.workflow.template import Stage, Workflow

routes = Routes()
_ANNOTATING = {"ANNOTATION", "CONSENSUS_ANNOTATION"}
_REVIEWING = {"REVIEW", "CONSENSUS_REVIEW"}
STAGE_TYPES = {
    projects.ADMIN: _ANNOTATING | _REVIEWING,
    projects.TEAM_MANAGER: _ANNOTATING | _REVIEWING,
    projects.ANNOTATOR_REVIEWER: _ANNOTATING | _REVIEWING,
    projects.ANNOTATOR: _ANNOTATING,
    projects.REVIEWER: _REVIEWING,
    projects.VIEWER: set[str](),
}
ROLE_NAMES = ("ADMIN", "ANNOTATOR", "REVIEWER", "ANNOTATOR_REVIEWER", "TEAM_MANAGER", "VIEWER")


def _project(call: Call) -> tuple[Record, int]:
    """Return the project of the path and the caller's role in it."""
    uuid = call.path_uuid("project")
    project = call.fetch_one(sa.select(PROJECTS).where(PROJECTS.c.project_hash == uuid))
    role = projects.project_role(call, uuid, call.user)
    if project is None or role is None:
        raise forbidden(f"{call.user} is no member of project {uuid}")
    return project, role


def _open_stages(call: Call, wanted: set[str]) -> tuple[str, Workflow, list[Stage]]:
    """Return the project, its workflow, and the stages of the wanted types that the caller's role may work at."""
    project, role = _project(call)
    allowed = wanted & STAGE_TYPES[role]
    if not allowed:
        raise forbidden(f"{call.user} is {ROLE_NAMES[role]} and may not work at {', '.join(sorted(wanted))}")
    workflow = Workflow.from_dict(project["workflow"])
    return project["project_hash"], workflow, [stage for stage in workflow.stages if stage.type in allowed]


@routes.on("GET", "projects")
def list_projects(call: Call) -> Any:
    rows = call.fetch(sa.select(PROJECTS).where(projects.is_member(call.user)).order_by(PROJECTS.c.seq))
    roles = [projects.project_role(call, row["project_hash"], call.user) or projects.ADMIN for row in rows]
    return [
        {"project_hash": row["project_hash"], "title": row["title"], "role": ROLE_NAMES[role]}
        for row, role in zip(rows, roles, strict=True)
    ]


@routes.on("GET", "projects/{project}/ontology")
def get_ontology(call: Call) -> Any:
    ontology_hash = _project(call)[0]["ontology_hash"]
    row = call.fetch_one(sa.select(ONTOLOGIES.c.editor).where(ONTOLOGIES.c.ontology_hash == ontology_hash))
    return (row or {})["editor"]


@routes.on("POST", "projects/{project}/take")
def take(call: Call) -> Any:
    body = call.payload()
    wanted = set(body.get("stage_types") or _ANNOTATING | _REVIEWING)
    project_hash, _, stages = _open_stages(call, wanted)
    return _shown(call, project_hash, queue.take(call, project_hash, stages, int(body.get("limit", 1))))


def _shown(call: Call, project_hash: str, works: Sequence[Work]) -> list[dict[str, Any]]:
    hashes = list({work.target.task["data_hash"] for work in works})
    units = {unit["data_hash"]: unit for unit in project_units(call.connection, project_hash, hashes)}
    children = children_of(call.connection, list(units.values()))
    statement = sa.select(LABELS).where(LABELS.c.project_hash == project_hash, LABELS.c.version > 0)
    saved = fetch_in(call.connection, statement, LABELS.c.data_hash, hashes)
    labels = {(row["data_hash"], row["branch"]): row for row in saved}
    return [
        _work_dto(call, project_hash, work, units[work.target.task["data_hash"]], children, labels) for work in works
    ]


def _work_dto(
    call: Call, project_hash: str, work: Work, unit: Record, children: dict[str, list[Record]],
    labels: dict[tuple[str, str], Record],
) -> dict[str, Any]:  # fmt: skip
    row = labels.get((unit["data_hash"], work.branch))
    blank = {"label_hash": None, "branch": work.branch, "labels": empty_part()}
    moments = {"created_at": call.now, "edited_at": call.now}
    return {
        "task_uuid": work.uuid,
        "stage_uuid": work.stage.uuid,
        "stage_title": work.stage.title,
        "stage_type": work.stage.type,
        "data_hash": unit["data_hash"],
        "data_title": unit["title"],
        "data_type": unit["data_type"],
        "dataset_hash": unit["dataset_hash"],
        "dataset_title": unit["dataset_title"],
        "label_branch_name": work.branch,
        "width": unit["media"]["width"],
        "height": unit["media"]["height"],
        "frames": unit["media"]["frames"],
        "object_urls": unit["url_key"].split("\n"),
        "labels": blobs(call, project_hash, [row])[0] if row is not None else None,
        "label_row": whole_blob(unit, children.get(unit["item_uuid"]), blank | moments),
    }


@routes.on("POST", "projects/{project}/submit")
def submit(call: Call) -> Any:
    project_hash, workflow, stages = _open_stages(call, _ANNOTATING)
    _hand_in(call, project_hash, workflow, stages, _entries(call.body), "SUBMIT")


@routes.on("POST", "projects/{project}/skip")
def skip(call: Call) -> Any:
    project_hash, workflow, stages = _open_stages(call, _ANNOTATING | _REVIEWING)
    uuids = call.body if isinstance(call.body, list) else []
    _hand_in(call, project_hash, workflow, stages, _entries([{"task_uuid": uuid} for uuid in uuids]), "SKIP")


@routes.on("POST", "projects/{project}/review")
def review(call: Call) -> Any:
    project_hash, workflow, stages = _open_stages(call, _REVIEWING)
    entries = _entries(call.body)
    for action in ("approve", "reject"):
        chosen = {uuid: entry for uuid, entry in entries.items() if entry.get("action") == action}
        _hand_in(call, project_hash, workflow, stages, chosen, action.upper())
    if wrong := [entry for entry in entries.values() if entry.get("action") not in {"approve", "reject"}]:
        raise invalid(f"action: {wrong[0].get('action')!r} is not approve or reject")


def _entries(body: Any) -> dict[str, dict[str, Any]]:
    """Return the entries of a body by task uuid."""
    if not isinstance(body, list) or not all(isinstance(entry, dict) and "task_uuid" in entry for entry in body):
        raise invalid("body: a list of objects with task_uuid is expected")
    return {str(entry["task_uuid"]): entry for entry in body}


def _hand_in(
    call: Call,
    project_hash: str,
    workflow: Workflow,
    stages: list[Stage],
    entries: dict[str, dict[str, Any]],
    action: str,
) -> None:
    """Save what was drawn, do the action, write down the time: all entries or none."""
    held = queue.held_work(call, project_hash, stages, list(entries))
    if lost := [uuid for uuid in entries if uuid not in held]:
        raise invalid(f"{len(lost)} of {len(entries)} tasks are not assigned to {call.user}, the first is {lost[0]}")
    works: dict[str, list[Work]] = defaultdict(list)
    for uuid, entry in entries.items():
        work = held[uuid]
        works[work.stage.uuid].append(work)
        _save(call, project_hash, work, entry)
        _note_time(call, work, float(entry.get("seconds") or 0.0))
    for stage_works in works.values():
        actions = [{"taskUuid": work.uuid, "action": action} for work in stage_works]
        apply_actions(call, workflow, project_hash, stage_works[0].stage, actions)


def _save(call: Call, project_hash: str, work: Work, entry: dict[str, Any]) -> None:
    if entry.get("labels") is None:
        return
    row = ensure_label_rows(call, project_hash, [work.target.task["data_hash"]], work.branch)[0]
    save_labels(call, project_hash, [(row, entry["labels"])], call.user)


def _note_time(call: Call, work: Work, seconds: float) -> None:
    task = work.target.task
    spent = {
        "project_hash": task["project_hash"],
        "stage": task["stage"],
        "task_uuid": work.uuid,
        "data_hash": task["data_hash"],
        "email": call.user,
        "start_at": clock.shift(call.now, -seconds),
        "end_at": call.now,
        "seconds": seconds,
    }
    call.insert(TIME_SPENT, spent)
