"""
What a killed demo leaves in Airflow's database: runs that are called running although nobody runs them.

A scheduler would wait for them, and with them every later run of the Dag. ``python -m include.demo.broken_runs`` ends
them; it must not run beside a demo.
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, State, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType


def end_broken_runs() -> int:
    """Mark the unfinished runs that a demo started (not those of the UI) as failed; return how many there were."""
    with create_session() as session:
        broken = session.scalars(
            sa.select(DagRun).where(
                DagRun.triggered_by == DagRunTriggeredByType.TEST,
                DagRun.state.in_([DagRunState.RUNNING, DagRunState.QUEUED]),
            )
        ).all()
        for run in broken:
            for task in run.get_task_instances(session=session):
                if task.state not in State.finished:
                    task.set_state(TaskInstanceState.FAILED, session=session)
            run.set_state(DagRunState.FAILED)
        return len(broken)


if __name__ == "__main__":
    end_broken_runs()
