"""
The demo: one campaign from files in a bucket to annotators' scores, on this machine, without an account.

``python -m include.demo`` starts a local bucket, the local Encord and simulated annotators, runs the campaign's two
Dags through Airflow, prints the scorecard and stops what it started. Run again, it goes on from what is there.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from include.benchmark_qa import paths
from include.benchmark_qa.campaign import Campaign, CampaignError, load_campaign
from include.benchmark_qa.results.annotators import AnnotatorScore
from include.benchmark_qa.results.report import read_report
from include.benchmark_qa.results.scorecard import scorecard_text
from include.demo import places
from include.demo.airflow import ensure_database
from include.demo.lock import WorldBusyError
from include.demo.processes import ProcessError
from include.demo.summary import being_labelled, make_summary, production_project, what_is_new, write_summary
from include.demo.world import World, running_world

LABELLING_SECONDS = 300.0


class DemoError(RuntimeError):
    """The demo did not come to its end; the message says why and what to do."""


def main() -> int:
    """Run the demo; return the exit status."""
    # An ordinary end of the `with` blocks, so that everything that was started is stopped.
    for number in (signal.SIGTERM, signal.SIGINT):  # also where a shell that starts jobs in the background ignores one
        signal.signal(number, signal.default_int_handler)
    started = time.monotonic()
    try:
        run_demo()
    except KeyboardInterrupt:
        say("Interrupted; everything that was started is stopped. `make demo` goes on from here.")
        return 130
    except (CampaignError, DemoError, ProcessError, WorldBusyError) as error:
        say(f"The demo FAILED: {error}")
        return 1
    say(f"Done in {time.monotonic() - started:.0f} s.")
    return 0


def run_demo() -> None:
    """
    Start the world, run both Dags in it, report.

    :raises DemoError: a Dag run failed, or the annotators did not finish
    """
    campaign = load_campaign(places.CAMPAIGN)
    is_first = not places.ENCORD_STATE.exists()
    say(
        "Starting a local bucket and the local Encord ..."
        if is_first
        else "Found an earlier demo; starting it again ..."
    )
    with running_world("make demo") as world:
        before = world.encord_state()
        ensure_database(world)
        world.start_annotators()
        run_dag(world, f"benchmark_qa__{campaign.name}", "from files to a production project")
        wait_for_annotators(world, campaign)
        if labelled_units(world.encord_state(), campaign) > labelled_units(before, campaign):
            run_dag(world, f"benchmark_qa_loop__{campaign.name}", "routes and scores what was labelled")
        else:
            say("No known unit was labelled since: the scores that the run above published are the latest.")
        summary = make_summary(world, campaign, int(before["requests"]))
        write_summary(summary)
        say(what_is_new(before, world.encord_state()))
    report(campaign)


def run_dag(world: World, dag_id: str, meaning: str) -> None:
    """
    Run one Dag in a process of its own, showing its tasks' progress.

    :raises DemoError: the run failed, or its process was killed
    """
    say(f"Airflow runs {dag_id} ({meaning}):")
    log = world.processes.log(dag_id)
    with log.open("wb") as stream:
        command = [sys.executable, "-m", "include.demo.run_dag", dag_id]
        status = subprocess.run(command, env=world.environment, stderr=stream, check=False).returncode
    if status < 0:
        raise DemoError(
            f"the process of {dag_id} was killed by signal {-status}. `make demo` goes on where it stopped."
        )
    if status:
        raise DemoError(f"{dag_id} failed: the line above says what to do; all of its log is in {log}")


def wait_for_annotators(world: World, campaign: Campaign) -> None:
    """
    Wait until every known unit has been labelled by all the annotators that its task asks for.

    :raises DemoError: they did not finish in time
    """
    say("The simulated annotators label ...")
    deadline = time.monotonic() + LABELLING_SECONDS
    while open_tasks := being_labelled(world.encord_state(), campaign):
        world.processes.check()
        if time.monotonic() >= deadline:
            log = world.processes.log("annotators")
            raise DemoError(f"{open_tasks} known units were not labelled after {LABELLING_SECONDS:.0f} s: see {log}")
        time.sleep(0.3)


def labelled_units(state: dict[str, Any], campaign: Campaign) -> int:
    """Return how many known units all their annotators have labelled: those past the consensus annotation."""
    production = production_project(state, campaign)
    if production is None:
        return 0
    routed: int = production["routed"][campaign.workflow.agent_stage][campaign.workflow.benchmark_pathway]
    return routed - being_labelled(state, campaign)


def report(campaign: Campaign) -> None:
    """Print the scorecard and where to look next."""
    say("")
    print(scorecard_text(_annotators(campaign)), flush=True)
    say("")
    workspace = Path(campaign.workspace_uri)
    say(f"Scorecard to open in a browser: {workspace / paths.SCORECARD}")
    say(f"All numbers as JSON:            {places.SUMMARY}")
    say(f"Scores for your own queries:    {workspace / paths.SUBMISSIONS / '*.parquet'}")
    say("Airflow's UI with this campaign: make start")


def say(line: str) -> None:
    """Print one line at once."""
    print(line, flush=True)


def _annotators(campaign: Campaign) -> tuple[AnnotatorScore, ...]:
    files = sorted(Path(campaign.workspace_uri, paths.SUBMISSIONS).glob("*.parquet"))
    return read_report(files, [], campaign.decision).annotators


if __name__ == "__main__":
    sys.exit(main())
