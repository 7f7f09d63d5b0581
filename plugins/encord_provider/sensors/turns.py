"""
Passes over one production project take turns, by what Airflow itself knows of both Dags' runs.

A pass reads the ledger and writes it, so two at once would act twice. Each Dag says that it is about to, by its own
task's state, before it looks at the other: of two that begin together the loop gives way, the other one waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

FINISHED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
# A task that only waits to be run may wait for ever: its Dag may be paused. When it runs, it looks at the other Dag.
NOT_BEGUN = frozenset({None, "scheduled", "queued"}) | (FINISHED - {"success"})


def run_at_it(ti: RuntimeTaskInstanceProtocol, dag_id: str, first_task: str, last_task: str) -> str | None:
    """Return the id of a run of a Dag that is between two of its tasks; None where there is none."""
    states = ti.get_task_states(dag_id=dag_id, task_ids=[first_task, last_task])
    for run_id, tasks in states.items():
        if tasks.get(first_task) not in NOT_BEGUN and tasks.get(last_task) not in FINISHED:
            return run_id
    return None


class PassTurnSensor(BaseSensorOperator):
    """
    Wait until no run of the campaign's loop is at a pass; costs no worker slot.

    :param loop_dag_id: the Dag whose runs are waited for
    :param first_task: the task with which its pass begins
    :param last_task: the task with which it ends
    """

    template_fields: Sequence[str] = ("loop_dag_id",)

    def __init__(
        self,
        *,
        loop_dag_id: str,
        first_task: str,
        last_task: str,
        mode: str = "reschedule",
        poke_interval: float = 10.0,
        timeout: float = 3600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(mode=mode, poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.loop_dag_id = loop_dag_id
        self.first_task = first_task
        self.last_task = last_task

    def poke(self, context: Context) -> bool:
        """Say whether the loop is at rest; the states of all its runs are asked for only while one is running."""
        ti = context["ti"]
        if not ti.get_dr_count(dag_id=self.loop_dag_id, states=["running"]):
            return True
        if run_id := run_at_it(ti, self.loop_dag_id, self.first_task, self.last_task):
            self.log.info(
                "Run %s of %s comes first (while that Dag is paused, it never ends)", run_id, self.loop_dag_id
            )
        return run_id is None
