"""The control plane under ``/_emulator/``: unsigned, for the machine it runs on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from include.encord_emulator import journal
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import Record, fetch
from include.encord_emulator.store.tables import (
    DATA_ROWS,
    DATASETS,
    FOLDERS,
    ITEMS,
    ONTOLOGIES,
    PROJECT_DATASETS,
    PROJECT_TAGS,
    PROJECTS,
    TAGS,
    TASK_ACTIONS,
    TASKS,
    UPLOAD_JOBS,
)
from include.encord_emulator.workflow.template import Stage, Workflow
from include.encord_emulator.world import World

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

DISCLAIMER = "A local imitation of Encord's API for tests and demos; not affiliated with Encord."


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to the control plane."""

    world: World
    query: QueryParams
    body: Any


def health(_ask: Ask) -> Any:
    """Say that the emulator answers."""
    return {"status": "ok", "about": DISCLAIMER}


def state(ask: Ask) -> Any:
    """Return what there is, in numbers."""
    with ask.world.transaction() as connection:
        return {
            "folders": _counted(connection, FOLDERS, "uuid", ITEMS.c.folder, {"uuid": "uuid", "name": "name"}, "items"),
            "datasets": _counted(
                connection, DATASETS, "dataset_hash", DATA_ROWS.c.dataset_hash,
                {"dataset_hash": "dataset_hash", "title": "title"}, "rows",
            ),
            "ontologies": fetch(connection, sa.select(ONTOLOGIES.c.ontology_hash, ONTOLOGIES.c.title)),
            "projects": projects(connection),
            "upload_jobs": [_job(row) for row in fetch(connection, sa.select(UPLOAD_JOBS))],
            **journal.totals(connection),
        }  # fmt: skip


def _counted(
    connection: sa.Connection, table: sa.Table, key: str, column: sa.Column[Any], shown: dict[str, str], name: str
) -> list[Record]:
    """Return the rows of a table with how many rows of another refer to each."""
    counted = fetch(connection, sa.select(column.label("key"), sa.func.count().label("n")).group_by(column))
    counts = {row["key"]: row["n"] for row in counted}
    rows = fetch(connection, sa.select(table).order_by(table.c.seq))
    return [{out: row[column_] for out, column_ in shown.items()} | {name: counts.get(row[key], 0)} for row in rows]


def projects(connection: sa.Connection, project_hash: str | None = None) -> list[dict[str, Any]]:
    """Return how far the tasks of one project, or of all, are."""
    statement = sa.select(PROJECTS).order_by(PROJECTS.c.seq)
    if project_hash is not None:
        statement = statement.where(PROJECTS.c.project_hash == project_hash)
    return [_project(connection, row) for row in fetch(connection, statement)]


def _project(connection: sa.Connection, project: Record) -> dict[str, Any]:
    project_hash = project["project_hash"]
    datasets = sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == project_hash)
    tags = sa.select(TAGS.c.name).join(PROJECT_TAGS, PROJECT_TAGS.c.tag_uuid == TAGS.c.uuid)
    counted = sa.select(TASKS.c.stage, sa.func.count().label("n")).where(TASKS.c.project_hash == project_hash)
    counts = {row["stage"]: row["n"] for row in fetch(connection, counted.group_by(TASKS.c.stage))}
    stages = Workflow.from_dict(project["workflow"]).stages
    return {
        "project_hash": project_hash,
        "title": project["title"],
        "ontology_hash": project["ontology_hash"],
        "dataset_hashes": [row["dataset_hash"] for row in fetch(connection, datasets)],
        "tags": [row["name"] for row in fetch(connection, tags.where(PROJECT_TAGS.c.project_hash == project_hash))],
        "tasks": {f"{stage.title} ({stage.type})": counts.get(stage.uuid, 0) for stage in stages},
        "routed": _routed(connection, project_hash, stages),
    }


def _routed(connection: sa.Connection, project_hash: str, stages: Sequence[Stage]) -> dict[str, dict[str, int]]:
    """Return how many tasks ever went along each pathway of each agent stage."""
    tasks = sa.func.count(TASK_ACTIONS.c.task_uuid.distinct()).label("n")
    counted = sa.select(TASK_ACTIONS.c.pathway, tasks).where(TASK_ACTIONS.c.project_hash == project_hash)
    counts = {row["pathway"]: row["n"] for row in fetch(connection, counted.group_by(TASK_ACTIONS.c.pathway))}
    return {
        stage.title: {pathway.title: counts.get(pathway.uuid, 0) for pathway in stage.pathways}
        for stage in stages
        if stage.type == "AGENT"
    }


def _job(job: Record) -> dict[str, Any]:
    outcome = job["outcome"] or {"done": 0, "errors": [], "cancelled": 0}
    return {
        "uuid": job["uuid"],
        "folder": job["folder"],
        "status": job["status"],
        "units_done": outcome["done"],
        "units_error": len(outcome["errors"]),
        "units_cancelled": outcome["cancelled"],
    }


def seed(ask: Ask) -> Any:
    """Add what a seed document names and the state lacks."""
    if not isinstance(ask.body, dict):
        raise invalid("body: a seed document (a mapping) is expected")
    ask.world.seed(ask.body)
    return {"status": "ok"}


def reset(ask: Ask) -> Any:
    """Go back to the state of a first start."""
    ask.world.reset()
    return {"status": "ok"}


def requests(ask: Ask) -> Any:
    """Return the journal after a number, and how often each call was made since."""
    after = _number(ask, "after") or 0
    with ask.world.transaction() as connection:
        total = journal.totals(connection)["requests"]
        return {
            "total": total, "counts": journal.counts(connection, after), "requests": journal.read(connection, after)
        }  # fmt: skip


def _number(ask: Ask, name: str) -> int | None:
    text = ask.query.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise invalid(f"{name}: {text!r} is not a number")
    return int(text)


def get_switches(ask: Ask) -> Any:
    """Return all switches."""
    return dict(ask.world.switches)


def put_switches(ask: Ask) -> Any:
    """Set some switches."""
    if not isinstance(ask.body, dict):
        raise invalid("body: a mapping of switch names to values is expected")
    with ask.world.transaction() as connection:
        ask.world.switches.change(connection, ask.body)
    return dict(ask.world.switches)


def get_faults(ask: Ask) -> Any:
    """Return the fault rules in force."""
    return ask.world.faults.shown()


def post_faults(ask: Ask) -> Any:
    """Add a list of fault rules, or one; return what was added."""
    if not isinstance(ask.body, (list, dict)):
        raise invalid("body: a list of fault rules is expected")
    documents = ask.body if isinstance(ask.body, list) else [ask.body]
    return [fault.to_dict() for fault in ask.world.faults.add(documents)]


def delete_faults(ask: Ask) -> Any:
    """Delete the rule with the number ``id``, or all rules."""
    ask.world.faults.remove(_number(ask, "id"))
    return ask.world.faults.shown()


CONTROLS = {
    ("GET", "health"): health,
    ("GET", "state"): state,
    ("POST", "seed"): seed,
    ("POST", "reset"): reset,
    ("GET", "requests"): requests,
    ("GET", "switches"): get_switches,
    ("PUT", "switches"): put_switches,
    ("GET", "faults"): get_faults,
    ("POST", "faults"): post_faults,
    ("DELETE", "faults"): delete_faults,
}
