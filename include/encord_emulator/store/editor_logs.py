"""
Editor logs: what people do to labels and tasks in the label editor, written as they work.

The shapes are the SDK's (``orm/editor_log.py``). Of the names of actions Encord's documentation was at hand only as
far as ``CREATE_OBJECT``; the others are formed after it. Nothing but work in the web app is written here: an upload
of labels through the API is no work in the editor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid4, uuid5

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.drawn import Drawn, drawn_labels
from include.encord_emulator.store.tables import EDITOR_LOGS, LABELS

if TYPE_CHECKING:
    from include.encord_emulator.workflow.queue import Work


def note_labels(call: Call, work: Work, before: Record, seconds: float) -> None:
    """
    Write down what became of the labels of a piece of work that was just saved.

    :param before: the label row as it was before.
    :param seconds: how long the work took; each label drawn gets the same share.
    """
    row = call.fetch_one(sa.select(LABELS).where(LABELS.c.label_hash == before["label_hash"]))
    old, new = drawn_labels(before["labels"]), drawn_labels(row["labels"] if row is not None else {})
    changes = list(_changes(old, new))
    share = round(1000 * seconds / len(changes)) if changes else 0
    common = _common(call, work, before["label_hash"]) | {"time_taken_ms": share}
    entries = (
        {"category": drawn.category, "action": f"{verb}_{drawn.category.upper()}", "label": drawn.attributes}
        for verb, drawn in changes
    )
    call.insert(EDITOR_LOGS, *(common | entry | {"uuid": str(uuid4())} for entry in entries))


def note_task(call: Call, work: Work, action: str) -> None:
    """Write down what was done to a task, such as ``SUBMIT``, ``SKIP``, ``APPROVE`` or ``REJECT``."""
    key = {"project_hash": work.target.task["project_hash"], "data_hash": work.target.task["data_hash"]}
    row = call.fetch_one(sa.select(LABELS.c.label_hash).filter_by(**key, branch=work.branch))
    entry = {"uuid": str(uuid4()), "category": "task", "action": f"{action}_TASK", "label": None, "time_taken_ms": None}
    call.insert(EDITOR_LOGS, _common(call, work, row["label_hash"] if row is not None else "") | entry)


def _changes(old: dict[str, Drawn], new: dict[str, Drawn]) -> Iterator[tuple[str, Drawn]]:
    """Yield a verb and a label for each label that was made, altered or removed."""
    for key, drawn in new.items():
        if key not in old:
            yield "CREATE", drawn
        elif old[key].content != drawn.content:
            yield "EDIT", drawn
    for key, drawn in old.items():
        if key not in new:
            yield "DELETE", drawn


def _common(call: Call, work: Work, label_hash: str) -> Record:
    """Return what all entries of one handing-in share."""
    task = work.target.task
    return {
        "project_hash": task["project_hash"],
        "stage": work.stage.uuid,
        "task_uuid": work.uuid,
        "data_hash": task["data_hash"],
        "branch": work.branch,
        "label_hash": label_hash,
        "actor": call.user,
        # One opening of the editor: nothing but handing in tells of it.
        "session": str(uuid5(NAMESPACE_URL, f"encord-emulator/session/{work.uuid}/{call.user}/{call.now}")),
        "at": call.now,
    }
