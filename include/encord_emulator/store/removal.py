"""
Taking things away together with all that hangs on them.

A table says by the names of its columns what its rows hang on (``project_hash``, ``task_uuid``, ``group_hash``, ...),
so a new table is cleaned up without being named here.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from include.encord_emulator.store.database import IN_LIST_LIMIT
from include.encord_emulator.store.tables import EDITOR_LOGS, METADATA, TASK_ACTIONS, TASKS, TIME_SPENT

HISTORY = (TASK_ACTIONS, TIME_SPENT, EDITOR_LOGS)
"""What people did stays written down when a data unit goes."""


def remove_where(connection: sa.Connection, column: str, value: str) -> None:
    """Remove the rows of every table whose ``column`` is ``value``."""
    for table in METADATA.sorted_tables:
        if column in table.c:
            connection.execute(table.delete().where(table.c[column] == value))


def remove_project(connection: sa.Connection, project_hash: str) -> None:
    """Remove a project with its tasks, labels, members, issues and history; datasets and ontology stay."""
    _remove_of_tasks(connection, TASKS.c.project_hash == project_hash)
    remove_where(connection, "project_hash", project_hash)


def remove_units(connection: sa.Connection, project_hash: str, data_hashes: Sequence[str]) -> None:
    """Remove the tasks, labels and issues of data units from a project."""
    for start in range(0, len(data_hashes), IN_LIST_LIMIT):
        chosen = data_hashes[start : start + IN_LIST_LIMIT]
        _remove_of_tasks(connection, (TASKS.c.project_hash == project_hash) & TASKS.c.data_hash.in_(chosen))
        for table in METADATA.sorted_tables:
            if {"project_hash", "data_hash"} <= set(table.c.keys()) and table not in HISTORY:
                here = (table.c.project_hash == project_hash) & table.c.data_hash.in_(chosen)
                connection.execute(table.delete().where(here))


def _remove_of_tasks(connection: sa.Connection, tasks: sa.ColumnElement[bool]) -> None:
    """Remove what names its task, such as subtasks and label reviews."""
    uuids = sa.select(TASKS.c.uuid).where(tasks)
    for table in METADATA.sorted_tables:
        if "task_uuid" in table.c and table not in HISTORY:
            connection.execute(table.delete().where(table.c.task_uuid.in_(uuids)))
