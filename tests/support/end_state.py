"""What a campaign has left behind, free of ids and times: two runs that ended the same give the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from include.benchmark_qa.results.store import open_scores
from include.encord_emulator.store import tables
from include.encord_emulator.store.database import Database, Record, fetch
from include.encord_emulator.workflow.template import Workflow

SOURCE_KEY = "source_key"
SUMMED_UP = ("annotator_email", "submissions", "passes", "mean_score", "decision")


def end_state(db: Path, workspace: Path) -> dict[str, Any]:
    """
    Return what is in Encord and in the workspace, by titles and people.

    Lists are sorted and not made unique: what was made or done twice is there twice.

    :param db: the file of a local Encord that does not run
    """
    return encord_state(db) | workspace_state(workspace)


def encord_state(db: Path) -> dict[str, Any]:
    """Return what a local Encord holds: files, units, projects, where each unit's task is and what was done to it."""
    database = Database(str(db))
    try:
        with database.transaction() as connection:
            return _Content(connection).state()
    finally:
        database.close()


UNTOUCHED = 0.5  # the priority of a task that nobody gave one


class _Content:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._units = {row["data_hash"]: row["title"] for row in self._rows(tables.DATA_ROWS)}
        self._datasets = {row["dataset_hash"]: row["title"] for row in self._rows(tables.DATASETS)}
        self._ontologies = {row["ontology_hash"]: row["title"] for row in self._rows(tables.ONTOLOGIES)}
        self._tags = {row["uuid"]: row["name"] for row in self._rows(tables.TAGS)}

    def state(self) -> dict[str, Any]:
        items, units = self._rows(tables.ITEMS), self._rows(tables.DATA_ROWS)
        return {
            "folders": _grouped(
                (folder["name"], [str((one["client_metadata"] or {}).get(SOURCE_KEY)) for one in items
                                  if one["folder"] == folder["uuid"]])
                for folder in self._rows(tables.FOLDERS)
            ),
            "datasets": _grouped(
                (title, [one["title"] for one in units if one["dataset_hash"] == dataset_hash])
                for dataset_hash, title in self._datasets.items()
            ),
            "ontologies": sorted(self._ontologies.values()),
            "tags": sorted(self._tags.values()),
            "projects": _grouped((one["title"], [self._project(one)]) for one in self._rows(tables.PROJECTS)),
        }  # fmt: skip

    def _project(self, project: Record) -> dict[str, Any]:
        workflow = Workflow.from_dict(project["workflow"])
        stages = {stage.uuid: f"{stage.title} ({stage.type})" for stage in workflow.stages}
        pathways = {pathway.uuid: pathway.title for stage in workflow.stages for pathway in stage.pathways}
        own = {table: self._of(table, project["project_hash"]) for table in _OF_A_PROJECT}
        return {
            "ontology": self._ontologies[project["ontology_hash"]],
            "datasets": sorted(self._datasets[one["dataset_hash"]] for one in own[tables.PROJECT_DATASETS]),
            "people": sorted(f"{one['email']} {one['role']}" for one in own[tables.PROJECT_USERS]),
            "tags": sorted(self._tags[one["tag_uuid"]] for one in own[tables.PROJECT_TAGS]),
            # Where a unit lies in the queue goes by its hash, which is another one each time.
            "tasks": sorted(
                (self._units[one["data_hash"]], stages[one["stage"]], one["priority"] != UNTOUCHED)
                for one in own[tables.TASKS]
            ),
            # Each way that a task ever went: one that went twice is counted twice.
            "routes": sorted(
                (self._units[one["data_hash"]], pathways[one["pathway"]])
                for one in own[tables.TASK_ACTIONS]
                if one["pathway"]
            ),
            "actions": Counter(
                (self._units[one["data_hash"]], stages.get(one["stage"], ""), one["action"], one["actor"])
                for one in own[tables.TASK_ACTIONS]
            ),
            "labels": Counter((self._units[one["data_hash"]], one["branch"] == "main") for one in own[tables.LABELS]),
            "issues": Counter(self._units[one["data_hash"]] for one in own[tables.ISSUES]),
        }

    def _rows(self, table: sa.Table) -> list[Record]:
        return fetch(self._connection, sa.select(table))

    def _of(self, table: sa.Table, project_hash: str) -> list[Record]:
        return fetch(self._connection, sa.select(table).where(table.c.project_hash == project_hash))


_OF_A_PROJECT = (
    tables.PROJECT_DATASETS, tables.PROJECT_USERS, tables.PROJECT_TAGS, tables.TASKS, tables.TASK_ACTIONS,
    tables.LABELS, tables.ISSUES,
)  # fmt: skip


def workspace_state(workspace: Path) -> dict[str, Any]:
    """Return the scores that count, by unit and annotator, the records of actions, and what was published."""
    published = json.loads((workspace / "scorecard.json").read_text(encoding="utf-8"))
    return {
        "scores": sorted(_scores(workspace)),
        "audit": sorted(_audit(workspace)),
        "published": sorted(tuple(_rounded(one[name]) for name in SUMMED_UP) for one in published["annotators"]),
        "not computed": len(published["not_computed"]),
    }


def _scores(workspace: Path) -> list[tuple[Any, ...]]:
    folder = workspace / "scores"
    submissions, verdicts = (sorted((folder / name).glob("*.parquet")) for name in ("submissions", "verdicts"))
    with open_scores(submissions, verdicts) as results:
        found = results.sql(
            "SELECT data_title, annotator_email, round(score, 9), passed, not_computed FROM submissions"
        )
        return found.fetchall()  # rounded: labels come in another order, and sums of them differ in the last digit


def _rounded(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value


def _audit(workspace: Path) -> list[tuple[Any, ...]]:
    """Return each record of an action with what came of it in the end: tries that failed are what a fault leaves."""
    texts = [file.read_text(encoding="utf-8") for file in workspace.glob("actions/**/*.jsonl")]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    ends: dict[str, list[str]] = {}
    for one in lines:
        if one.get("outcome", "failed") != "failed":
            ends.setdefault(one["key"], []).append(one["outcome"])
    return [
        (one["data_title"], " ".join(one["who"]), one["action"], one["target"], *ends.get(one["key"], ()))
        for one in lines
        if "outcome" not in one
    ]


def _grouped(pairs: Any) -> dict[str, list[Any]]:
    """Return what there is under each title; two things of one title are told apart from one with as much."""
    found: dict[str, list[Any]] = {}
    for title, content in pairs:
        found.setdefault(title, []).append(_sorted(content))
    return found


def _sorted(content: Sequence[Any]) -> list[Any]:
    return list(content) if content and isinstance(content[0], Mapping) else sorted(content)
