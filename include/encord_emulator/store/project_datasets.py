"""The datasets of a project: attaching them makes tasks, detaching them takes tasks and labels away."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import update_in
from include.encord_emulator.store.removal import remove_units
from include.encord_emulator.store.tables import PROJECT_DATASETS, TASKS
from include.encord_emulator.store.units import project_units
from include.encord_emulator.workflow.intake import take_in_project


def attached(call: Call, project_hash: str) -> list[str]:
    """Return the hashes of the datasets of a project, in the order they were attached."""
    statement = sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == project_hash)
    return [row["dataset_hash"] for row in call.fetch(statement.order_by(PROJECT_DATASETS.c.seq))]


def attach(call: Call, project_hash: str, dataset_hashes: Sequence[str]) -> None:
    """Attach datasets that are not attached yet, and make the tasks."""
    there = set(attached(call, project_hash))
    new = [dataset_hash for dataset_hash in dict.fromkeys(dataset_hashes) if dataset_hash not in there]
    call.insert(PROJECT_DATASETS, *({"project_hash": project_hash, "dataset_hash": item} for item in new))
    take_in_project(call, project_hash)


def detach(call: Call, project_hash: str, dataset_hashes: Sequence[str]) -> None:
    """
    Detach datasets, and remove the tasks, labels and issues of the units that are gone with them.

    Encord's documentation says so of the tasks; of the labels nobody tells. A unit that another dataset of the
    project holds as well stays as it is.
    """
    before = {unit["data_hash"] for unit in project_units(call.connection, project_hash)}
    for dataset_hash in dataset_hashes:
        key = {"project_hash": project_hash, "dataset_hash": dataset_hash}
        call.connection.execute(PROJECT_DATASETS.delete().filter_by(**key))
    left = {unit["data_hash"]: unit["dataset_hash"] for unit in project_units(call.connection, project_hash)}
    remove_units(call.connection, project_hash, sorted(before - set(left)))
    _rehome(call, project_hash, dataset_hashes, left)


def _rehome(call: Call, project_hash: str, dataset_hashes: Sequence[str], left: dict[str, str]) -> None:
    """Let the tasks that stay name a dataset of theirs that is still attached."""
    for dataset_hash in dataset_hashes:
        key = {"project_hash": project_hash, "dataset_hash": dataset_hash}
        for task in call.fetch(sa.select(TASKS).filter_by(**key)):
            update_in(call.connection, TASKS, "uuid", [task["uuid"]], {"dataset_hash": left[task["data_hash"]]})
