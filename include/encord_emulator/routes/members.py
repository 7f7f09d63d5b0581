"""What belongs to a project: datasets, users, groups and tags."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import not_found
from include.encord_emulator.paging import queue_page, whole
from include.encord_emulator.store.database import fetch_in
from include.encord_emulator.store.datasets import require_dataset
from include.encord_emulator.store.groups import admit_groups, dismiss_groups, entity_groups
from include.encord_emulator.store.project_datasets import attach, attached, detach
from include.encord_emulator.store.projects import hash_of_path, require_managed_project
from include.encord_emulator.store.tables import DATASETS, PROJECT_GROUPS, PROJECT_TAGS, PROJECT_USERS, TAGS, USERS
from include.encord_emulator.wire.organisation import (
    GroupHashes,
    NewMembers,
    ProjectGroups,
    UserEmails,
    entity_group_dto,
    tag_dto,
)
from include.encord_emulator.wire.payload import Payload, read
from include.encord_emulator.wire.projects import Uuids

routes = Routes()


class PageToken(Payload):
    """The query string of listings that take nothing else."""

    page_token: str | None = None


class DatasetHashes(Payload):
    """The document of ``Project.add_datasets``."""

    dataset_hashes: Uuids


class DatasetUids(Payload):
    """The ``values`` of ``Project.remove_datasets``."""

    uid: Uuids


def _managed_hash(call: Call, *, by_admin: bool = False) -> str:
    return str(require_managed_project(call, call.path_uuid("project"), by_admin=by_admin)["project_hash"])


@routes.on("GET", "projects/{project}/datasets")
def list_datasets(call: Call) -> Any:
    hashes = attached(call, hash_of_path(call))
    found = fetch_in(call.connection, sa.select(DATASETS), DATASETS.c.dataset_hash, hashes)
    by_hash = {row["dataset_hash"]: row for row in found}
    rows = [by_hash[dataset_hash] for dataset_hash in hashes]
    return whole(
        [{"datasetHash": row["dataset_hash"], "title": row["title"], "description": row["description"]} for row in rows]
    )


@routes.query("projectdataset", "POST")
def add_datasets(call: Call) -> Any:
    project = require_managed_project(call, call.resource_id, by_admin=True)
    hashes = call.read(DatasetHashes).dataset_hashes
    attach(call, project["project_hash"], [require_dataset(call, one)["dataset_hash"] for one in hashes])
    return True


@routes.query("projectdataset", "DELETE")
def remove_datasets(call: Call) -> Any:
    project_hash = require_managed_project(call, call.resource_id, by_admin=True)["project_hash"]
    hashes = read(DatasetUids, {"uid": call.uid}, "values").uid
    there = attached(call, project_hash)
    if strange := [one for one in hashes if one not in there]:
        raise not_found("dataset", strange[0])
    detach(call, project_hash, hashes)
    return True


@routes.on("GET", "projects/{project}/users")
def list_users(call: Call) -> Any:
    call.arguments(PageToken)
    members = sa.select(PROJECT_USERS).where(PROJECT_USERS.c.project_hash == hash_of_path(call))
    rows, token = queue_page(call, members, PROJECT_USERS.c.seq)
    results = [{"userEmail": row["email"], "userRole": row["role"]} for row in rows]
    return {"results": results, "nextPageToken": token}


@routes.query("projectusers", "POST")
def add_users(call: Call) -> Any:
    project_hash = require_managed_project(call, call.resource_id)["project_hash"]
    given = call.read(NewMembers)
    emails, role = list(dict.fromkeys(given.user_emails)), given.user_role
    known = {row["email"] for row in fetch_in(call.connection, sa.select(USERS), USERS.c.email, emails)}
    if strangers := [email for email in emails if email not in known]:
        raise not_found("user", ", ".join(strangers[:3]))
    members = sa.select(PROJECT_USERS).where(PROJECT_USERS.c.project_hash == project_hash)
    roles = {row["email"]: row["role"] for row in call.fetch(members)}
    new = [email for email in emails if email not in roles]
    call.insert(PROJECT_USERS, *({"project_hash": project_hash, "email": email, "role": role} for email in new))
    # Who is a member already keeps his role (the SDK's docstring).
    return [
        {"user_email": email, "user_role": roles.get(email, role), "project_hash": project_hash} for email in emails
    ]


@routes.on("POST", "projects/{project}/users/bulk-delete")
def remove_users(call: Call) -> Any:
    chosen = PROJECT_USERS.c.project_hash == _managed_hash(call)
    emails = call.read(UserEmails).user_emails
    call.connection.execute(PROJECT_USERS.delete().where(chosen, PROJECT_USERS.c.email.in_(emails)))


@routes.on("GET", "projects/{project}/groups")
def list_groups(call: Call) -> Any:
    groups = entity_groups(call, PROJECT_GROUPS, {"project_hash": hash_of_path(call)})
    return whole([entity_group_dto(group) for group in groups])


@routes.on("POST", "projects/{project}/groups")
def add_groups(call: Call) -> Any:
    key, given = {"project_hash": _managed_hash(call)}, call.read(ProjectGroups)
    admit_groups(call, PROJECT_GROUPS, key, given.group_hash_list, given.user_role)


@routes.on("DELETE", "projects/{project}/groups")
def remove_groups(call: Call) -> Any:
    key = {"project_hash": _managed_hash(call)}
    dismiss_groups(call, PROJECT_GROUPS, key, call.arguments(GroupHashes).group_hash_list)


@routes.on("GET", "projects/{project}/tags")
def list_tags(call: Call) -> Any:
    statement = sa.select(TAGS).join(PROJECT_TAGS, PROJECT_TAGS.c.tag_uuid == TAGS.c.uuid)
    rows = call.fetch(statement.where(PROJECT_TAGS.c.project_hash == hash_of_path(call)).order_by(TAGS.c.seq))
    return whole([tag_dto(row) for row in rows])


@routes.on("PUT", "projects/{project}/tags/{tag}")
def add_tag(call: Call) -> Any:
    key = _project_and_tag(call)
    if call.fetch_one(sa.select(PROJECT_TAGS).filter_by(**key)) is None:
        call.insert(PROJECT_TAGS, key)


@routes.on("DELETE", "projects/{project}/tags/{tag}")
def remove_tag(call: Call) -> Any:
    call.connection.execute(PROJECT_TAGS.delete().filter_by(**_project_and_tag(call)))


def _project_and_tag(call: Call) -> dict[str, str]:
    project_hash, tag = _managed_hash(call, by_admin=True), call.path_uuid("tag")
    if call.fetch_one(sa.select(TAGS).where(TAGS.c.uuid == tag)) is None:
        raise not_found("tag", tag)
    return {"project_hash": project_hash, "tag_uuid": tag}
