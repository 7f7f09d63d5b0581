"""Projects: finding them, and who may do what in them."""

from __future__ import annotations

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import forbidden
from include.encord_emulator.store.database import Record, fetch_one
from include.encord_emulator.store.tables import GROUP_USERS, PROJECT_GROUPS, PROJECT_USERS, PROJECTS, USERS
from include.encord_emulator.workflow.template import Workflow

ADMIN, ANNOTATOR, REVIEWER, ANNOTATOR_REVIEWER, TEAM_MANAGER, VIEWER = range(6)
ROLE_NAMES = ("ADMIN", "ANNOTATOR", "REVIEWER", "ANNOTATOR_REVIEWER", "TEAM_MANAGER", "VIEWER")
STRENGTH = (ADMIN, TEAM_MANAGER, ANNOTATOR_REVIEWER, REVIEWER, ANNOTATOR, VIEWER)
"""The roles, the one that may do most first."""
MANAGERS = {ADMIN, TEAM_MANAGER}
LABELLERS = {ANNOTATOR, REVIEWER, ANNOTATOR_REVIEWER}


def project_workflow(connection: sa.Connection, project_hash: str) -> Workflow:
    """Return the workflow of a project that exists."""
    row = fetch_one(connection, sa.select(PROJECTS.c.workflow).where(PROJECTS.c.project_hash == project_hash))
    return Workflow.from_dict((row or {})["workflow"])


def project_role(call: Call, project_hash: str, email: str) -> int | None:
    """Return the role of a user in a project, his own or the strongest of his groups; ``None`` is no member."""
    own = sa.select(PROJECT_USERS.c.role).where(
        PROJECT_USERS.c.project_hash == project_hash, PROJECT_USERS.c.email == email
    )
    if (row := call.fetch_one(own)) is not None:
        return int(row["role"])
    through_groups = (
        sa.select(PROJECT_GROUPS.c.role)
        .join(GROUP_USERS, GROUP_USERS.c.group_hash == PROJECT_GROUPS.c.group_hash)
        .where(PROJECT_GROUPS.c.project_hash == project_hash, GROUP_USERS.c.email == email)
    )
    roles = [int(row["role"]) for row in call.fetch(through_groups)]
    return min(roles, key=STRENGTH.index, default=None)


def is_member(email: str) -> sa.ColumnElement[bool]:
    """Return the condition that a user is in a project, himself or through a group."""
    himself = sa.select(PROJECT_USERS.c.project_hash).where(PROJECT_USERS.c.email == email)
    through_groups = (
        sa.select(PROJECT_GROUPS.c.project_hash)
        .join(GROUP_USERS, GROUP_USERS.c.group_hash == PROJECT_GROUPS.c.group_hash)
        .where(GROUP_USERS.c.email == email)
    )
    return PROJECTS.c.project_hash.in_(himself) | PROJECTS.c.project_hash.in_(through_groups)


def is_organisation_admin(call: Call, email: str) -> bool:
    """Say whether a user is an admin of the organisation."""
    user = call.fetch_one(sa.select(USERS).where(USERS.c.email == email))
    return user is not None and user["organisation_role"] == "admin"


def require_organisation_admin(call: Call) -> None:
    """Refuse a caller who is no admin of the organisation."""
    if not is_organisation_admin(call, call.user):
        raise forbidden("Only an admin of the organisation may do this.")


def require_organisation_access(call: Call) -> None:
    """Refuse a listing of all that the organisation has, unless an admin of it asks."""
    if not is_organisation_admin(call, call.user):
        raise forbidden("Only an admin of the organisation may list all of it.")


def require_project(call: Call, project_hash: str) -> Record:
    """
    Return a project for a caller who may work on it through the API.

    An unknown project and a foreign one are the same 403: Encord does not tell them apart.
    """
    project = call.fetch_one(sa.select(PROJECTS).where(PROJECTS.c.project_hash == project_hash))
    if project is None:
        raise forbidden(f"You have no access to project {project_hash}.")
    if is_organisation_admin(call, call.user):
        return project
    role = project_role(call, project_hash, call.user)
    if role is None:
        raise forbidden(f"You have no access to project {project_hash}.")
    if role in LABELLERS and call.switches["strict_roles"]:
        raise forbidden(f"Your role in project {project_hash} does not allow API access.")
    return project


def hash_of_path(call: Call) -> str:
    """Return the hash of the project that the path names, if the caller may work on it."""
    return str(require_project(call, call.path_uuid("project"))["project_hash"])


def hash_of_scope(call: Call) -> str:
    """Return the hash of the project that a legacy request is scoped to, if the caller may work on it."""
    return str(require_project(call, call.resource_id)["project_hash"])


def require_managed_project(call: Call, project_hash: str, *, by_admin: bool = False) -> Record:
    """
    Return a project for a caller who may change it: its admin or, unless ``by_admin``, a team manager.

    From the table of permissions in Encord's documentation; the admins of the organisation may do everything.
    """
    project = require_project(call, project_hash)
    allowed = {ADMIN} if by_admin else MANAGERS
    if is_organisation_admin(call, call.user) or not call.switches["strict_roles"]:
        return project
    if project_role(call, project_hash, call.user) in allowed:
        return project
    raise forbidden(f"Your role in project {project_hash} does not allow this.")
