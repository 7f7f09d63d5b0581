"""The caller, the integrations, and what the organisation shares: tags and groups."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.auth import issue_token
from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import exists, forbidden, not_found
from include.encord_emulator.paging import whole
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.projects import is_organisation_admin
from include.encord_emulator.store.tables import GROUP_USERS, GROUPS, INTEGRATIONS, PROJECT_TAGS, TAGS

routes = Routes()


@routes.on("GET", "user/bearer-token")
def bearer_token(call: Call) -> Any:
    return {"token": issue_token(call.connection, call.user, call.now, call.switches["token_lifetime_s"])}


@routes.on("GET", "cloud-integrations")
def list_integrations(call: Call) -> Any:
    statement = sa.select(INTEGRATIONS).order_by(INTEGRATIONS.c.seq)
    if titles := call.listed("filterIntegrationTitles"):
        statement = statement.where(INTEGRATIONS.c.title.in_(titles))
    if uuids := call.listed("filterIntegrationUuids"):
        statement = statement.where(INTEGRATIONS.c.uuid.in_(uuids))
    return {"result": [{"integrationUuid": row["uuid"], "title": row["title"]} for row in call.fetch(statement)]}


def _require_admin(call: Call) -> None:
    if not is_organisation_admin(call, call.user):
        raise forbidden("Only an admin of the organisation may do this.")


@routes.on("GET", "organisation/organisation-tags")
def list_tags(call: Call) -> Any:
    return whole([_tag_dto(row) for row in call.fetch(sa.select(TAGS).order_by(TAGS.c.seq))])


@routes.on("POST", "organisation/organisation-tags")
def create_tag(call: Call) -> Any:
    _require_admin(call)
    name = call.required("name")
    if call.fetch_one(sa.select(TAGS).where(TAGS.c.name == name)) is not None:
        raise exists("tag", name)
    tag = {"uuid": str(uuid4()), "name": name, "description": call.payload().get("description")}
    call.insert(TAGS, tag)
    return _tag_dto(tag)


@routes.on("DELETE", "organisation/organisation-tags/{tag}")
def delete_tag(call: Call) -> Any:
    _require_admin(call)
    uuid = call.path_uuid("tag")
    call.connection.execute(PROJECT_TAGS.delete().where(PROJECT_TAGS.c.tag_uuid == uuid))
    if not call.connection.execute(TAGS.delete().where(TAGS.c.uuid == uuid)).rowcount:
        raise not_found("tag", uuid)


def _tag_dto(tag: Record) -> dict[str, Any]:
    return {"uuid": tag["uuid"], "name": tag["name"]}


@routes.on("GET", "organisation/groups")
def list_groups(call: Call) -> Any:
    return whole([group_dto(row) for row in call.fetch(sa.select(GROUPS).order_by(GROUPS.c.seq))])


@routes.on("POST", "organisation/groups")
def create_group(call: Call) -> Any:
    _require_admin(call)
    group = {
        "group_hash": str(uuid4()),
        "name": call.required("name"),
        "description": call.payload().get("description") or "",
        "created_at": call.now,
    }
    call.insert(GROUPS, group)
    return group_dto(group)


@routes.on("GET", "organisation/groups/{group}")
def get_group(call: Call) -> Any:
    return group_dto(require_group(call, call.path_uuid("group")))


@routes.on("GET", "organisation/groups/{group}/users")
def list_group_users(call: Call) -> Any:
    group = require_group(call, call.path_uuid("group"))
    members = sa.select(GROUP_USERS).where(GROUP_USERS.c.group_hash == group["group_hash"])
    return whole([{"userEmail": row["email"]} for row in call.fetch(members.order_by(GROUP_USERS.c.seq))])


@routes.on("POST", "organisation/groups/{group}/users")
def add_group_users(call: Call) -> Any:
    _require_admin(call)
    group_hash = require_group(call, call.path_uuid("group"))["group_hash"]
    members = sa.select(GROUP_USERS.c.email).where(GROUP_USERS.c.group_hash == group_hash)
    there = {row["email"] for row in call.fetch(members)}
    emails = [email for email in dict.fromkeys(call.required("userEmails")) if email not in there]
    call.insert(GROUP_USERS, *({"group_hash": group_hash, "email": email} for email in emails))
    return list_group_users(call)


def require_group(call: Call, group_hash: str) -> Record:
    """Return a group of users, or refuse with 404."""
    group = call.fetch_one(sa.select(GROUPS).where(GROUPS.c.group_hash == group_hash))
    if group is None:
        raise not_found("group", group_hash)
    return group


def group_dto(group: Record) -> dict[str, Any]:
    """Return a ``Group``."""
    return {
        "groupHash": group["group_hash"],
        "name": group["name"],
        "description": group["description"],
        "createdAt": group["created_at"],
    }
