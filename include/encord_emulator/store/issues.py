"""Issues and the tags they carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import ApiError, invalid, not_found
from include.encord_emulator.paging import queue_page
from include.encord_emulator.store.database import Record, fetch_in, insert
from include.encord_emulator.store.tables import ISSUE_TAGS, ISSUES, PROJECT_ISSUE_TAGS
from include.encord_emulator.store.units import project_units
from include.encord_emulator.wire.issues import IssueFilters, NewIssue, NewIssues, anchor_part, issue_dto


def add_workspace_tags(connection: sa.Connection, names: Iterable[str]) -> None:
    """Make issue tags of the workspace, as the web app does; those that are there stay."""
    wanted = list(dict.fromkeys(names))
    there = {row["name"] for row in fetch_in(connection, sa.select(ISSUE_TAGS), ISSUE_TAGS.c.name, wanted)}
    insert(connection, ISSUE_TAGS, [{"uuid": str(uuid4()), "name": name} for name in wanted if name not in there])


def link_tags(call: Call, project_hash: str, names: Sequence[str]) -> None:
    """Link issue tags of the workspace to a project by name; the switch ``unknown_issue_tags`` settles the rest."""
    if call.switches["unknown_issue_tags"] == "created":
        add_workspace_tags(call.connection, names)
    tags = _tags_by_name(call, sa.select(ISSUE_TAGS), names)
    linked = {row["uuid"] for row in call.fetch(project_tags(project_hash))}
    new = dict.fromkeys(tag["uuid"] for tag in tags if tag["uuid"] not in linked)
    call.insert(PROJECT_ISSUE_TAGS, *({"project_hash": project_hash, "tag_uuid": uuid} for uuid in new))


def project_tags(project_hash: str) -> sa.Select[Any]:
    """Return the query of the issue tags of a project."""
    linked = sa.select(PROJECT_ISSUE_TAGS.c.tag_uuid).where(PROJECT_ISSUE_TAGS.c.project_hash == project_hash)
    return sa.select(ISSUE_TAGS).where(ISSUE_TAGS.c.uuid.in_(linked))


def tags_for_issue(call: Call, project_hash: str, names: Sequence[str]) -> list[str]:
    """Return the uuids of the tags that a new issue carries."""
    if call.switches["issue_tags_checked"]:
        return [tag["uuid"] for tag in _tags_by_name(call, project_tags(project_hash), names)]
    add_workspace_tags(call.connection, names)
    return [tag["uuid"] for tag in _tags_by_name(call, sa.select(ISSUE_TAGS), names)]


def _tags_by_name(call: Call, statement: sa.Select[Any], names: Sequence[str]) -> list[Record]:
    wanted = list(dict.fromkeys(names))
    found = {row["name"]: row for row in fetch_in(call.connection, statement, ISSUE_TAGS.c.name, wanted)}
    if unknown := [name for name in wanted if name not in found]:
        raise invalid(f"issue tag {unknown[0]!r} is not there")
    return [found[name] for name in wanted]


def issue_tags(call: Call, issues: Sequence[Record]) -> dict[str, Record]:
    """Return the tags of some issues by uuid."""
    uuids = list({uuid for issue in issues for uuid in issue["tags"]})
    return {row["uuid"]: row for row in fetch_in(call.connection, sa.select(ISSUE_TAGS), ISSUE_TAGS.c.uuid, uuids)}


def require_issues(call: Call, project_hash: str, uuids: Sequence[str]) -> list[Record]:
    """Return issues of a project; the first that it does not have is a 404."""
    statement = sa.select(ISSUES).where(ISSUES.c.project_hash == project_hash)
    found = {row["uuid"]: row for row in fetch_in(call.connection, statement, ISSUES.c.uuid, uuids)}
    for uuid in uuids:
        if uuid not in found:
            raise not_found("issue", uuid)
    return list(found.values())


def shown_issues(call: Call, project_hash: str) -> dict[str, Any]:
    """Return a page of the issues of the data unit that the query string names."""
    wanted = call.arguments(IssueFilters)
    _require_units(call, project_hash, [wanted.data_unit_id])
    key = {"project_hash": project_hash, "data_hash": wanted.data_unit_id}
    rows, token = queue_page(call, sa.select(ISSUES).filter_by(**key), ISSUES.c.seq)
    tags = issue_tags(call, rows)
    results = [issue_dto(row, [tags[uuid] for uuid in row["tags"] if uuid in tags]) for row in rows]
    return {"results": results, "nextPageToken": token}


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
