"""Who may work where: a person must be a member of the project, in a role that fits the stage."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import forbidden
from include.encord_emulator.store import projects
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.tables import PROJECTS
from include.encord_emulator.workflow.actions import Place
from include.encord_emulator.workflow.template import Stage, Workflow

ANNOTATING = {"ANNOTATION", "CONSENSUS_ANNOTATION"}
REVIEWING = {"REVIEW", "CONSENSUS_REVIEW"}
STAGE_TYPES = {
    projects.ADMIN: ANNOTATING | REVIEWING,
    projects.TEAM_MANAGER: ANNOTATING | REVIEWING,
    projects.ANNOTATOR_REVIEWER: ANNOTATING | REVIEWING,
    projects.ANNOTATOR: ANNOTATING,
    projects.REVIEWER: REVIEWING,
    projects.VIEWER: set[str](),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a person works: a project, and those of its stages that are open to him."""

    call: Call
    project_hash: str
    workflow: Workflow
    stages: list[Stage]

    def place(self, stage: Stage, *, merges: bool) -> Place:
        """Return one of the stages as what actions are done at."""
        return Place(self.call, self.project_hash, self.workflow, stage, merges)


def member_project(call: Call) -> tuple[Record, int]:
    """Return the project of the path and the caller's role in it."""
    uuid = call.path_uuid("project")
    project = call.fetch_one(sa.select(PROJECTS).where(PROJECTS.c.project_hash == uuid))
    role = projects.project_role(call, uuid, call.user)
    if project is None or role is None:
        raise forbidden(f"{call.user} is no member of project {uuid}")
    return project, role


def open_desk(call: Call, wanted: set[str]) -> Desk:
    """Return the stages of the wanted types that the caller's role may work at; none of the types is a 403."""
    project, role = member_project(call)
    allowed = wanted & STAGE_TYPES[role]
    if not allowed:
        raise forbidden(f"{call.user} is {projects.ROLE_NAMES[role]} and may not work at {', '.join(sorted(wanted))}")
    workflow = Workflow.from_dict(project["workflow"])
    return Desk(call, project["project_hash"], workflow, [one for one in workflow.stages if one.type in allowed])
