"""
The workflow: how tasks come to a stage and what may be done to them there.

A task keeps its uuid for life. Everything here happens in the transaction of one request, so a request that is
refused half-way leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in, update_in
from include.encord_emulator.store.tables import SUBTASKS, TASK_ACTIONS, TASKS
from include.encord_emulator.workflow.template import Stage, Workflow

NEW, ASSIGNED, RELEASED, SKIPPED = "NEW", "ASSIGNED", "RELEASED", "SKIPPED"
REOPENED, COMPLETED = "REOPENED", "COMPLETED"
MAIN = "main"


def new_tasks(call: Call, workflow: Workflow, project_hash: str, units: Sequence[Record], visible_at: str) -> None:
    """Make tasks at the start of the workflow, hidden from everybody until ``visible_at``."""
    records = [
        {
            "uuid": str(uuid4()),
            "project_hash": project_hash,
            "stage": workflow.start,
            "data_hash": unit["data_hash"],
            "dataset_hash": unit["dataset_hash"],
            "status": NEW,
            "assignee": None,
            "last_actioned_by": None,
            "priority": 0.5,
            "visible_at": visible_at,
            "created_at": call.now,
            "updated_at": call.now,
        }
        for unit in units
    ]
    call.insert(TASKS, *records)
    _prepare_subtasks(call, workflow.stage(workflow.start), [record["uuid"] for record in records])


def enter(call: Call, stage: Stage | None, tasks: Sequence[Record], *, returned: bool = False) -> None:
    """
    Put tasks at the entrance of a stage.

    :param returned: whether they come back, by reject or reopen.
    """
    if stage is None or not tasks:
        return
    status = COMPLETED if stage.type == "DONE" else REOPENED if returned else NEW
    changes = {"stage": stage.uuid, "status": status, "assignee": None, "last_actioned_by": call.user}
    uuids = [task["uuid"] for task in tasks]
    update_in(call.connection, TASKS, "uuid", uuids, changes | {"updated_at": call.now})
    _prepare_subtasks(call, stage, uuids)


def _prepare_subtasks(call: Call, stage: Stage | None, task_uuids: Sequence[str]) -> None:
    """Make the subtasks of tasks that enter consensus annotation, or open again those they have."""
    if stage is None or stage.type != "CONSENSUS_ANNOTATION":
        return
    rows = fetch_in(call.connection, sa.select(SUBTASKS), SUBTASKS.c.task_uuid, task_uuids)
    there = {row["task_uuid"] for row in rows}
    changes = {"status": REOPENED, "updated_at": call.now}
    update_in(call.connection, SUBTASKS, "task_uuid", sorted(there), changes)
    records = [
        {
            "uuid": str(uuid4()),
            "task_uuid": uuid,
            "status": NEW,
            "assignee": None,
            "branch": f"encord-{uuid4().hex[:12]}",
            "created_at": call.now,
            "updated_at": call.now,
        }
        for uuid in task_uuids
        if uuid not in there
        for _ in range(stage.annotators)
    ]
    call.insert(SUBTASKS, *records)


def give_back(call: Call, stage: Stage, task: Record) -> None:
    """Assign a rejected task to whoever submitted it from ``stage`` last."""
    submitted = sa.select(TASK_ACTIONS.c.actor).where(
        TASK_ACTIONS.c.task_uuid == task["uuid"], TASK_ACTIONS.c.stage == stage.uuid, TASK_ACTIONS.c.action == "submit"
    )
    if (last := call.fetch_one(submitted.order_by(TASK_ACTIONS.c.seq.desc()))) is not None:
        change_task(call, task["uuid"], assignee=last["actor"])


def record_actions(
    call: Call, action: str, tasks: Sequence[Record], actor: str | None = None, pathway: str | None = None
) -> None:
    """Write down who did what, and along which pathway; ``action`` is in the words of the task actions listing."""
    records = [
        {
            "at": call.now,
            "action": action,
            "project_hash": task["project_hash"],
            "stage": task["stage"],
            "task_uuid": task["uuid"],
            "data_hash": task["data_hash"],
            "actor": actor or call.user,
            "pathway": pathway,
        }
        for task in tasks
    ]
    call.insert(TASK_ACTIONS, *records)


def change_task(call: Call, uuid: str, **changes: str | None) -> None:
    """Change a task where it is."""
    update_in(call.connection, TASKS, "uuid", [uuid], changes | {"updated_at": call.now})


def change_subtask(call: Call, uuid: str, **changes: str | None) -> None:
    """Change a subtask."""
    update_in(call.connection, SUBTASKS, "uuid", [uuid], changes | {"updated_at": call.now})


def submit_subtask(call: Call, workflow: Workflow, stage: Stage, task: Record, subtask: Record) -> None:
    """Finish one annotator's part; the task goes on to review with the last one."""
    change_subtask(call, subtask["uuid"], status=COMPLETED, assignee=subtask["assignee"] or call.user)
    left = sa.select(SUBTASKS.c.uuid).where(SUBTASKS.c.task_uuid == task["uuid"], SUBTASKS.c.status != COMPLETED)
    if call.fetch_one(left) is None:
        enter(call, workflow.stage(stage.onward), [task])
