"""The steps that are repeated for as long as people label: route, score, decide, publish."""

from __future__ import annotations

from typing import Any, cast

from airflow.sdk import BaseOperator, TaskGroup, chain

from benchmark_qa_wiring.form import for_run
from benchmark_qa_wiring.settings import calling_encord, production_project_asset, result, scorecard_asset
from encord_provider.operators.decisions import EncordApplyDecisionsOperator
from encord_provider.operators.labels import EncordScoreLabelsOperator
from encord_provider.operators.passes import EncordFindWorkOperator, RememberPassOperator
from encord_provider.operators.scorecard import PublishScoresOperator
from encord_provider.operators.submissions import EncordListSubmissionsOperator
from encord_provider.operators.workflow import EncordRouteTasksOperator
from encord_provider.sensors.turns import PassTurnSensor
from include.benchmark_qa.campaign import Campaign

# What a pass goes by: where any of it is another, the next pass looks at everything.
PASS_SETTINGS = (
    *("benchmark_project", "production_project", "workflow"),
    *("benchmark_mix", "scoring", "decision", "policy"),
)


def route_and_score(campaign: Campaign, *, skip_without_project: bool, settle_seconds: float) -> BaseOperator:
    """
    Add the task group to the Dag that is being made; return its first task.

    Projects are found by their titles, so that both Dags of a campaign share this and no run depends on another's.

    :param skip_without_project: this is the loop, whose passes are skipped where there is nothing to do; else it is
        the campaign's first Dag, which waits for its turn
    """
    encord = calling_encord(campaign)
    workspace = campaign.workspace_uri
    with TaskGroup("route_and_score", prefix_group_id=False):
        route_tasks = EncordRouteTasksOperator(
            task_id="route_tasks",
            multiple_outputs=True,
            project_title=campaign.production_project.title,
            benchmark_dataset_title=campaign.benchmark_project.dataset,
            agent_stage=campaign.workflow.agent_stage,
            benchmark_pathway=campaign.workflow.benchmark_pathway,
            production_pathway=campaign.workflow.production_pathway,
            benchmark_mix=for_run(campaign, "benchmark_mix"),
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
            batch_size=campaign.batches.submissions,
            batch_frames=campaign.batches.frames,
            **encord,
        )
        score_labels = EncordScoreLabelsOperator.partial(
            task_id="score_labels",
            map_index_template="{{ task.batch.title }}",
            campaign=campaign.name,
            project_hash=project_hash,
            workspace=workspace,
            settings=for_run(campaign, "scoring"),
            **({} if campaign.scoring_queue is None else {"queue": campaign.scoring_queue}),
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
        if skip_without_project:
            first, last = _look_and_remember(campaign, project_hash)
            publish_scores >> last
        else:
            first = PassTurnSensor(
                task_id="wait_for_turn",
                loop_dag_id=f"benchmark_qa_loop__{campaign.name}",
                first_task="find_work",
                last_task="remember_pass",
            )
        first >> route_tasks
    return first


def _look_and_remember(campaign: Campaign, project_hash: Any) -> tuple[BaseOperator, BaseOperator]:
    """Return the task before a pass that skips it where there is nothing to do, and the one after it."""
    shared: dict[str, Any] = {
        "workspace": campaign.workspace_uri,
        "terms": for_run(campaign, *PASS_SETTINGS),
        "inlets": [production_project_asset(campaign)],
    }
    find_work = EncordFindWorkOperator(
        task_id="find_work",
        multiple_outputs=True,
        project_title=campaign.production_project.title,
        agent_stage=campaign.workflow.agent_stage,
        scored_stage=campaign.workflow.scored_stage,
        yields_to=(f"benchmark_qa__{campaign.name}", "wait_for_turn", "publish_scores"),
        **calling_encord(campaign),
        **shared,
    )
    remember_pass = RememberPassOperator(
        task_id="remember_pass",
        project_hash=project_hash,
        pending="{{ ti.xcom_pull(task_ids='apply_decisions').get('pending', 0) }}",
        **shared,
    )
    return find_work, remember_pass
