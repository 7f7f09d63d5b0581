"""People, groups and tags as requests describe them and as the API shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field

from include.encord_emulator.store.database import Record
from include.encord_emulator.wire.payload import Name, Payload
from include.encord_emulator.wire.projects import Emails, ProjectRole, Uuids

ORGANISATION_ID = 1
"""Of the one organisation that there is."""
RoleName = Literal["ADMIN", "MEMBER", "TASKER", "WORKFORCE_MANAGER"]
_ROLE_NAMES = {"admin": "ADMIN", "team_manager": "WORKFORCE_MANAGER", "annotator": "TASKER", "reviewer": "TASKER"}
ROLES = {"ADMIN": "admin", "MEMBER": "member", "TASKER": "annotator", "WORKFORCE_MANAGER": "team_manager"}
"""Encord's word for a role in the organisation, and the word of a seed."""


class NewOrganisationUser(Payload):
    """``AddOrganisationUserPayload``."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
    role_mnemonic_name: RoleName
    member_type: Literal["internal", "external"]


class NewTag(Payload):
    """``CreateOrganisationTagPayload``."""

    name: Name
    description: str | None = None


class NewGroup(Payload):
    """``CreateGroupPayload``."""

    name: Name
    description: str | None = None


class GroupChanges(Payload):
    """``EditGroupPayload``: what is ``None`` stays."""

    name: Name | None = None
    description: str | None = None


class UserEmails(Payload):
    """``AddGroupUsersPayload``, ``RemoveGroupUsersPayload``, ``RemoveProjectUsersPayload``."""

    user_emails: Emails


class NewMembers(Payload):
    """The document of ``Project.add_users``."""

    user_emails: Emails
    user_role: ProjectRole


class ProjectGroups(Payload):
    """``AddProjectGroupsPayload``."""

    group_hash_list: Uuids
    user_role: ProjectRole


class OntologyGroups(Payload):
    """``AddOntologyGroupsPayload``: 0 is admin, 1 is user."""

    group_hash_list: Uuids
    user_role: Annotated[int, Field(strict=True, ge=0, le=1)]


class GroupHashes(Payload):
    """``RemoveGroupsParams``."""

    group_hash_list: Uuids


def role_name(role: str | None) -> str:
    """Return Encord's word for a role in the organisation."""
    return _ROLE_NAMES.get(role or "", "MEMBER")


def organisation_user_dto(user: Record) -> dict[str, Any]:
    """Return an ``OrganisationUser``."""
    role = role_name(user["organisation_role"])
    return {
        "email": user["email"],
        "roleMnemonicName": role,
        "roleUuid": str(uuid5(NAMESPACE_URL, f"encord-emulator/organisation-role/{role}")),
        "memberType": user["member_type"],
        "createdAt": user["joined_at"],
        "lastEditedAt": user["joined_at"],
    }


def group_dto(group: Record) -> dict[str, Any]:
    """Return a ``Group``."""
    return {
        "groupHash": group["group_hash"],
        "name": group["name"],
        "description": group["description"],
        "createdAt": group["created_at"],
    }


def entity_group_dto(group: Record) -> dict[str, Any]:
    """Return the ``EntityGroup`` of a group with its ``role`` in what it may enter."""
    return group_dto(group) | {"isSameOrganisation": True, "userRole": group["role"]}


def tag_dto(tag: Record) -> dict[str, Any]:
    """Return an ``OrganisationTag``, or an ``IssueTag``."""
    return {"uuid": tag["uuid"], "name": tag["name"]}
