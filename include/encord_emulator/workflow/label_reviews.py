"""
Reviews of single labels: one for each label that a task brings into a review stage.

They are NEW until somebody decides, APPROVED or REJECTED then; submitting a rejected task again makes its rejected ones
RESOLVED, and a reviewer may have any REOPENED.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import Record, fetch_in, update_in
from include.encord_emulator.store.drawn import drawn_labels
from include.encord_emulator.store.tables import LABEL_REVIEWS, LABELS
from include.encord_emulator.wire.actions import AnyLabelAction, RejectLabel
from include.encord_emulator.workflow.template import Stage
from include.encord_emulator.workflow.words import APPROVED, MAIN, NEW, REJECTED, REOPENED, RESOLVED

UNDECIDED = {NEW, REOPENED, RESOLVED}
_STATUS_AFTER = {"APPROVE": APPROVED, "REJECT": REJECTED, "REOPEN": REOPENED}


def open_reviews(call: Call, stage: Stage, tasks: Sequence[Record]) -> None:
    """Make what is reviewed of tasks that enter a review stage."""
    if call.switches["label_reviews_on_return"] == "reopened":
        decide(call, stage.uuid, tasks, {APPROVED, REJECTED, RESOLVED}, REOPENED)
    match_labels(call, stage, tasks)


def match_labels(call: Call, stage: Stage, tasks: Sequence[Record]) -> None:
    """Give each label of tasks in review its review, and drop those of labels that are gone."""
    here = LABEL_REVIEWS.c.stage == stage.uuid
    known: dict[str, dict[str, Record]] = {task["uuid"]: {} for task in tasks}
    for row in fetch_in(call.connection, sa.select(LABEL_REVIEWS).where(here), LABEL_REVIEWS.c.task_uuid, list(known)):
        known[row["task_uuid"]][row["label_id"]] = row
    labels = _labels_on_main(call, tasks)
    gone: list[str] = []
    new: list[Record] = []
    for task in tasks:
        there, present = known[task["uuid"]], labels.get(task["data_hash"], {})
        gone += [row["uuid"] for label_id, row in there.items() if label_id not in present]
        new += [
            _review(call, stage, task, label_id, label_type)
            for label_id, label_type in present.items()
            if label_id not in there
        ]
    for uuid in gone:
        call.connection.execute(LABEL_REVIEWS.delete().where(LABEL_REVIEWS.c.uuid == uuid))
    call.insert(LABEL_REVIEWS, *new)


def decide(call: Call, stage: str | None, tasks: Sequence[Record], old: set[str], new: str) -> None:
    """
    Give the reviews of tasks that have one of the ``old`` statuses the ``new`` one.

    :param stage: uuid of the review stage, ``None`` for all.
    """
    chosen = sa.select(LABEL_REVIEWS.c.uuid).where(LABEL_REVIEWS.c.status.in_(sorted(old)))
    if stage is not None:
        chosen = chosen.where(LABEL_REVIEWS.c.stage == stage)
    rows = fetch_in(call.connection, chosen, LABEL_REVIEWS.c.task_uuid, [task["uuid"] for task in tasks])
    changes = {"status": new, "updated_at": call.now}
    update_in(call.connection, LABEL_REVIEWS, "uuid", [row["uuid"] for row in rows], changes)


def require_decided(call: Call, stage: Stage, tasks: Sequence[Record]) -> None:
    """Refuse tasks of whose single labels somebody has yet to decide at the stage."""
    for task_uuid, reviews in reviews_of(call, stage, [task["uuid"] for task in tasks]).items():
        if any(review["status"] in UNDECIDED for review in reviews):
            raise invalid(f"task {task_uuid} has reviews of single labels that are not decided")


def act_on_reviews(call: Call, stage: Stage, task_uuid: str, actions: Sequence[AnyLabelAction]) -> None:
    """Decide single reviews of a task at a stage, all or, if one is not the task's, none."""
    known = {row["uuid"] for row in reviews_of(call, stage, [task_uuid])[task_uuid]}
    for action in actions:
        if action.review_uuid not in known:
            raise invalid(f"label review {action.review_uuid} is not one of task {task_uuid}")
        changes: Record = {"status": _STATUS_AFTER[action.action], "updated_at": call.now}
        if isinstance(action, RejectLabel):
            changes |= {"comment": action.comment, "comment_tags": action.comment_tags}
        chosen = LABEL_REVIEWS.c.uuid == action.review_uuid
        call.connection.execute(LABEL_REVIEWS.update().where(chosen).values(**changes))


def reviews_of(call: Call, stage: Stage, task_uuids: Sequence[str]) -> dict[str, list[Record]]:
    """Return the reviews of tasks at a stage, by task and oldest first."""
    statement = sa.select(LABEL_REVIEWS).where(LABEL_REVIEWS.c.stage == stage.uuid).order_by(LABEL_REVIEWS.c.seq)
    found: dict[str, list[Record]] = {uuid: [] for uuid in task_uuids}
    for row in fetch_in(call.connection, statement, LABEL_REVIEWS.c.task_uuid, task_uuids):
        found[row["task_uuid"]].append(row)
    return found


def _labels_on_main(call: Call, tasks: Sequence[Record]) -> dict[str, dict[str, str]]:
    """Return for each data hash its labels: their ids, and whether they are objects or classifications."""
    if not tasks:
        return {}
    on_main = sa.select(LABELS.c.data_hash, LABELS.c.labels).where(
        LABELS.c.project_hash == tasks[0]["project_hash"], LABELS.c.branch == MAIN
    )
    rows = fetch_in(call.connection, on_main, LABELS.c.data_hash, [task["data_hash"] for task in tasks])
    return {
        row["data_hash"]: {name: drawn.category.capitalize() for name, drawn in drawn_labels(row["labels"]).items()}
        for row in rows
    }


def _review(call: Call, stage: Stage, task: Record, label_id: str, label_type: str) -> Record:
    return {
        "uuid": str(uuid4()),
        "stage": stage.uuid,
        "task_uuid": task["uuid"],
        "label_type": label_type,
        "label_id": label_id,
        "status": NEW,
        "comment": None,
        "comment_tags": None,
        "created_at": call.now,
        "updated_at": call.now,
    }
