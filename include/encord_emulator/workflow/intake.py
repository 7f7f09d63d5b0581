"""Keeping the tasks of projects in line with the rows of their datasets."""

from __future__ import annotations

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.store.projects import project_workflow
from include.encord_emulator.store.removal import remove_units
from include.encord_emulator.store.tables import DATA_ROWS, PROJECT_DATASETS, TASKS
from include.encord_emulator.workflow.engine import new_tasks


def take_in_dataset(call: Call, dataset_hash: str) -> None:
    """Bring the tasks of every project with this dataset in line with its rows."""
    attached = sa.select(PROJECT_DATASETS.c.project_hash).where(PROJECT_DATASETS.c.dataset_hash == dataset_hash)
    for row in call.fetch(attached):
        take_in_project(call, row["project_hash"])


def take_in_project(call: Call, project_hash: str) -> None:
    """
    Make a task at the start of the workflow for every data hash that has none.

    Tasks whose rows are gone go too, with their labels: that detaching a dataset takes its tasks away is documented.
    """
    rows = sa.select(DATA_ROWS.c.data_hash).where(DATA_ROWS.c.dataset_hash.in_(_datasets(project_hash)))
    left = sa.select(TASKS.c.data_hash).where(TASKS.c.project_hash == project_hash, TASKS.c.data_hash.not_in(rows))
    remove_units(call.connection, project_hash, [task["data_hash"] for task in call.fetch(left)])
    known = sa.select(TASKS.c.data_hash).where(TASKS.c.project_hash == project_hash)
    lacking = (
        sa.select(DATA_ROWS.c.data_hash, DATA_ROWS.c.dataset_hash)
        .where(DATA_ROWS.c.dataset_hash.in_(_datasets(project_hash)), DATA_ROWS.c.data_hash.not_in(known))
        .order_by(DATA_ROWS.c.seq)
    )
    # A data hash may be in two datasets of the project; the older row counts.
    units = {unit["data_hash"]: unit for unit in reversed(call.fetch(lacking))}
    visible_at = clock.shift(call.now, call.switches["task_delay_s"])
    workflow = project_workflow(call.connection, project_hash)
    new_tasks(call, workflow, project_hash, list(reversed(units.values())), visible_at)


def _datasets(project_hash: str) -> sa.Select[tuple[str]]:
    return sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == project_hash)
