"""Issues: comment threads that are anchored to a data unit, a frame, a point or a label."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import ApiError, forbidden, not_found
from include.encord_emulator.paging import queue_page
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.issues import issue_tags, link_tags, project_tags, require_issues, tags_for_issue
from include.encord_emulator.store.projects import (
    ADMIN,
    is_organisation_admin,
    project_role,
    require_managed_project,
    require_project,
)
from include.encord_emulator.store.tables import ISSUE_TAGS, ISSUES
from include.encord_emulator.store.units import project_units
from include.encord_emulator.wire.issues import (
    IssueFilters,
    IssueTagNames,
    IssueUuids,
    NewIssue,
    NewIssues,
    anchor_part,
    issue_dto,
)
from include.encord_emulator.wire.organisation import tag_dto
from include.encord_emulator.wire.payload import Payload

routes = Routes()


def _project_hash(call: Call) -> str:
    return str(require_project(call, call.path_uuid("project"))["project_hash"])


@routes.on("GET", "projects/{project}/issues")
def list_issues(call: Call) -> Any:
    return shown_issues(call, _project_hash(call))


def shown_issues(call: Call, project_hash: str) -> dict[str, Any]:
    """Return a page of the issues of the data unit that the query string names."""
    wanted = call.arguments(IssueFilters)
    _require_units(call, project_hash, [wanted.data_unit_id])
    key = {"project_hash": project_hash, "data_hash": wanted.data_unit_id}
    rows, token = queue_page(call, sa.select(ISSUES).filter_by(**key), ISSUES.c.seq)
    tags = issue_tags(call, rows)
    results = [issue_dto(row, [tags[uuid] for uuid in row["tags"] if uuid in tags]) for row in rows]
    return {"results": results, "nextPageToken": token}


@routes.on("POST", "projects/{project}/issues")
def create_issues(call: Call) -> Any:
    project_hash = _project_hash(call)
    add_issues(call, project_hash, call.read(NewIssues))


def add_issues(call: Call, project_hash: str, given: NewIssues) -> None:
    """Open issues in the name of the caller."""
    if any(issue.anchor.type == "sceneCoordinate" for issue in given.issues):
        raise ApiError(501, "The emulator has no scenes, so an issue cannot be anchored in one.")
    _require_units(call, project_hash, list({issue.anchor.data_uuid for issue in given.issues}))
    call.insert(ISSUES, *(_new_issue(call, project_hash, issue) for issue in given.issues))


def _new_issue(call: Call, project_hash: str, issue: NewIssue) -> Record:
    return {
        "uuid": str(uuid4()),
        "project_hash": project_hash,
        "data_hash": issue.anchor.data_uuid,
        "author": call.user,
        "anchor": anchor_part(issue.anchor),
        "tags": tags_for_issue(call, project_hash, issue.issue_tags),
        "comments": [{"content": issue.comment, "authorEmail": call.user, "createdAt": call.now}],
        "resolutions": [],
    }


def _require_units(call: Call, project_hash: str, data_hashes: list[str]) -> None:
    there = {unit["data_hash"] for unit in project_units(call.connection, project_hash, data_hashes)}
    for data_hash in data_hashes:
        if data_hash not in there:
            raise not_found("data unit", data_hash)


@routes.on("POST", "projects/{project}/issues/delete")
def delete_issues(call: Call) -> Any:
    """Delete issues: one's own, or as an admin of the project any; all that are named or none."""
    project_hash = _project_hash(call)
    issues = require_issues(call, project_hash, call.read(IssueUuids).issue_uuids)
    is_admin = is_organisation_admin(call, call.user) or project_role(call, project_hash, call.user) == ADMIN
    for issue in issues:
        own = issue["author"] == call.user and issue["anchor"]["type"] != "annotation"
        if not (own or is_admin):
            raise forbidden(f"Issue {issue['uuid']} can be deleted by an admin of the project only.")
    chosen = ISSUES.c.uuid.in_([issue["uuid"] for issue in issues])
    call.connection.execute(ISSUES.delete().where(chosen))


class IssueTagFilters(Payload):
    """``GetIssueTagsParams``."""

    page_token: str | None = None


@routes.on("GET", "projects/{project}/issue-tags")
def list_issue_tags(call: Call) -> Any:
    project_hash = _project_hash(call)
    call.arguments(IssueTagFilters)
    rows, token = queue_page(call, project_tags(project_hash), ISSUE_TAGS.c.seq)
    return {"results": [tag_dto(row) for row in rows], "nextPageToken": token}


@routes.on("POST", "projects/{project}/issue-tags")
def add_issue_tags(call: Call) -> Any:
    project = require_managed_project(call, call.path_uuid("project"))
    link_tags(call, project["project_hash"], call.read(IssueTagNames).issue_tag_names)
