"""What belongs to a project: datasets, users, groups and tags."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid, not_found
from include.encord_emulator.paging import queue_page, whole
from include.encord_emulator.routes.datasets import require_dataset
from include.encord_emulator.routes.organisation import group_dto, require_group
from include.encord_emulator.routes.projects import attach
from include.encord_emulator.store.projects import VIEWER, require_project
from include.encord_emulator.store.tables import (
    DATASETS,
    GROUPS,
    PROJECT_DATASETS,
    PROJECT_GROUPS,
    PROJECT_TAGS,
    PROJECT_USERS,
    TAGS,
    USERS,
)

routes = Routes()


def _project_hash(call: Call) -> str:
    return str(require_project(call, call.path_uuid("project"))["project_hash"])


@routes.on("GET", "projects/{project}/datasets")
def list_datasets(call: Call) -> Any:
    attached = (
        sa.select(DATASETS)
        .join(PROJECT_DATASETS, PROJECT_DATASETS.c.dataset_hash == DATASETS.c.dataset_hash)
        .where(PROJECT_DATASETS.c.project_hash == _project_hash(call))
        .order_by(PROJECT_DATASETS.c.seq)
    )
    return whole(
        [
            {"datasetHash": row["dataset_hash"], "title": row["title"], "description": row["description"]}
            for row in call.fetch(attached)
        ]
    )


@routes.query("projectdataset", "POST")
def add_datasets(call: Call) -> Any:
    project = require_project(call, call.resource_id)
    datasets = [require_dataset(call, dataset_hash) for dataset_hash in call.required("dataset_hashes")]
    attach(call, project["project_hash"], [dataset["dataset_hash"] for dataset in datasets])
    return True


@routes.on("GET", "projects/{project}/users")
def list_users(call: Call) -> Any:
    members = sa.select(PROJECT_USERS).where(PROJECT_USERS.c.project_hash == _project_hash(call))
    rows, token = queue_page(call, members, PROJECT_USERS.c.seq)
    results = [{"userEmail": row["email"], "userRole": row["role"]} for row in rows]
    return {"results": results, "nextPageToken": token}


@routes.query("projectusers", "POST")
def add_users(call: Call) -> Any:
    project_hash = require_project(call, call.resource_id)["project_hash"]
    emails, role = list(dict.fromkeys(call.required("user_emails"))), call.required("user_role")
    if role not in range(VIEWER + 1):
        raise invalid(f"user_role: {role!r} is not 0 to {VIEWER}")
    known = {row["email"] for row in call.fetch(sa.select(USERS.c.email))}
    if strangers := [email for email in emails if email not in known]:
        raise not_found("user", ", ".join(strangers))
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
    chosen = PROJECT_USERS.c.project_hash == _project_hash(call)
    emails = call.required("userEmails")
    call.connection.execute(PROJECT_USERS.delete().where(chosen, PROJECT_USERS.c.email.in_(emails)))


@routes.on("GET", "projects/{project}/groups")
def list_groups(call: Call) -> Any:
    attached = (
        sa.select(GROUPS, PROJECT_GROUPS.c.role)
        .join(PROJECT_GROUPS, PROJECT_GROUPS.c.group_hash == GROUPS.c.group_hash)
        .where(PROJECT_GROUPS.c.project_hash == _project_hash(call))
        .order_by(PROJECT_GROUPS.c.seq)
    )
    rows = call.fetch(attached)
    return whole([group_dto(row) | {"isSameOrganisation": True, "userRole": row["role"]} for row in rows])


@routes.on("POST", "projects/{project}/groups")
def add_groups(call: Call) -> Any:
    project_hash, role = _project_hash(call), call.required("userRole")
    for group_hash in call.required("groupHashList"):
        group = require_group(call, str(group_hash))
        key = {"project_hash": project_hash, "group_hash": group["group_hash"]}
        attached = sa.select(PROJECT_GROUPS).filter_by(**key)
        if call.fetch_one(attached) is None:
            call.insert(PROJECT_GROUPS, key | {"role": role})


@routes.on("GET", "projects/{project}/tags")
def list_tags(call: Call) -> Any:
    attached = (
        sa.select(TAGS.c.uuid, TAGS.c.name)
        .join(PROJECT_TAGS, PROJECT_TAGS.c.tag_uuid == TAGS.c.uuid)
        .where(PROJECT_TAGS.c.project_hash == _project_hash(call))
        .order_by(TAGS.c.seq)
    )
    return whole(call.fetch(attached))


@routes.on("PUT", "projects/{project}/tags/{tag}")
def add_tag(call: Call) -> Any:
    project_hash, tag = _project_hash(call), call.path_uuid("tag")
    if call.fetch_one(sa.select(TAGS).where(TAGS.c.uuid == tag)) is None:
        raise not_found("tag", tag)
    key = {"project_hash": project_hash, "tag_uuid": tag}
    if call.fetch_one(sa.select(PROJECT_TAGS).filter_by(**key)) is None:
        call.insert(PROJECT_TAGS, key)


@routes.on("DELETE", "projects/{project}/tags/{tag}")
def remove_tag(call: Call) -> Any:
    key = {"project_hash": _project_hash(call), "tag_uuid": call.path_uuid("tag")}
    call.connection.execute(PROJECT_TAGS.delete().filter_by(**key))
