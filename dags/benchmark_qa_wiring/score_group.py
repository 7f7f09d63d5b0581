"""The four steps that are repeated for as long as people label: route, score, decide, publish."""

from __future__ import annotations

from typing import Any, cast

from airflow.sdk import BaseOperator, TaskGroup, chain

from benchmark_qa_wiring.form import for_run
from benchmark_qa_wiring.settings import result, scorecard_asset
from encord_provider.operators.decisions import EncordApplyDecisionsOperator
from encord_provider.operators.labels import EncordListSubmissionsOperator, EncordScoreLabelsOperator
from encord_provider.operators.scorecard import PublishScoresOperator
from encord_provider.operators.workflow import EncordRouteTasksOperator
from include.benchmark_qa.campaign import Campaign


def route_and_score(campaign: Campaign, *, skip_without_project: bool, settle_seconds: float) -> BaseOperator:
    """
    Add the task group to the Dag that is being made; return its first task.

    Projects are found by their titles, so that both Dags of a campaign share this and no run depends on another's.
    """
    encord: dict[str, Any] = {"encord_conn_id": campaign.encord_connection}
    workspace = campaign.workspace_uri
    with TaskGroup("route_and_score", prefix_group_id=False):
        route_tasks = EncordRouteTasksOperator(
            task_id="route_tasks",
            multiple_outputs=True,
            project_title=campaign.production_project.title,
            benchmark_dataset_title=campaign.benchmark_project.dataset,
            agent_stage=for_run(campaign, "workflow.agent_stage"),
            benchmark_pathway=campaign.workflow.benchmark_pathway,
            production_pathway=campaign.workflow.production_pathway,
            benchmark_mix=campaign.benchmark_mix,
            workspace=workspace,
            skip_without_project=skip_without_project,
            settle_seconds=settle_seconds,
            **encord,
        )
        project_hash = result(route_tasks)["project_hash"]
        list_submissions = EncordListSubmissionsOperator(
            task_id="list_submissions",
            project_hash=project_hash,
            scored_stage=campaign.workflow.scored_stage,
            benchmark_project_title=campaign.benchmark_project.title,
            workspace=workspace,
            settings=for_run(campaign, "scoring"),
            **encord,
        )
        score_labels = EncordScoreLabelsOperator.partial(
            task_id="score_labels",
            map_index_template="{{ task.batch.submissions }} submissions",
            campaign=campaign.name,
            project_hash=project_hash,
            workspace=workspace,
            settings=for_run(campaign, "scoring"),
            **encord,
        ).expand(batch=list_submissions.output)
        apply_decisions = EncordApplyDecisionsOperator(
            task_id="apply_decisions",
            # Nothing to score is no reason to stop; a project that does not exist yet is.
            trigger_rule="none_failed_min_one_success",
            scores=cast("Any", score_labels.output),
            project_hash=project_hash,
            scored_stage=campaign.workflow.scored_stage,
            workspace=workspace,
            policy=for_run(campaign, "policy"),
            decision=for_run(campaign, "decision"),
            **encord,
        )
        publish_scores = PublishScoresOperator(
            task_id="publish_scores",
            outlets=[scorecard_asset(campaign)],
            campaign_title=campaign.title,
            workspace=workspace,
            decision=for_run(campaign, "decision"),
            settings=for_run(campaign, "scoring"),
        )
        chain(route_tasks, list_submissions, score_labels, apply_decisions, publish_scores)
        list_submissions >> apply_decisions
    return route_tasks
