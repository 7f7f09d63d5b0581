"""Projects: creating, reading, listing, deleting, and their status."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import forbidden, invalid
from include.encord_emulator.paging import queue_page
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.datasets import require_dataset
from include.encord_emulator.store.new_projects import insert_project, new_workflow
from include.encord_emulator.store.ontologies import make_ontology, require_ontology
from include.encord_emulator.store.project_datasets import attach
from include.encord_emulator.store.projects import (
    is_member,
    is_organisation_admin,
    project_role,
    require_managed_project,
    require_project,
)
from include.encord_emulator.store.removal import remove_project
from include.encord_emulator.store.tables import ONTOLOGIES, PROJECT_TAGS, PROJECTS, TAGS
from include.encord_emulator.store.titles import refuse_taken_title
from include.encord_emulator.wire.payload import read
from include.encord_emulator.wire.projects import (
    LegacyOntology,
    NewProject,
    NewStatus,
    ProjectFilters,
    ProjectUid,
    project_dto,
)

routes = Routes()


@routes.query("project", "POST")
def create_project(call: Call) -> Any:
    if call.resource_id:
        return _set_ontology(call)
    given = call.read(NewProject)
    if given.workflow_type != "manual":
        raise invalid(f"workflow_type: {given.workflow_type!r} is not emulated, only 'manual'")
    refuse_taken_title(call, "project", PROJECTS.c.title, given.title)
    datasets = [require_dataset(call, dataset_hash)["dataset_hash"] for dataset_hash in given.dataset_hashes]
    made = {"title": given.title, "description": given.description or "", "ontology_hash": _ontology_hash(call, given)}
    project_hash = insert_project(call, made | new_workflow(call, given.workflow_template_id))
    attach(call, project_hash, datasets)
    return project_hash


def _ontology_hash(call: Call, given: NewProject) -> str:
    if given.ontology_hash is not None:
        return str(require_ontology(call, given.ontology_hash)["ontology_hash"])
    if call.switches["default_ontology"] == "refused":
        raise invalid("ontology_hash: it is missing")
    return str(make_ontology(call, given.title, "", {"objects": [], "classifications": []})["ontology_hash"])


def _set_ontology(call: Call) -> bool:
    """Overwrite the structure of a project's ontology: the same query, but scoped to a project."""
    project = require_managed_project(call, call.resource_id, by_admin=True)
    chosen = ONTOLOGIES.c.ontology_hash == project["ontology_hash"]
    editor = call.read(LegacyOntology).editor
    call.connection.execute(ONTOLOGIES.update().where(chosen).values(editor=editor, edited_at=call.now))
    return True


@routes.query("project", "DELETE")
def delete_project(call: Call) -> Any:
    uid = read(ProjectUid, {"uid": call.uid}, "values").uid
    project = require_managed_project(call, uid, by_admin=True)
    if call.resource_id not in {"", project["project_hash"]}:
        raise forbidden(f"The request is scoped to project {call.resource_id}.")
    remove_project(call.connection, project["project_hash"])
    return True


@routes.on("GET", "projects/{project}")
def get_project(call: Call) -> Any:
    return _dto(call, require_project(call, call.path_uuid("project")))


@routes.on("GET", "projects")
def list_projects(call: Call) -> Any:
    wanted = call.arguments(ProjectFilters)
    statement = sa.select(PROJECTS).where(*wanted.conditions(PROJECTS))
    if names := wanted.tags_anyof:
        tagged = sa.select(PROJECT_TAGS.c.project_hash).join(TAGS, TAGS.c.uuid == PROJECT_TAGS.c.tag_uuid)
        statement = statement.where(PROJECTS.c.project_hash.in_(tagged.where(TAGS.c.name.in_(names))))
    if not (wanted.include_org_access and is_organisation_admin(call, call.user)):
        statement = statement.where(is_member(call.user))
    rows, token = queue_page(call, statement, PROJECTS.c.seq)
    return {"results": [_dto(call, row) for row in rows], "nextPageToken": token}


def _dto(call: Call, project: Record) -> dict[str, Any]:
    editor = require_ontology(call, project["ontology_hash"])["editor"]
    return project_dto(project, editor, project_role(call, project["project_hash"], call.user))


@routes.on("PUT", "projects/{project}/status")
def set_status(call: Call) -> Any:
    project = require_managed_project(call, call.path_uuid("project"))
    status = call.read(NewStatus).status
    chosen = PROJECTS.c.project_hash == project["project_hash"]
    call.connection.execute(PROJECTS.update().where(chosen).values(status=status, edited_at=call.now))
