"""The first Dag of a campaign: from files in a bucket to a production project whose annotators are scored."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, AssetOrTimeSchedule, chain, task
from airflow.timetables.interval import CronDataIntervalTimetable

from benchmark_qa_wiring.approval import approve_ground_truth
from benchmark_qa_wiring.docs import add_docs
from benchmark_qa_wiring.form import add_form, for_run
from benchmark_qa_wiring.form_fields import CAMPAIGN_FORM
from benchmark_qa_wiring.places import check_places
from benchmark_qa_wiring.score_group import route_and_score
from benchmark_qa_wiring.settings import (
    START_DATE,
    calling_encord,
    creating_in_encord,
    default_args,
    new_files_asset,
    production_project_asset,
    result,
)
from encord_provider.operators.bucket import ListBucketOperator
from encord_provider.operators.manifest import GenerateManifestOperator
from encord_provider.operators.project import EncordCreateProjectOperator
from encord_provider.operators.storage import EncordImportFilesOperator
from encord_provider.sensors.project import EncordGroundTruthSensor
from encord_provider.timetables import BackfillTimetable
from include.benchmark_qa.campaign import Campaign
from include.benchmark_qa.campaign_parts import ProjectSettings

EVERY_DAY = "0 0 * * *"
# Runs may wait for ground truth for weeks, in the triggerer, and must not keep later intervals from being listed.
MAX_ACTIVE_RUNS = 16

LEFT_TO_LOOP = frozenset({"scheduled", "backfill", "asset_triggered"})

DOC = """
### {title}: from files in a bucket to annotators' scores

{summary}

**What a run does.** It lists the bucket, writes Encord's manifest and imports the files; opens a *benchmark project*,
where people you trust make the ground truth, and waits for them; opens a *production project*, where those known units
are mixed with real work; routes each task (`YES`: known unit, `NO`: real work); scores what annotators have submitted
so far. From then on `benchmark_qa_loop__{name}` routes and scores by itself.

**You can stop it, retry it and trigger it again at any time.** Every task first looks at what is there and only does
what is missing; nothing is ever made twice.

**A run that waits** at `wait_for_ground_truth` waits for people. Its log, and `progress` under its tab *XCom*, say how
far they are; the button *Encord project*, under *Details* of `create_benchmark_project`, leads to the project. Marking
the task ends the wait at once; clearing it begins it anew.

**A run that waits** at `approve_ground_truth` waits for your answer, under the tab *Required Actions*. It is asked for
where the campaign, or the form, says `approval`, and only until there is a production project.

**The scores** are under the tab *Scorecard*, here and on every run.

**When new files have landed**, a scheduled run, or one of a backfill, takes those that were last modified in its data
interval (start inclusive, end exclusive). Such a run leaves routing and scoring to the loop, as does one that a queue's
message starts. Late files: run their interval again.

