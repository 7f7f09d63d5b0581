"""Issues and the tags they carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import invalid, not_found
from include.encord_emulator.store.database import Record, fetch_in, insert
from include.encord_emulator.store.tables import ISSUE_TAGS, ISSUES, PROJECT_ISSUE_TAGS


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
