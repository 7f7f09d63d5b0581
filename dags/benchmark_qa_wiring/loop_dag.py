"""The second Dag of a campaign: routes and scores for as long as people label."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG
from airflow.timetables.assets import AssetOrTimeSchedule
from airflow.timetables.trigger import CronTriggerTimetable

from benchmark_qa_wiring.docs import add_docs
from benchmark_qa_wiring.form import add_form
from benchmark_qa_wiring.form_fields import SCORING_FORM
from benchmark_qa_wiring.score_group import route_and_score
from benchmark_qa_wiring.settings import START_DATE, default_args, production_project_asset
from include.benchmark_qa.campaign import Campaign

DOC = """
### {title}: route and score, again and again

New tasks arrive and annotators submit labels all day. Each pass routes the tasks that wait at the agent stage (`YES`:
known unit, `NO`: real work), scores what was submitted for known units, acts as the campaign's policy says, and
publishes the scorecard. A pass starts on the timetable, and when `benchmark_qa__{name}` reports a production project.

**Most passes are skipped.** `find_work` looks, by at most five requests to Encord, whether anything happened since the
last pass: tasks at the agent stage, new or edited submissions, edited ground truth, other settings. Its log says what
it found. Nothing is skipped that the last pass left undone: `remember_pass` is reached only by a pass that did it all.

**One pass at a time.** Runs of this Dag queue one after the other; one that meets a run of `benchmark_qa__{name}` at
its own pass is skipped, and that run waits for one of this Dag at `wait_for_turn`.

**It ends by itself.** Once all tasks are in a final stage, each pass says that the campaign is complete, and skips; new
units, such as those of a backfill, make it go on. Set the project's status in Encord to completed, cancelled or
archived, and no pass looks at more than that.
"""


def loop_dag(campaign: Campaign) -> DAG:
    """Make the Dag ``benchmark_qa_loop__<campaign>``."""
    with DAG(
        dag_id=f"benchmark_qa_loop__{campaign.name}",
        dag_display_name=f"Benchmark QA loop: {campaign.title}",
        schedule=_schedule(campaign),
        start_date=START_DATE,
        catchup=False,
        is_paused_upon_creation=campaign.schedule.paused,
        max_active_runs=1,
        tags=["benchmark-qa", "encord", campaign.name],
        doc_md=DOC.format(title=campaign.title, name=campaign.name),
        default_args=default_args(campaign),
    ) as dag:
        route_and_score(campaign, skip_without_project=True, settle_seconds=0.0)
        add_docs(dag)
        add_form(dag, campaign, SCORING_FORM)
    return dag


def _schedule(campaign: Campaign) -> Any:
    """Return the timetable with the asset, or the asset alone where the campaign names no timetable."""
    assets: Any = [production_project_asset(campaign)]
    if campaign.schedule.loop is None:
        return assets
    timetable = CronTriggerTimetable(campaign.schedule.loop, timezone="UTC")
    return AssetOrTimeSchedule(timetable=timetable, assets=assets)
