"""Issues in the web app: what people do with them there, and the SDK cannot."""

from __future__ import annotations

from typing import Any

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import forbidden
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.issues import add_issues, add_workspace_tags, require_issues, shown_issues
from include.encord_emulator.store.projects import project_role, require_organisation_admin
from include.encord_emulator.store.tables import ISSUES
from include.encord_emulator.wire.issues import Comment, IssueTagNames, NewIssues

routes = Routes()


@routes.on("POST", "issue-tags")
def create_issue_tags(call: Call) -> Any:
    require_organisation_admin(call)
    add_workspace_tags(call.connection, call.read(IssueTagNames).issue_tag_names)


@routes.on("GET", "projects/{project}/issues")
def list_issues(call: Call) -> Any:
    return shown_issues(call, _own_project_hash(call))


@routes.on("POST", "projects/{project}/issues")
def open_issues(call: Call) -> Any:
    add_issues(call, _own_project_hash(call), call.read(NewIssues))


@routes.on("POST", "projects/{project}/issues/{issue}/comments")
def comment(call: Call) -> Any:
    issue = _issue(call)
    said = {"content": call.read(Comment).content, "authorEmail": call.user, "createdAt": call.now}
    _change(call, issue, comments=[*issue["comments"], said])


@routes.on("POST", "projects/{project}/issues/{issue}/resolve")
def resolve(call: Call) -> Any:
    _settle(call, is_resolved=True)


@routes.on("POST", "projects/{project}/issues/{issue}/reopen")
def reopen(call: Call) -> Any:
    _settle(call, is_resolved=False)


def _settle(call: Call, *, is_resolved: bool) -> None:
    issue = _issue(call)
    entry = {"isResolved": is_resolved, "createdAt": call.now, "actorEmail": call.user}
    _change(call, issue, resolutions=[*issue["resolutions"], entry])


def _issue(call: Call) -> Record:
    return require_issues(call, _own_project_hash(call), [call.path_uuid("issue")])[0]


def _own_project_hash(call: Call) -> str:
    project_hash = call.path_uuid("project")
    if project_role(call, project_hash, call.user) is None:
        raise forbidden(f"{call.user} is no member of project {project_hash}")
    return project_hash


def _change(call: Call, issue: Record, **changes: list[dict[str, Any]]) -> None:
    call.connection.execute(ISSUES.update().where(ISSUES.c.uuid == issue["uuid"]).values(**changes))
