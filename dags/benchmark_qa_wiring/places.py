"""Where a campaign's files and results lie: addresses that can be opened, and that every worker reaches."""

from __future__ import annotations

import re

from airflow.sdk.configuration import conf

from include.benchmark_qa.campaign import WORKSPACES_VARIABLE, Campaign, CampaignError
from include.object_storage import BucketUriError, open_bucket
from include.object_storage.local import LocalBucket

# Executors that run all tasks on the scheduler's own machine.
ON_ONE_MACHINE = frozenset({"LocalExecutor", "SequentialExecutor"})


def check_places(campaign: Campaign) -> None:
    """
    Make sure that bucket and workspace can be opened, and from every worker, without asking anything of them.

    :raises CampaignError: a URI or an option is not understood, or is a folder where tasks run on several machines
    """
    spread = executor_over_machines()
    for field, uri, options, instead in (
        ("bucket", campaign.bucket.uri, campaign.bucket.options, "copy the files to a bucket and write its address"),
        (
            "workspace",
            campaign.workspace_uri,
            {},
            f"write a bucket's address, such as s3://name/prefix, or set {WORKSPACES_VARIABLE} to one",
        ),
    ):
        said = f"campaign {campaign.name!r}, field {field}: "
        try:
            place = open_bucket(uri, **options)
        except BucketUriError as error:
            raise CampaignError(f"{said}{error}") from None
        if spread and isinstance(place, LocalBucket):
            raise CampaignError(f"{said}{uri} is on one machine's disk, and {spread} uses several: {instead}")


def executor_over_machines() -> str | None:
    """
    Return the first executor in Airflow's settings that runs tasks on other machines, or None if there is none.

    ``core.executor`` names one or several, of each an alias, a class's name or its module path, and all that for each
    team: ``LocalExecutor,fast:CeleryExecutor;team=package.module.AnyExecutor``.
    """
    named = (one.strip() for one in re.split("[;,]", conf.get("core", "executor")))
    classes = (re.split("[=:.]", one)[-1] for one in named if one)
    return next((one for one in classes if one not in ON_ONE_MACHINE), None)
