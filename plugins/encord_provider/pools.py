"""The Airflow pools in which tasks call Encord: how they are called, and how missing ones are made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Tasks that call Encord at the same time; one that creates, since runs that meet would wait for each other anyway.
CALL_SLOTS = 8
CREATE_SLOTS = 1
_CREATE = "_create"


def call_pool(conn_id: str) -> str:
    """
    Return the pool of the tasks that call Encord through an Airflow connection: the connection's name.

    What Airflow cannot put into the names of its metrics becomes ``_``, so that it does not warn every few seconds.
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "_", conn_id)


def create_pool(conn_id: str) -> str:
    """Return the pool of the tasks that create projects through an Airflow connection."""
    return f"{call_pool(conn_id)}{_CREATE}"


def make_missing_pools(names: Iterable[str], session: Session) -> list[str]:
    """
    Make the pools that are not there and return their names; what somebody set stays as it is.

    Nothing is committed. Others may do the same at the same time: each pool is made once.
    """
    from airflow.models.pool import Pool
    from sqlalchemy import select

    wanted = set(names)
    there = set(session.scalars(select(Pool.pool).where(Pool.pool.in_(wanted))))
    return [name for name in sorted(wanted - there) if _insert(name, session)]


def _insert(name: str, session: Session) -> bool:
    from airflow.models.pool import Pool
    from sqlalchemy import insert
    from sqlalchemy.exc import IntegrityError

    creates = name.endswith(_CREATE)
    pool = insert(Pool).values(
        pool=name,
        slots=CREATE_SLOTS if creates else CALL_SLOTS,
        description=f"Benchmark QA: tasks that {'create projects in' if creates else 'call'} Encord at the same time",
        include_deferred=False,
    )
    connection = session.connection()
    try:
        # The connection's own savepoint: the scheduler takes one of its session's for a commit, and forbids it.
        with connection.begin_nested():
            connection.execute(pool)
    except IntegrityError:  # somebody else has just made it
        return False
    return True
