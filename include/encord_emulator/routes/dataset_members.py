"""Who has access to a dataset: users and groups."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import Field

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import not_found
from include.encord_emulator.paging import whole
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.datasets import ADMIN, USER, require_dataset
from include.encord_emulator.store.groups import dismiss_groups, entity_groups, require_group
from include.encord_emulator.store.tables import DATASET_GROUPS, DATASET_USERS, USERS
from include.encord_emulator.wire.organisation import GroupHashes, entity_group_dto
from include.encord_emulator.wire.payload import Name, Payload, Uuid

routes = Routes()
Role = Annotated[int, Field(ge=ADMIN, le=USER)]


class Users(Payload):
    """The payload of the legacy ``datasetusers`` query."""

    user_emails: list[Name]
    user_role: Role


class RemovedUsers(Payload):
    """``RemoveDatasetUsersPayload``."""

    user_emails: list[str]


class Groups(Payload):
    """``AddDatasetGroupsPayload``."""

    group_hash_list: list[Uuid]
    user_role: Role


def _dataset_hash(call: Call) -> str:
    return str(require_dataset(call, call.path_uuid("dataset"))["dataset_hash"])


@routes.on("GET", "datasets/{dataset}/users")
def list_users(call: Call) -> Any:
    rows = _users(call, _dataset_hash(call))
    return whole(
        [{"datasetUuid": row["dataset_hash"], "userEmail": row["email"], "userRole": row["role"]} for row in rows]
    )


@routes.query("datasetusers", "POST")
def add_users(call: Call) -> Any:
    dataset_hash, given = require_dataset(call, call.resource_id)["dataset_hash"], call.read(Users)
    emails = list(dict.fromkeys(given.user_emails))
    known = {row["email"] for row in fetch_in(call.connection, sa.select(USERS.c.email), USERS.c.email, emails)}
    if strangers := [email for email in emails if email not in known]:
        raise not_found("user", ", ".join(strangers))
    roles = {row["email"]: row["role"] for row in _users(call, dataset_hash)}
    new = [email for email in emails if email not in roles]
    call.insert(
        DATASET_USERS, *({"dataset_hash": dataset_hash, "email": email, "role": given.user_role} for email in new)
    )
    # Who has access already keeps his role (the SDK's docstring).
    return [
        {"user_email": email, "user_role": roles.get(email, given.user_role), "dataset_hash": dataset_hash}
        for email in emails
    ]


@routes.on("POST", "datasets/{dataset}/users/bulk-delete")
def remove_users(call: Call) -> Any:
    dataset_hash = _dataset_hash(call)
    for email in call.read(RemovedUsers).user_emails:
        call.connection.execute(DATASET_USERS.delete().filter_by(dataset_hash=dataset_hash, email=email))


def _users(call: Call, dataset_hash: str) -> list[Record]:
    members = sa.select(DATASET_USERS).where(DATASET_USERS.c.dataset_hash == dataset_hash)
    return call.fetch(members.order_by(DATASET_USERS.c.seq))


@routes.on("GET", "datasets/{dataset}/groups")
def list_groups(call: Call) -> Any:
    groups = entity_groups(call, DATASET_GROUPS, {"dataset_hash": _dataset_hash(call)})
    return whole([entity_group_dto(group) for group in groups])


@routes.on("POST", "datasets/{dataset}/groups")
def add_groups(call: Call) -> Any:
    dataset_hash, given = _dataset_hash(call), call.read(Groups)
    for group_hash in given.group_hash_list:
        key = {"dataset_hash": dataset_hash, "group_hash": require_group(call, group_hash)["group_hash"]}
        if call.fetch_one(sa.select(DATASET_GROUPS).filter_by(**key)) is None:
            call.insert(DATASET_GROUPS, key | {"role": given.user_role})


@routes.on("DELETE", "datasets/{dataset}/groups")
def remove_groups(call: Call) -> Any:
    key = {"dataset_hash": _dataset_hash(call)}
    dismiss_groups(call, DATASET_GROUPS, key, call.arguments(GroupHashes).group_hash_list)
