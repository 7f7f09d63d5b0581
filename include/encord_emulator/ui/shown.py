"""Work as the editor opens with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.labels import empty_part, whole_blob
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.labels import blobs
from include.encord_emulator.store.tables import LABELS
from include.encord_emulator.store.units import parts_of, project_units
from include.encord_emulator.wire.tasks import consensus_options, label_review_dto
from include.encord_emulator.workflow.consensus import subtasks_of
from include.encord_emulator.workflow.label_reviews import reviews_of
from include.encord_emulator.workflow.queue import Work

Branches = dict[tuple[str, str], Record]
"""Saved label rows by data hash and branch."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the works of one request need, fetched once for all."""

    units: dict[str, Record]
    children: dict[str, list[Record]]
    labels: Branches
    subtasks: dict[str, list[Record]]
    reviews: dict[str, list[Record]]


def shown(call: Call, project_hash: str, works: Sequence[Work]) -> list[dict[str, Any]]:
    """Return pieces of work with their label rows, and what a reviewer has to decide on."""
    hashes = list({work.target.task["data_hash"] for work in works})
    units = {unit["data_hash"]: unit for unit in project_units(call.connection, project_hash, hashes)}
    statement = sa.select(LABELS).where(LABELS.c.project_hash == project_hash, LABELS.c.version > 0)
    saved = fetch_in(call.connection, statement, LABELS.c.data_hash, hashes)
    shelf = Shelf(
        units,
        parts_of(call.connection, list(units.values())),
        {(row["data_hash"], row["branch"]): row for row in saved},
        subtasks_of(call, [work.uuid for work in works if work.stage.type == "CONSENSUS_REVIEW"]),
        _reviews(call, works),
    )
    return [_work_dto(call, project_hash, work, shelf) for work in works]


def _reviews(call: Call, works: Sequence[Work]) -> dict[str, list[Record]]:
    """Return the reviews of single labels of those works that are at a review stage."""
    found: dict[str, list[Record]] = {}
    for stage in {work.stage for work in works if work.stage.type == "REVIEW"}:
        found |= reviews_of(call, stage, [work.uuid for work in works if work.stage is stage])
    return found


def _work_dto(call: Call, project_hash: str, work: Work, shelf: Shelf) -> dict[str, Any]:
    unit = shelf.units[work.target.task["data_hash"]]
    row = shelf.labels.get((unit["data_hash"], work.branch))
    blank = {"label_hash": None, "branch": work.branch, "labels": empty_part()}
    moments = {"created_at": call.now, "edited_at": call.now}
    return {
        "task_uuid": work.uuid,
        "stage_uuid": work.stage.uuid,
        "stage_title": work.stage.title,
        "stage_type": work.stage.type,
        "data_hash": unit["data_hash"],
        "data_title": unit["title"],
        "data_type": unit["data_type"],
        "dataset_hash": unit["dataset_hash"],
        "dataset_title": unit["dataset_title"],
        "label_branch_name": work.branch,
        "width": unit["media"]["width"],
        "height": unit["media"]["height"],
        "frames": unit["media"]["frames"],
        "object_urls": unit["url_key"].split("\n"),
        "labels": blobs(call, project_hash, [row])[0] if row is not None else None,
        "label_row": whole_blob(unit, shelf.children.get(unit["item_uuid"]), blank | moments),
        **_judged(call, project_hash, work, shelf),
    }


def _judged(call: Call, project_hash: str, work: Work, shelf: Shelf) -> dict[str, Any]:
    """Return what only reviewers see: reviews of single labels, or in consensus what each annotator made."""
    if work.stage.type == "REVIEW":
        return {
            "label_reviews": [
                label_review_dto(review) | {"comment": review["comment"], "commentTags": review["comment_tags"]}
                for review in shelf.reviews[work.uuid]
            ]
        }
    if work.stage.type != "CONSENSUS_REVIEW":
        return {}
    task = work.target.task
    hashes = {key: row["label_hash"] for key, row in shelf.labels.items()}
    options = consensus_options(task, shelf.subtasks[work.uuid], hashes)
    for option in options:
        row = shelf.labels.get((task["data_hash"], option["labelBranchName"]))
        option["labels"] = blobs(call, project_hash, [row])[0] if row is not None else None
    return {"options": options}
