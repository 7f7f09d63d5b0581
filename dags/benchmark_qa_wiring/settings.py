"""What both Dags of a campaign share: defaults, asset, and the forms' fields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Asset, BaseOperator, ExceptionRetryPolicy, Param, RetryAction, RetryRule

from encord_provider.exceptions import EncordTimeoutError
from include.benchmark_qa.campaign import Campaign, CampaignError
from include.object_storage import BucketUriError, ObjectStorageError, open_bucket

# What no second try can mend: fail at once, with the line that says what to correct.
HOPELESS = ExceptionRetryPolicy(
    [
        RetryRule([ValueError, LookupError, ObjectStorageError], RetryAction.FAIL, reason="needs a person"),
        RetryRule(EncordTimeoutError, RetryAction.FAIL, reason="the time-out is over"),
    ]
)

START_DATE = pendulum.datetime(2026, 1, 1, tz="UTC")


def default_args(campaign: Campaign) -> dict[str, Any]:
    """Return the settings of every task."""
    return {
        "owner": campaign.owner,
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        "retry_policy": HOPELESS,
    }


def check_places(campaign: Campaign) -> None:
    """
    Make sure that the bucket and the workspace can be opened, without asking anything of them.

    :raises CampaignError: a URI or an option is not understood
    """
    for field, uri, options in (
        ("bucket", campaign.bucket.uri, campaign.bucket.options),
        ("workspace", campaign.workspace_uri, {}),
    ):
        try:
            open_bucket(uri, **options)
        except BucketUriError as error:
            raise CampaignError(f"campaign {campaign.name!r}, field {field}: {error}") from None


def result(task: BaseOperator) -> Any:
    """Return what a task returns, as an argument of another; Airflow resolves it, so no static type fits."""
    return task.output


def production_project_asset(campaign: Campaign) -> Asset:
    """Return the asset by which the campaign's first Dag tells its loop that there is a production project."""
    return Asset(
        name=f"benchmark_qa__{campaign.name}__production_project",
        uri=f"encord://benchmark-qa/{campaign.name}/production-project",
    )


def file_params(campaign: Campaign) -> dict[str, Param]:
    """Return the form's fields on where files are."""
    section = "Files"
    return {
        "bucket_uri": Param(
            campaign.bucket.uri,
            type="string",
            minLength=1,
            title="Bucket",
            description="s3://bucket, or a folder",
            section=section,
        ),
        "benchmark_prefix": Param(
            campaign.bucket.benchmark_prefix,
            type="string",
            minLength=1,
            title="Prefix of the known files",
            description="Files whose labels you trust are made first, as ground truth.",
            section=section,
        ),
        "production_prefix": Param(
            campaign.bucket.production_prefix,
            type="string",
            minLength=1,
            title="Prefix of the real work",
            description="Files that annotators label; the known ones are mixed in among them.",
            section=section,
        ),
        "integration": Param(
            campaign.integration,
            type="string" if campaign.integration else ["null", "string"],
            minLength=1,
            title="Cloud integration",
            description="Title of Encord's cloud integration that can read the bucket; local folders need none.",
            section=section,
        ),
    }


def project_params(campaign: Campaign) -> dict[str, Param]:
    """Return the form's fields on projects."""
    section = "Projects"
    return {
        "benchmark_template": Param(
            campaign.benchmark_project.workflow_template,
            type="string",
            minLength=1,
            title="Workflow template of the benchmark project",
            description="Its hash, copied from Encord's web app.",
            section=section,
        ),
        "production_template": Param(
            campaign.production_project.workflow_template,
            type="string",
            minLength=1,
            title="Workflow template of the production project",
            description="Its hash; the workflow needs the agent stage that tells known units from others.",
            section=section,
        ),
    }


def scoring_params(campaign: Campaign) -> dict[str, Param]:
    """Return the form's fields on scoring and decisions."""
    section = "Scoring"
    number: dict[str, Any] = {"type": "number", "section": section}
    return {
        "iou_threshold": Param(
            campaign.scoring.iou_threshold,
            title="Overlap that counts as the same object",
            description="Intersection over union, more than 0 and up to 1.",
            exclusiveMinimum=0,
            maximum=1,
            **number,
        ),
        "pass_mark": Param(
            campaign.scoring.pass_mark,
            title="Pass mark",
            description="A submission passes with at least this score, 0 to 1.",
            minimum=0,
            maximum=1,
            **number,
        ),
        "required_pass_rate": Param(
            campaign.decision.required_pass_rate,
            title="Required share of passes",
            description="An annotator passes when, with 95 % confidence, at least this share of submissions passes.",
            exclusiveMinimum=0,
            exclusiveMaximum=1,
            **number,
        ),
        "min_tasks": Param(
            campaign.decision.min_tasks,
            type="integer",
            minimum=1,
            title="Fewest submissions for a decision",
            description="An annotator with fewer scored submissions stays UNDECIDED.",
            section=section,
        ),
    }


def scoring_settings(campaign: Campaign) -> dict[str, Any]:
    """Return the scorer's settings with the form's values as templates."""
    return campaign.scoring.model_dump() | {
        "iou_threshold": "{{ params.iou_threshold }}",
        "pass_mark": "{{ params.pass_mark }}",
    }


def decision_settings(campaign: Campaign) -> dict[str, Any]:
    """Return the settings of decisions with the form's values as templates."""
    return campaign.decision.model_dump() | {
        "required_pass_rate": "{{ params.required_pass_rate }}",
        "min_tasks": "{{ params.min_tasks }}",
    }
