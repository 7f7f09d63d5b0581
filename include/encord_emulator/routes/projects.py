"""Projects: creating, reading, listing, and their status."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import exists, invalid, not_found
from include.encord_emulator.filters import ListingFilters
from include.encord_emulator.paging import queue_page
from include.encord_emulator.routes.datasets import require_dataset
from include.encord_emulator.routes.ontologies import make_ontology, require_ontology
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.projects import (
    ADMIN,
    is_member,
    is_organisation_admin,
    project_role,
    require_project,
)
from include.encord_emulator.store.tables import (
    PROJECT_DATASETS,
    PROJECT_TAGS,
    PROJECT_USERS,
    PROJECTS,
    TAGS,
    TEMPLATES,
)
from include.encord_emulator.wire.projects import project_dto
from include.encord_emulator.workflow.intake import take_in_project
from include.encord_emulator.workflow.template import Template, parse_template

routes = Routes()
STATUSES = {"notStarted", "inProgress", "inReview", "paused", "completed", "cancelled", "archived"}


@routes.query("project", "POST")
def create_project(call: Call) -> Any:
    body, title = call.payload(), call.required("title")
    same = sa.select(PROJECTS).where(PROJECTS.c.title == title)
    if call.switches["unique_titles"] and call.fetch_one(same) is not None:
        raise exists("project", title)
    if body.get("workflow_type", "manual") != "manual":
        raise invalid(f"workflow_type: {body['workflow_type']!r} is not emulated, only 'manual'")
    datasets = [require_dataset(call, dataset_hash) for dataset_hash in body.get("dataset_hashes") or []]
    project_hash, ontology_hash = str(uuid4()), _ontology_hash(call, title, body.get("ontology_hash"))
    description = body.get("description") or ""
    make_project(call, project_hash, title, description, ontology_hash, body.get("workflow_template_id"))
    attach(call, project_hash, [dataset["dataset_hash"] for dataset in datasets])
    return project_hash


def make_project(
    call: Call, project_hash: str, title: str, description: str, ontology_hash: str, template_uuid: str | None
) -> None:
    """Create a project without data, with the caller as its admin."""
    template = _template(call, template_uuid)
    workflow = template.workflow(suffixed_titles=call.switches["consensus_stage_titles"] == "suffixed")
    project = {
        "project_hash": project_hash,
        "title": title,
        "description": description,
        "ontology_hash": ontology_hash,
        "template": template.uuid,
        "workflow": workflow.to_dict(),
        "status": "notStarted",
        "owner": call.user,
        "created_at": call.now,
        "edited_at": call.now,
    }
    call.insert(PROJECTS, project)
    call.insert(PROJECT_USERS, {"project_hash": project_hash, "email": call.user, "role": ADMIN})


def attach(call: Call, project_hash: str, dataset_hashes: list[str]) -> None:
    """Attach datasets that are not attached yet, and make the tasks."""
    known = sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == project_hash)
    there = {row["dataset_hash"] for row in call.fetch(known)}
    new = [dataset_hash for dataset_hash in dict.fromkeys(dataset_hashes) if dataset_hash not in there]
    call.insert(PROJECT_DATASETS, *({"project_hash": project_hash, "dataset_hash": item} for item in new))
    take_in_project(call, project_hash)


def _template(call: Call, uuid: str | None) -> Template:
    wanted = TEMPLATES.c.uuid == str(uuid) if uuid is not None else TEMPLATES.c.is_default == 1
    row = call.fetch_one(sa.select(TEMPLATES).where(wanted).order_by(TEMPLATES.c.seq))
    if row is None:
        raise not_found("workflow template", str(uuid))
    return parse_template(row["document"])


def _ontology_hash(call: Call, title: str, wanted: str | None) -> str:
    if wanted:
        return str(require_ontology(call, wanted)["ontology_hash"])
    return str(make_ontology(call, title, "", {"objects": [], "classifications": []})["ontology_hash"])


@routes.on("GET", "projects/{project}")
def get_project(call: Call) -> Any:
    return _dto(call, require_project(call, call.path_uuid("project")))


class ProjectFilters(ListingFilters):
    """``ProjectFilterParams``."""

    tags_anyof: tuple[str, ...] = ()
    page_token: str | None = None


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
    project, status = require_project(call, call.path_uuid("project")), call.required("status")
    if status not in STATUSES:
        raise invalid(f"status: {status!r} is not one of {sorted(STATUSES)}")
    chosen = PROJECTS.c.project_hash == project["project_hash"]
    call.connection.execute(PROJECTS.update().where(chosen).values(status=status, edited_at=call.now))
