"""The person who looks at the ground truth before anybody is scored against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark_qa_wiring.form import for_run
from benchmark_qa_wiring.settings import calling_encord, result
from encord_provider.operators.approval import EncordApproveGroundTruthOperator

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from include.benchmark_qa.campaign import Campaign


def approve_ground_truth(
    campaign: Campaign, create_benchmark_project: BaseOperator, wait_for_ground_truth: BaseOperator
) -> BaseOperator:
    """Add the task that asks a person, where the form says so, else the campaign; it skips itself where not."""
    return EncordApproveGroundTruthOperator(
        task_id="approve_ground_truth",
        required=for_run(campaign, "approval"),
        project_title=campaign.production_project.title,
        project_hash=result(create_benchmark_project),
        progress=result(wait_for_ground_truth),
        **calling_encord(campaign),
    )
