"""
Airflow calls this when one of its components starts and when a run starts: pools that are missing are made then.

A task in a pool that does not exist is never started, and only a line in the scheduler's log says so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

from encord_provider.pools import call_pool, create_pool, make_missing_pools

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

TAG = "benchmark-qa"
log = logging.getLogger(__name__)


@hookimpl
def on_starting(component: Any) -> None:
    """Make the pools of all campaigns: somebody may want to set their slots before anything runs."""
    # By name: a task's process comes here, too, and has neither a database nor time to import what asks one.
    if type(component).__name__ != "Job":
        return
    from airflow.utils.session import create_session

    with create_session() as session:
        _make(pools_of_campaigns(), session)


@hookimpl
def on_dag_run_running(dag_run: DagRun) -> None:
    """Make the pools of a run that starts, in the transaction that starts it: its campaign may be a new one."""
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is not None and dag_run.dag is not None and TAG in dag_run.dag.tags:
        _make({task.pool for task in dag_run.dag.tasks}, session)


def pools_of_campaigns() -> set[str]:
    """Return the pools that the campaigns of this project need."""
    from include.benchmark_qa.campaign import CampaignError, campaigns_folder, load_campaign

    pools = set()
    for path in campaigns_folder().glob("*.yaml"):
        try:
            connection = load_campaign(path.stem).encord_connection
        except CampaignError as error:  # an import error of its Dag file; the pools of the others are made all the same
            log.warning("No pool is made for a campaign that is wrong: %s", error)
        else:
            pools |= {call_pool(connection), create_pool(connection)}
    return pools


def _make(pools: set[str], session: Session) -> None:
    if made := make_missing_pools(pools, session):
        log.info("Made the pool(s) %s; set their slots under Admin, Pools", ", ".join(made))
