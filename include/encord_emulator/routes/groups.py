"""The groups of the organisation and their users."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import forbidden
from include.encord_emulator.paging import whole
from include.encord_emulator.store.database import fetch_in
from include.encord_emulator.store.groups import require_group
from include.encord_emulator.store.projects import require_organisation_admin
from include.encord_emulator.store.removal import remove_where
from include.encord_emulator.store.tables import GROUP_USERS, GROUPS, USERS
from include.encord_emulator.wire.organisation import GroupChanges, NewGroup, UserEmails, group_dto

routes = Routes()


@routes.on("GET", "user/current-organisation/groups")
def list_groups(call: Call) -> Any:
    return whole([group_dto(row) for row in call.fetch(sa.select(GROUPS).order_by(GROUPS.c.seq))])


@routes.on("POST", "organisation/groups")
def create_group(call: Call) -> Any:
    require_organisation_admin(call)
    given = call.read(NewGroup)
    group = {
        "group_hash": str(uuid4()),
        "name": given.name,
        "description": given.description or "",
        "created_at": call.now,
    }
    call.insert(GROUPS, group)
    if call.switches["group_creator_listed"]:
        call.insert(GROUP_USERS, {"group_hash": group["group_hash"], "email": call.user})
    return group_dto(group)


@routes.on("GET", "organisation/groups/{group}")
def get_group(call: Call) -> Any:
    return group_dto(require_group(call, call.path_uuid("group")))


@routes.on("PATCH", "organisation/groups/{group}")
def change_group(call: Call) -> Any:
    group = _changeable(call)
    changes = call.read(GroupChanges).model_dump(exclude_none=True)
    if changes:
        chosen = GROUPS.c.group_hash == group["group_hash"]
        call.connection.execute(GROUPS.update().where(chosen).values(**changes))
    return group_dto(group | changes)


@routes.on("DELETE", "organisation/groups/{group}")
def delete_group(call: Call) -> Any:
    """Delete a group, its membership, and every access it gave."""
    remove_where(call.connection, "group_hash", _changeable(call)["group_hash"])


@routes.on("GET", "organisation/groups/{group}/users")
def list_group_users(call: Call) -> Any:
    return _users(call, require_group(call, call.path_uuid("group"))["group_hash"])


@routes.on("POST", "organisation/groups/{group}/users")
def add_group_users(call: Call) -> Any:
    group_hash, emails = _changeable(call)["group_hash"], call.read(UserEmails).user_emails
    known = {row["email"] for row in fetch_in(call.connection, sa.select(USERS), USERS.c.email, emails)}
    if strangers := [email for email in emails if email not in known]:
        raise forbidden(f"not in the organisation: {', '.join(strangers[:3])}")
    members = sa.select(GROUP_USERS.c.email).where(GROUP_USERS.c.group_hash == group_hash)
    there = {row["email"] for row in call.fetch(members)}
    new = [email for email in dict.fromkeys(emails) if email not in there]
    call.insert(GROUP_USERS, *({"group_hash": group_hash, "email": email} for email in new))
    return _users(call, group_hash)


@routes.on("POST", "organisation/groups/{group}/users/bulk-delete")
def remove_group_users(call: Call) -> Any:
    chosen = GROUP_USERS.c.group_hash == _changeable(call)["group_hash"]
    emails = call.read(UserEmails).user_emails
    call.connection.execute(GROUP_USERS.delete().where(chosen, GROUP_USERS.c.email.in_(emails)))


def _changeable(call: Call) -> dict[str, Any]:
    """Return the group of the path to an admin of the organisation."""
    require_organisation_admin(call)
    return require_group(call, call.path_uuid("group"))


def _users(call: Call, group_hash: str) -> dict[str, Any]:
    members = sa.select(GROUP_USERS).where(GROUP_USERS.c.group_hash == group_hash).order_by(GROUP_USERS.c.seq)
    return whole([{"userEmail": row["email"]} for row in call.fetch(members)])
