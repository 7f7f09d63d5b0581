"""
The kill matrix: what is killed, at which moment of a campaign, and how it comes back.

Each waits for its moment, does its harm, and returns once everything that is not started again by itself has been
started; they are in the order in which a campaign meets their moments. PostgreSQL's end is the scheduler's, too, so the
two are apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from tests.support.stack_campaign import StackCampaign

IMPORT: Final = "POST .*/data-upload-jobs$"
CREATE_PROJECT: Final = "user project POST$"
ROUTE: Final = "POST .*/workflow/stages/[^/]+/actions$"
READ_LABELS: Final = " labelrow GET$"
API_SERVER_AWAY_SECONDS = 20.0

Kill = Callable[[StackCampaign], None]


def worker_importing(campaign: StackCampaign) -> None:
    """A worker and its children, when Encord has taken a part of an import and told nobody."""
    _kill_worker_at(campaign, IMPORT)


def scheduler_under_a_task(campaign: StackCampaign) -> None:
    """The scheduler, when a task has created a project and does not know it yet."""
    with campaign.held(CREATE_PROJECT):
        _kill_and_start(campaign, "scheduler")


def triggerer_waiting(campaign: StackCampaign) -> None:
    """The triggerer, when the run waits in it for people."""
    campaign.wait_for_task("wait_for_ground_truth", "deferred")
    _kill_and_start(campaign, "triggerer")


def redis_with_queued_task(campaign: StackCampaign) -> None:
    """Redis, when a task is queued that no worker has."""
    campaign.wait_for_task("wait_for_ground_truth", "deferred")
    with campaign.no_task_taken():
        campaign.begin_to_annotate()
        campaign.wait_for_task("wait_for_ground_truth", "queued")
        _kill_and_start(campaign, "redis")


def api_server_for_20_s(campaign: StackCampaign) -> None:
    """The API server, for 20 s, when a task creates a project."""
    with campaign.held(CREATE_PROJECT):
        campaign.stack.kill("api-server")
        time.sleep(API_SERVER_AWAY_SECONDS)  # what is tried, not a wait
        campaign.stack.start("api-server")


def postgres_under_a_task(campaign: StackCampaign) -> None:
    """PostgreSQL, when a task has routed and does not know it yet."""
    campaign.begin_to_annotate()
    with campaign.held(ROUTE):
        _kill_and_start(campaign, "postgres")


def worker_scoring(campaign: StackCampaign) -> None:
    """A worker and its children, when it reads the labels that it is to score."""
    campaign.begin_to_annotate()
    _kill_worker_at(campaign, READ_LABELS)


IN_ORDER: Final[Mapping[str, Kill]] = {
    kill.__name__: kill
    for kill in (
        worker_importing,
        scheduler_under_a_task,
        triggerer_waiting,
        redis_with_queued_task,
        api_server_for_20_s,
        postgres_under_a_task,
        worker_scoring,
    )
}


def _kill_worker_at(campaign: StackCampaign, request: str) -> None:
    with campaign.held(request):
        worker = campaign.worker_that_waits()
        campaign.stack.kill(worker)
    campaign.stack.start(worker)


def _kill_and_start(campaign: StackCampaign, part: str) -> None:
    campaign.stack.kill(part)
    campaign.stack.start(part)
