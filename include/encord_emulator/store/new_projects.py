"""Making a project: its workflow from a template, and its first member."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import ApiError, invalid
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.projects import ADMIN
from include.encord_emulator.store.tables import PROJECT_USERS, PROJECTS, TEMPLATES
from include.encord_emulator.workflow.template import Template, parse_template


def new_workflow(call: Call, template_uuid: str | None) -> Record:
    """Return ``template`` and ``workflow`` of a new project; without a uuid, of the default template."""
    template = _template(call, template_uuid)
    workflow = template.workflow(suffixed_titles=call.switches["consensus_stage_titles"] == "suffixed")
    return {"template": template.uuid, "workflow": workflow.to_dict()}


def insert_project(call: Call, made: Record) -> str:
    """
    Insert a project of the caller, who becomes its admin, and return its hash.

    :param made: ``title, description, ontology_hash, template, workflow``, and ``project_hash`` where it is settled.
    """
    project = {"project_hash": str(uuid4()), "status": "notStarted", "owner": call.user} | made
    call.insert(PROJECTS, project | {"created_at": call.now, "edited_at": call.now})
    call.insert(PROJECT_USERS, {"project_hash": project["project_hash"], "email": call.user, "role": ADMIN})
    return str(project["project_hash"])


def _template(call: Call, uuid: str | None) -> Template:
    if uuid is None and call.switches["default_template"] == "refused":
        raise invalid("workflow_template_id: it is missing")
    wanted = TEMPLATES.c.uuid == uuid if uuid is not None else TEMPLATES.c.is_default == 1
    row = call.fetch_one(sa.select(TEMPLATES).where(wanted).order_by(TEMPLATES.c.seq))
    if row is None:
        raise ApiError(int(call.switches["unknown_template"]), f"workflow template {uuid} was not found")
    return parse_template(row["document"])