The campaign's settings are in `include/campaigns/{name}.yaml`; the form overrides some of them for one run.
"""


def campaign_dag(campaign: Campaign) -> DAG:
    """
    Make the Dag ``benchmark_qa__<campaign>``.

    :raises CampaignError: the campaign's bucket or workspace is none that every worker can open
    """
    check_places(campaign)
    with DAG(
        dag_id=f"benchmark_qa__{campaign.name}",
        dag_display_name=f"Benchmark QA: {campaign.title}",
        schedule=_schedule(campaign),
        start_date=START_DATE,
        catchup=False,
        is_paused_upon_creation=campaign.schedule.paused,
        max_active_runs=MAX_ACTIVE_RUNS,
        tags=["benchmark-qa", "encord", campaign.name],
        doc_md=DOC.format(title=campaign.title, summary=campaign.summary, name=campaign.name),
        default_args=default_args(campaign),
    ) as dag:
        projects = _add_projects(campaign)
        chain(projects, begin_first_pass(), route_and_score(campaign, skip_without_project=False, settle_seconds=60.0))
        add_docs(dag)
        add_form(dag, campaign, CAMPAIGN_FORM)
    return dag


@task.short_circuit
def begin_first_pass(dag_run: Any = None) -> bool:
    """Go on to a first pass in a run that a person started; others come several at a time, and leave it to the loop."""
    return dag_run.run_type not in LEFT_TO_LOOP


def _schedule(campaign: Campaign) -> Any:
    """
    Return the timetable, with the queue's asset if there is a queue.

    Each has real intervals, since an interval is what a scheduled run lists: a plain cron string would give some of no
    width. Without a cron expression nothing runs by itself, and backfills go day by day.
    """
    cron = campaign.schedule.campaign
    timetable: Any = CronDataIntervalTimetable(cron, "UTC") if cron else BackfillTimetable(EVERY_DAY, "UTC")
    if campaign.schedule.queue is None:
        return timetable
    return AssetOrTimeSchedule(timetable=timetable, assets=[new_files_asset(campaign)])


def _add_projects(campaign: Campaign) -> EncordCreateProjectOperator:
    """Add all tasks up to the production project; return the one that makes it."""
    import_files = _add_import(campaign)
    datasets = result(import_files)
    create = creating_in_encord(campaign)
    workspace = campaign.workspace_uri
    create_benchmark_project = EncordCreateProjectOperator(
        task_id="create_benchmark_project",
        workspace=workspace,
        dataset_hashes=[datasets["benchmark_dataset"]],
        ontology=campaign.ontology.model_dump(mode="json", exclude_defaults=True),
        workflow_template=for_run(campaign, "benchmark_project.workflow_template"),
        **_project_arguments(campaign.benchmark_project),
        **create,
    )
    wait_for_ground_truth = EncordGroundTruthSensor(
        task_id="wait_for_ground_truth",
        project_hash=result(create_benchmark_project),
        complete_stage=campaign.ground_truth.complete_stage,
        deferrable=True,
        **calling_encord(campaign),
    )
    # Afterwards, since a sensor is made with numbers only.
    wait_for_ground_truth.require = for_run(campaign, "ground_truth.require")
    wait_for_ground_truth.poke_interval = for_run(campaign, "ground_truth.poke_interval")
    wait_for_ground_truth.timeout = for_run(campaign, "ground_truth.timeout_seconds")
    approve = approve_ground_truth(campaign, create_benchmark_project, wait_for_ground_truth)
    create_production_project = EncordCreateProjectOperator(
        task_id="create_production_project",
        workspace=workspace,
        trigger_rule="none_failed",  # the approval skips itself where nobody is to be asked
        dataset_hashes=[datasets["benchmark_dataset"], datasets["production_dataset"]],
        ontology="{{ ti.xcom_pull(task_ids='create_benchmark_project', key='ontology_hash') }}",
        workflow_template=for_run(campaign, "production_project.workflow_template"),
        outlets=[production_project_asset(campaign)],
        **_project_arguments(campaign.production_project),
        **create,
    )
    chain(import_files, create_benchmark_project, wait_for_ground_truth, approve, create_production_project)
    return create_production_project


def _add_import(campaign: Campaign) -> EncordImportFilesOperator:
    """Add the tasks from the bucket to Encord's datasets; return the last."""
    bucket: dict[str, Any] = {
        "bucket_uri": for_run(campaign, "bucket.uri"),
        "benchmark_prefix": for_run(campaign, "bucket.benchmark_prefix"),
        "production_prefix": for_run(campaign, "bucket.production_prefix"),
        "bucket_options": campaign.bucket.options,
        "bucket_conn_id": campaign.bucket.connection,
        "filters": for_run(campaign, "bucket.filters"),
        "workspace": campaign.workspace_uri,
    }
    list_bucket = ListBucketOperator(
        task_id="list_bucket",
        multiple_outputs=True,
        **bucket,
    )
    generate_manifest = GenerateManifestOperator(
        task_id="generate_manifest",
        multiple_outputs=True,
        listing=result(list_bucket)["listing"],
        rules=for_run(campaign, "manifest"),
        encord_conn_id=campaign.encord_connection,
        **bucket,
    )
    projects = {"benchmark": campaign.benchmark_project, "production": campaign.production_project}
    import_files = EncordImportFilesOperator(
        task_id="import_files",
        multiple_outputs=True,
        manifest=result(generate_manifest)["manifest"],
        workspace=campaign.workspace_uri,
        integration=for_run(campaign, "integration"),
        folders={kind: project.folder for kind, project in projects.items()},
        datasets={kind: project.dataset for kind, project in projects.items()},
        **_import_arguments(campaign),
        **calling_encord(campaign),
        deferrable=True,
    )
    chain(list_bucket, generate_manifest, import_files)
    return import_files


def _import_arguments(campaign: Campaign) -> dict[str, Any]:
    mirrored = {
        "bucket_uri": for_run(campaign, "bucket.uri"),
        "bucket_options": campaign.bucket.options,
        "bucket_conn_id": campaign.bucket.connection,
        "prefixes": {
            "benchmark": "{{ params.benchmark_prefix }}",
            "production": "{{ params.production_prefix }}",
        },
    }
    settings = {name: for_run(campaign, f"import.{name}") for name in type(campaign.import_).model_fields}
    return settings | mirrored


def _project_arguments(project: ProjectSettings) -> dict[str, Any]:
    return {
        "title": project.title,
        "description": project.description,
        "tags": project.tags,
        "users": [user.model_dump() for user in project.users],
        "groups": [group.model_dump() for group in project.groups],
    }
