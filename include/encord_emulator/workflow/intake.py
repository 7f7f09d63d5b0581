"""How dataset rows become tasks."""

from __future__ import annotations

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.store.projects import project_workflow
from include.encord_emulator.store.tables import PROJECT_DATASETS, TASKS
from include.encord_emulator.store.units import project_units
from include.encord_emulator.workflow.engine import new_tasks


def take_in_dataset(call: Call, dataset_hash: str) -> None:
    """Give every project with this dataset the tasks it lacks."""
    attached = sa.select(PROJECT_DATASETS.c.project_hash).where(PROJECT_DATASETS.c.dataset_hash == dataset_hash)
    for row in call.fetch(attached):
        take_in_project(call, row["project_hash"])


def take_in_project(call: Call, project_hash: str) -> None:
    """Make a task at the start of the workflow for every data hash that has none."""
    known = sa.select(TASKS.c.data_hash).where(TASKS.c.project_hash == project_hash)
    there = {row["data_hash"] for row in call.fetch(known)}
    units = [unit for unit in project_units(call.connection, project_hash) if unit["data_hash"] not in there]
    visible_at = clock.shift(call.now, call.switches["task_delay_s"])
    new_tasks(call, project_workflow(call.connection, project_hash), project_hash, units, visible_at)
