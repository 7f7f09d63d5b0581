"""What people did, as far as it is shown: up to when, of which units, and in which role."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.store.projects import ADMIN, project_role
from include.encord_emulator.store.tables import DATA_ROWS, PROJECT_DATASETS


def shown_until(call: Call) -> str:
    """Return the moment up to which analytics have caught up (switch ``analytics_delay_s``)."""
    return clock.shift(call.now, -float(call.switches["analytics_delay_s"]))


def units_of(project_hash: str, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query of the data hashes that a project holds now; those of units long gone have no title to show."""
    here = sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == project_hash)
    return sa.select(DATA_ROWS.c.data_hash).where(DATA_ROWS.c.dataset_hash.in_(here), *conditions)


def shown_role(call: Call, project_hash: str, email: str) -> int:
    """Return the role of somebody who worked in a project; who has left it is shown as its admin."""
    role = project_role(call, project_hash, email)
    return ADMIN if role is None else role
