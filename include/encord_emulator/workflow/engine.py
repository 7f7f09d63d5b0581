"""
The workflow: how tasks come to a stage, and what is written down of it.

Everything here happens in the transaction of one request, so a request that is refused half-way leaves nothing behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in, update_in
from include.encord_emulator.store.tables import LABEL_REVIEWS, SUBTASKS, TASK_ACTIONS, TASKS
from include.encord_emulator.workflow import consensus, label_reviews
from include.encord_emulator.workflow.template import Stage, Workflow
from include.encord_emulator.workflow.words import COMPLETED, NEW, REOPENED

ORDINARY_PRIORITY = 0.5


def new_tasks(call: Call, workflow: Workflow, project_hash: str, units: Sequence[Record], visible_at: str) -> None:
    """
    Make tasks at the start of the workflow, hidden from everybody until ``visible_at``.

    :param units: ``data_hash`` and ``dataset_hash`` of each.
    """
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
            "priority": ORDINARY_PRIORITY,
            "visible_at": visible_at,
            "created_at": call.now,
            "updated_at": call.now,
        }
        for unit in units
    ]
    call.insert(TASKS, *records)
    _make_ready(call, workflow.stage(workflow.start), records)


def send(
    call: Call, workflow: Workflow, destination: str, tasks: Sequence[Record], person: str, *, returned: bool = False
) -> None:
    """
    Send tasks on to a stage, or through a router to several.

    :param person: who worked on them, for routers that ask.
    :param returned: whether they come back, by reject.
    """
    parted: dict[Stage, list[Record]] = defaultdict(list)
    for task in tasks:
        parted[workflow.destination(destination, task["data_hash"], person)].append(task)
    for stage, chosen in parted.items():
        enter(call, stage, chosen, returned=returned)
        if returned and stage.type == "ANNOTATION" and call.switches["rejected_goes_to"] == "submitter":
            _give_back(call, stage, chosen)


def enter(call: Call, stage: Stage | None, tasks: Sequence[Record], *, returned: bool = False) -> None:
    """
    Put tasks at the entrance of a stage.

    :param returned: whether they come back, by reject or reopen.
    """
    if stage is None or not tasks:
        return
    if call.switches["task_uuid"] == "renewed":
        tasks = _renewed(call, tasks)
    status = COMPLETED if stage.type == "DONE" else REOPENED if returned else NEW
    changes: Record = {"stage": stage.uuid, "status": status, "assignee": None, "last_actioned_by": call.user}
    if call.switches["task_priority"] == "renewed":
        changes["priority"] = ORDINARY_PRIORITY
    update_in(call.connection, TASKS, "uuid", [task["uuid"] for task in tasks], changes | {"updated_at": call.now})
    _make_ready(call, stage, tasks)


def _make_ready(call: Call, stage: Stage | None, tasks: Sequence[Record]) -> None:
    """Make what tasks need at the stage they came to."""
    if stage is not None and stage.type == "CONSENSUS_ANNOTATION":
        consensus.prepare_subtasks(call, stage, tasks)
    if stage is not None and stage.type == "REVIEW":
        label_reviews.open_reviews(call, stage, tasks)


def _renewed(call: Call, tasks: Sequence[Record]) -> list[Record]:
    """Give tasks new uuids; what is on record of them keeps the old ones."""
    pairs = [{"old": task["uuid"], "new": str(uuid4())} for task in tasks]
    for column in (TASKS.c.uuid, SUBTASKS.c.task_uuid, LABEL_REVIEWS.c.task_uuid):
        update = column.table.update().where(column == sa.bindparam("old"))
        call.connection.execute(update.values({column.name: sa.bindparam("new")}), pairs)
    return [task | {"uuid": pair["new"]} for task, pair in zip(tasks, pairs, strict=True)]


def _give_back(call: Call, stage: Stage, tasks: Sequence[Record]) -> None:
    """Assign rejected tasks to whoever submitted them from ``stage`` last."""
    submitted = sa.select(TASK_ACTIONS.c.data_hash, TASK_ACTIONS.c.actor).where(
        TASK_ACTIONS.c.project_hash == tasks[0]["project_hash"],
        TASK_ACTIONS.c.stage == stage.uuid,
        TASK_ACTIONS.c.action == "submit",
    )
    hashes = [task["data_hash"] for task in tasks]
    rows = fetch_in(call.connection, submitted.order_by(TASK_ACTIONS.c.seq), TASK_ACTIONS.c.data_hash, hashes)
    owners: dict[str, list[str]] = defaultdict(list)
    for data_hash, person in {row["data_hash"]: row["actor"] for row in rows}.items():
        owners[person].append(data_hash)
    here = TASKS.c.project_hash == tasks[0]["project_hash"]
    for person, his in owners.items():
        chosen = fetch_in(call.connection, sa.select(TASKS.c.uuid).where(here), TASKS.c.data_hash, his)
        update_in(call.connection, TASKS, "uuid", [task["uuid"] for task in chosen], {"assignee": person})


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
