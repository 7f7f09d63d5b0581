"""
What people can do in the web app: see their projects, take work, submit, skip, release and review it.

Unsigned; the header ``X-Emulator-User`` says who clicks.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import Field

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.store import projects
from include.encord_emulator.store.tables import ONTOLOGIES, PROJECTS
from include.encord_emulator.ui.access import ANNOTATING, REVIEWING, member_project, open_desk
from include.encord_emulator.ui.hand_in import Entries, Entry, Judgements, TaskUuids, hand_in
from include.encord_emulator.ui.shown import shown
from include.encord_emulator.wire.payload import Payload
from include.encord_emulator.workflow import queue

routes = Routes()


@routes.on("GET", "projects")
def list_projects(call: Call) -> Any:
    rows = call.fetch(sa.select(PROJECTS).where(projects.is_member(call.user)).order_by(PROJECTS.c.seq))
    roles = [projects.project_role(call, row["project_hash"], call.user) or projects.ADMIN for row in rows]
    return [
        {"project_hash": row["project_hash"], "title": row["title"], "role": projects.ROLE_NAMES[role]}
        for row, role in zip(rows, roles, strict=True)
    ]


@routes.on("GET", "projects/{project}/ontology")
def get_ontology(call: Call) -> Any:
    ontology_hash = member_project(call)[0]["ontology_hash"]
    row = call.fetch_one(sa.select(ONTOLOGIES.c.editor).where(ONTOLOGIES.c.ontology_hash == ontology_hash))
    return (row or {})["editor"]


class Wish(Payload):
    """How much work somebody takes, and of which kinds; none named is all that his role allows."""

    limit: Annotated[int, Field(ge=0, le=10_000)] = 1
    stage_types: tuple[Literal["ANNOTATION", "CONSENSUS_ANNOTATION", "REVIEW", "CONSENSUS_REVIEW"], ...] = ()


@routes.on("POST", "projects/{project}/take")
def take(call: Call) -> Any:
    wish = call.read(Wish)
    desk = open_desk(call, set(wish.stage_types) or ANNOTATING | REVIEWING)
    return shown(call, desk.project_hash, queue.take(call, desk.project_hash, desk.stages, wish.limit))


@routes.on("POST", "projects/{project}/submit")
def submit(call: Call) -> Any:
    hand_in(open_desk(call, ANNOTATING), call.read(Entries).root, "SUBMIT")


@routes.on("POST", "projects/{project}/skip")
def skip(call: Call) -> Any:
    _put_back(call, "SKIP")


@routes.on("POST", "projects/{project}/release")
def release(call: Call) -> Any:
    _put_back(call, "RELEASE")


def _put_back(call: Call, action: str) -> None:
    entries = [Entry(task_uuid=uuid) for uuid in call.read(TaskUuids).root]
    hand_in(open_desk(call, ANNOTATING | REVIEWING), entries, action)


@routes.on("POST", "projects/{project}/review")
def review(call: Call) -> Any:
    desk, judgements = open_desk(call, REVIEWING), call.read(Judgements).root
    for action in ("approve", "reject"):
        hand_in(desk, [one for one in judgements if one.action == action], action.upper())
