"""Copying what a project holds: its datasets, its labels, and who may enter it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.projects import project_workflow
from include.encord_emulator.store.tables import (
    DATA_ROWS,
    DATASETS,
    LABELS,
    PROJECT_DATASETS,
    PROJECT_GROUPS,
    PROJECT_USERS,
    TASKS,
)
from include.encord_emulator.wire.project_copy import CopyLabels

DataHashes = Mapping[str, str]
"""Data hash in the old project to data hash in the new one."""


def clone_data(
    call: Call, source: str, title: str, description: str, chosen: Mapping[str, Sequence[str]]
) -> tuple[str, dict[str, str]]:
    """
    Make one dataset of the data units of a project and return its hash and the new data hashes by the old.

    :param chosen: data hashes by dataset; empty takes everything.
    """
    attached = sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == source)
    rows = call.fetch(sa.select(DATA_ROWS).where(DATA_ROWS.c.dataset_hash.in_(attached)).order_by(DATA_ROWS.c.seq))
    wanted = {dataset_hash: set(data_hashes) for dataset_hash, data_hashes in chosen.items()}
    kept = [row for row in rows if not wanted or row["data_hash"] in wanted.get(row["dataset_hash"], ())]
    dataset_hash = str(uuid4())
    texts = {"title": title, "description": description, "backing_folder": None, "owner": call.user}
    call.insert(DATASETS, texts | {"dataset_hash": dataset_hash, "created_at": call.now, "edited_at": call.now})
    renewed = {row["data_hash"]: str(uuid4()) for row in kept}
    once = {row["data_hash"]: row for row in kept}
    place = {"dataset_hash": dataset_hash, "created_at": call.now}
    call.insert(DATA_ROWS, *(_copied(row, place | {"data_hash": renewed[old]}) for old, row in once.items()))
    return dataset_hash, renewed


def copy_labels(call: Call, source: str, target: str, data_hashes: DataHashes, wanted: CopyLabels) -> None:
    """Copy the label rows of all branches for the data units that both projects hold, under new label hashes."""
    statement = sa.select(LABELS).where(LABELS.c.project_hash == source).order_by(LABELS.c.seq)
    labels = fetch_in(call.connection, statement, LABELS.c.data_hash, list(data_hashes))
    if wanted.accepted_label_hashes is not None:
        accepted = set(wanted.accepted_label_hashes)
        labels = [row for row in labels if row["label_hash"] in accepted]
    if wanted.accepted_label_statuses is not None:
        states = _approval_states(call, source)
        labels = [row for row in labels if states.get(row["data_hash"]) in wanted.accepted_label_statuses]
    call.insert(LABELS, *(_copied_label(row, target, data_hashes[row["data_hash"]]) for row in labels))


def copy_people(call: Call, source: str, target: str) -> None:
    """Copy users and groups with their roles; the caller is the new project's admin already."""
    for table in (PROJECT_USERS, PROJECT_GROUPS):
        people = call.fetch(sa.select(table).where(table.c.project_hash == source).order_by(table.c.seq))
        copies = (_copied(row, {"project_hash": target}) for row in people if row.get("email") != call.user)
        call.insert(table, *copies)


def _copied(row: Record, changes: dict[str, Any]) -> Record:
    return {name: value for name, value in row.items() if name != "seq"} | changes


def _copied_label(row: Record, project_hash: str, data_hash: str) -> Record:
    part = dict(row["labels"])
    units = part.get("data_units") or {}
    # Most types have one data unit under the data hash itself; the frames of an image group keep their own hashes.
    part["data_units"] = {data_hash if key == row["data_hash"] else key: unit for key, unit in units.items()}
    changes = {"label_hash": str(uuid4()), "project_hash": project_hash, "data_hash": data_hash, "labels": part}
    return _copied(row, changes)


def _approval_states(call: Call, project_hash: str) -> dict[str, str]:
    """
    Return the ``ReviewApprovalState`` of the labels of each data unit.

    The state is one of single labels at Encord; here the task tells it: done is approved, in review is pending, sent
    back is rejected.
    """
    types = {stage.uuid: stage.type for stage in project_workflow(call.connection, project_hash).stages}
    tasks = call.fetch(sa.select(TASKS).where(TASKS.c.project_hash == project_hash))
    return {task["data_hash"]: _approval_state(types.get(task["stage"], ""), task["status"]) for task in tasks}


def _approval_state(stage_type: str, status: str) -> str:
    if stage_type == "DONE":
        return "APPROVED"
    if stage_type in {"REVIEW", "CONSENSUS_REVIEW"}:
        return "PENDING"
    return "REJECTED" if status == "REOPENED" else "NOT_SELECTED_FOR_REVIEW"
