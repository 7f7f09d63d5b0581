"""Consensus: the subtasks in which several people label one unit, each on a branch, and what becomes of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in, update_in
from include.encord_emulator.store.labels import ensure_label_rows, save_labels
from include.encord_emulator.store.tables import LABELS, SUBTASKS
from include.encord_emulator.workflow.template import Stage
from include.encord_emulator.workflow.words import COMPLETED, MAIN, NEW, REOPENED

_LABEL_ROWS = sa.select(LABELS)


def prepare_subtasks(call: Call, stage: Stage, tasks: Sequence[Record]) -> None:
    """Make the subtasks of tasks that enter consensus annotation, or open again those they have."""
    there = subtasks_of(call, [task["uuid"] for task in tasks])
    again = [subtask["uuid"] for subtasks in there.values() for subtask in subtasks]
    update_in(call.connection, SUBTASKS, "uuid", again, {"status": REOPENED, "updated_at": call.now})
    new = [
        (task, _subtask(call, stage, task, number))
        for task in tasks
        if not there[task["uuid"]]
        for number in range(1, stage.annotators + 1)
    ]
    call.insert(SUBTASKS, *(subtask for _, subtask in new))
    if call.switches["consensus_branch_start"] == "main":
        copy_labels(call, [(task, MAIN, subtask["branch"]) for task, subtask in new])


def subtasks_of(call: Call, task_uuids: Sequence[str]) -> dict[str, list[Record]]:
    """Return the subtasks of tasks, by task and in the order of their making."""
    found: dict[str, list[Record]] = {uuid: [] for uuid in task_uuids}
    statement = sa.select(SUBTASKS).order_by(SUBTASKS.c.seq)
    for row in fetch_in(call.connection, statement, SUBTASKS.c.task_uuid, task_uuids):
        found[row["task_uuid"]].append(row)
    return found


def finish_subtasks(call: Call, pairs: Sequence[tuple[Record, Record]], person: str) -> list[Record]:
    """
    Finish subtasks of one person.

    :param pairs: each task with its subtask.
    :returns: the tasks of which no subtask is left.
    """
    uuids = [subtask["uuid"] for _, subtask in pairs]
    changes = {"status": COMPLETED, "assignee": person, "updated_at": call.now}
    update_in(call.connection, SUBTASKS, "uuid", uuids, changes)
    tasks = {task["uuid"]: task for task, _ in pairs}
    left = subtasks_of(call, list(tasks))
    return [tasks[uuid] for uuid, subtasks in left.items() if all(one["status"] == COMPLETED for one in subtasks)]


def merge_first(call: Call, tasks: Sequence[Record]) -> None:
    """Make the labels of each task's first annotator who saved any those of main."""
    subtasks = subtasks_of(call, [task["uuid"] for task in tasks])
    saved = {key for key, row in _label_rows(call, tasks).items() if row["version"] > 0}
    chosen = []
    for task in tasks:
        branches = [one["branch"] for one in subtasks[task["uuid"]] if (task["data_hash"], one["branch"]) in saved]
        chosen += [(task, branch, MAIN) for branch in branches[:1]]
    copy_labels(call, chosen)


def copy_labels(call: Call, copies: Sequence[tuple[Record, str, str]]) -> None:
    """Copy labels between branches: for each task the branch to copy from, if it has labels, and the one to copy to."""
    rows = _label_rows(call, [task for task, _, _ in copies])
    for task, source, target in copies:
        if (row := rows.get((task["data_hash"], source))) is not None:
            [copy] = ensure_label_rows(call, task["project_hash"], [task["data_hash"]], target)
            save_labels(call, task["project_hash"], [(copy, row["labels"])], call.user)


def label_hashes(call: Call, tasks: Sequence[Record]) -> dict[tuple[str, str], str]:
    """Return the label hashes of tasks' data units, by data hash and branch."""
    chosen = sa.select(LABELS.c.project_hash, LABELS.c.data_hash, LABELS.c.branch, LABELS.c.label_hash)
    return {key: row["label_hash"] for key, row in _label_rows(call, tasks, chosen).items()}


def _label_rows(
    call: Call, tasks: Sequence[Record], chosen: sa.Select[Any] = _LABEL_ROWS
) -> dict[tuple[str, str], Record]:
    """Return the label rows of tasks' data units, by data hash and branch."""
    if not tasks:
        return {}
    rows = chosen.where(LABELS.c.project_hash == tasks[0]["project_hash"])
    found = fetch_in(call.connection, rows, LABELS.c.data_hash, [task["data_hash"] for task in tasks])
    return {(row["data_hash"], row["branch"]): row for row in found}


def _subtask(call: Call, stage: Stage, task: Record, number: int) -> Record:
    """Return a new subtask; that its branch begins with ``encord-`` is documented, the rest is not."""
    per_task = call.switches["consensus_branches"] == "per_task"
    return {
        "uuid": str(uuid4()),
        "task_uuid": task["uuid"],
        "status": NEW,
        "assignee": None,
        "branch": f"encord-{uuid4().hex[:12]}" if per_task else f"encord-{stage.uuid[:8]}-{number}",
        "created_at": call.now,
        "updated_at": call.now,
    }
