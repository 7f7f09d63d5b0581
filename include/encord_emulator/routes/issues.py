"""Issues: comment threads that are anchored to a data unit, a frame, a point or a label."""

from __future__ import annotations

from typing import Any

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import forbidden
from include.encord_emulator.paging import queue_page
from include.encord_emulator.store.issues import (
    add_issues,
    link_tags,
    project_tags,
    require_issues,
    shown_issues,
)
from include.encord_emulator.store.projects import (
    ADMIN,
    hash_of_path,
    is_organisation_admin,
    project_role,
    require_managed_project,
)
from include.encord_emulator.store.tables import ISSUE_TAGS, ISSUES
from include.encord_emulator.wire.issues import (
    IssueTagNames,
    IssueUuids,
    NewIssues,
)
from include.encord_emulator.wire.organisation import tag_dto
from include.encord_emulator.wire.payload import Payload

routes = Routes()


@routes.on("GET", "projects/{project}/issues")
def list_issues(call: Call) -> Any:
    return shown_issues(call, hash_of_path(call))


@routes.on("POST", "projects/{project}/issues")
def create_issues(call: Call) -> Any:
    project_hash = hash_of_path(call)
    add_issues(call, project_hash, call.read(NewIssues))


@routes.on("POST", "projects/{project}/issues/delete")
def delete_issues(call: Call) -> Any:
    """Delete issues: one's own, or as an admin of the project any; all that are named or none."""
    project_hash = hash_of_path(call)
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
    project_hash = hash_of_path(call)
    call.arguments(IssueTagFilters)
    rows, token = queue_page(call, project_tags(project_hash), ISSUE_TAGS.c.seq)
    return {"results": [tag_dto(row) for row in rows], "nextPageToken": token}


@routes.on("POST", "projects/{project}/issue-tags")
def add_issue_tags(call: Call) -> Any:
    project = require_managed_project(call, call.path_uuid("project"))
    link_tags(call, project["project_hash"], call.read(IssueTagNames).issue_tag_names)
