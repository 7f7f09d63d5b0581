"""What both Dags of a campaign share: defaults, pools and assets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Asset, AssetWatcher, BaseOperator, ExceptionRetryPolicy, RetryAction, RetryRule

from encord_provider.exceptions import EncordTimeoutError
from encord_provider.pools import call_pool, create_pool
from encord_provider.triggers.queue import SqsMessagesTrigger
from include.benchmark_qa.campaign import Campaign
from include.object_storage import (
    BucketCredentialsError,
    BucketNotFoundError,
    BucketPermissionError,
    BucketRegionError,
    ClockSkewError,
    ObjectNotFoundError,
)

# A bucket that cannot be reached, or is overloaded, is none of these: every task of a campaign asks its workspace.
WRONG_BUCKET = [
    BucketNotFoundError,
    ObjectNotFoundError,
    BucketPermissionError,
    BucketCredentialsError,
    BucketRegionError,
    ClockSkewError,
]
# What no second try can mend: fail at once, with the line that says what to correct.
HOPELESS = ExceptionRetryPolicy(
    [
        RetryRule([ValueError, LookupError, *WRONG_BUCKET], RetryAction.FAIL, reason="needs a person"),
        RetryRule(EncordTimeoutError, RetryAction.FAIL, reason="the time-out is over"),
    ]
)

START_DATE = pendulum.datetime(2026, 1, 1, tz="UTC")


def default_args(campaign: Campaign) -> dict[str, Any]:
    """Return the settings of every task; without a queue of the campaign's own, Airflow's default queue is theirs."""
    queue = {} if campaign.queue is None else {"queue": campaign.queue}
    return queue | {
        "owner": campaign.owner,
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        "retry_policy": HOPELESS,
    }


def calling_encord(campaign: Campaign) -> dict[str, Any]:
    """Return what tasks that call Encord are given: the connection, and the pool that all who call by it share."""
    return {"encord_conn_id": campaign.encord_connection, "pool": call_pool(campaign.encord_connection)}


def creating_in_encord(campaign: Campaign) -> dict[str, Any]:
    """Return what tasks that create projects are given: as above, but they come one after the other."""
    return calling_encord(campaign) | {"pool": create_pool(campaign.encord_connection)}


def result(task: BaseOperator) -> Any:
    """Return what a task returns, as an argument of another; Airflow resolves it, so no static type fits."""
    return task.output


def production_project_asset(campaign: Campaign) -> Asset:
    """Return the asset by which the campaign's first Dag tells its loop that there is a production project."""
    return Asset(
        name=f"benchmark_qa__{campaign.name}__production_project",
        uri=f"encord://benchmark-qa/{campaign.name}/production-project",
    )


def scorecard_asset(campaign: Campaign) -> Asset:
    """Return the asset that is updated with each published scorecard; its events' extras have the counts."""
    return Asset(
        name=f"benchmark_qa__{campaign.name}__scorecard",
        uri=f"encord://benchmark-qa/{campaign.name}/scorecard",
    )


def new_files_asset(campaign: Campaign) -> Asset:
    """Return the asset whose watcher reads the campaign's queue: messages there say that files have landed."""
    name = f"benchmark_qa__{campaign.name}__new_files"
    trigger = SqsMessagesTrigger(queue_url=str(campaign.schedule.queue), aws_conn_id=campaign.schedule.queue_connection)
    return Asset(
        name=name,
        uri=f"encord://benchmark-qa/{campaign.name}/new-files",
        watchers=[AssetWatcher(name=name, trigger=trigger)],
    )
