"""How far a data unit has come, in the words of the time before workflows: ``label_status`` and task status."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.projects import project_workflow
from include.encord_emulator.store.tables import TASKS
from include.encord_emulator.workflow import words
from include.encord_emulator.workflow.template import Stage

NOT_LABELLED, IN_PROGRESS, LABELLED, REVIEWED = "NOT_LABELLED", "LABEL_IN_PROGRESS", "LABELLED", "REVIEWED"
_REVIEWS = {"REVIEW", "CONSENSUS_REVIEW"}


def task_status(stage: Stage, task: Record) -> str:
    """Return the annotation task status of a task; Encord's SDK shows it for projects without workflow only."""
    if stage.type == "DONE":
        return "COMPLETED"
    if stage.type in _REVIEWS:
        return "IN_REVIEW"
    if task["status"] == words.REOPENED:
        return "RETURNED"
    return "ASSIGNED" if task["assignee"] else "QUEUED"


def label_status(label: Record | None, of_unit: str | None) -> str:
    """
    Return the label status of a label row.

    Initialising sets it to LABEL_IN_PROGRESS (docstring of ``initialise_labels``); what comes after is a guess.

    :param of_unit: what ``unit_statuses`` says of its data unit.
    """
    if label is None:
        return NOT_LABELLED
    return of_unit or (LABELLED if label["labelled"] else IN_PROGRESS)


def unit_statuses(call: Call, project_hash: str, data_hashes: Sequence[str]) -> dict[str, str]:
    """Return the label status of data units by how far their tasks are; nothing unless the switch says so."""
    if call.switches["label_status"] == "labels":
        return {}
    stages = {stage.uuid: stage for stage in project_workflow(call.connection, project_hash).stages}
    reviewed = any(stage.type in _REVIEWS for stage in stages.values())
    statement = sa.select(TASKS.c.data_hash, TASKS.c.stage).where(TASKS.c.project_hash == project_hash)
    statuses = {}
    for task in fetch_in(call.connection, statement, TASKS.c.data_hash, data_hashes):
        kind = stages[task["stage"]].type
        done = REVIEWED if reviewed else LABELLED
        statuses[task["data_hash"]] = LABELLED if kind in _REVIEWS else done if kind == "DONE" else IN_PROGRESS
    return statuses
