"""
The demo on several workers: the topology of docker-compose.yaml without a container engine, and one campaign on it.

``python -m include.native_stack`` starts PostgreSQL, Redis, all of Airflow with two Celery workers, a local S3, the
local Encord and simulated annotators; triggers the campaign, shows its scores and which worker did what, and stops
everything. With ``--keep`` Airflow's UI stays until Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from include.benchmark_qa import paths
from include.benchmark_qa.campaign import Campaign, CampaignError, load_campaign
from include.demo import places as demo_places
from include.demo.lock import WorldBusyError
from include.demo.processes import ProcessError
from include.demo.summary import being_labelled
from include.native_stack import results, runs
from include.native_stack.compose_settings import ComposeFileError
from include.native_stack.places import ROOT
from include.native_stack.programs import MissingProgramError
from include.native_stack.stack import ADMIN, NativeStack
from include.native_stack.starting import COMMAND, DAGS, running_stack

HOME = ROOT / "build" / "stack"
LABELLING_SECONDS = 900.0
PASSES = 5


class StackError(RuntimeError):
    """The campaign did not come to its end; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stack; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.native_stack", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave Airflow's UI running until Ctrl-C")
    parser.add_argument("--home", type=Path, default=HOME, help="where everything is kept (default: %(default)s)")
    given = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):  # also where a shell that starts jobs in the background ignores one
        signal.signal(number, _end_once)
    started = time.monotonic()
    try:
        with running_stack(given.home, say=say) as stack:
            run_campaign(stack, load_campaign(demo_places.CAMPAIGN))
            say(f"The campaign was done {time.monotonic() - started:.0f} s after the start.")
            if given.keep:
                keep(stack)
    except KeyboardInterrupt:
        say(f"Ended; everything that was started is stopped. `{COMMAND}` begins anew.")
        return 130
    except (CampaignError, ComposeFileError, MissingProgramError, ProcessError, StackError, WorldBusyError) as error:
        say(f"The stack FAILED: {error}")
        return 1
    return 0


def run_campaign(stack: NativeStack, campaign: Campaign) -> None:
    """
    Trigger the campaign, let its loop score all that is submitted, and show scores and workers.

    :raises StackError: a run failed, or people or scores did not come
    :raises ProcessError: a part of the stack has ended
    """
    run(stack, DAGS[0])
    wait_for_annotators(stack, campaign)
    score_the_rest(stack)
    workspace = results.fetch_workspace(stack, stack.places.home / "workspaces") / campaign.workspace
    say("")
    say(results.scores(workspace, campaign))
    say("")
    say("What ran where:")
    for dag_id in DAGS:
        for task, workers in runs.what_ran_where(stack, dag_id).items():
            say(f"  {dag_id}.{task}: {', '.join(f'{name} {count}' for name, count in sorted(workers.items()))}")
    say("")
    say(f"A copy of the workspace, with the scorecard to open in a browser: {workspace / paths.SCORECARD}")


def run(stack: NativeStack, dag_id: str) -> str:
    """
    Run one Dag to its end; return the run's id.

    :raises StackError: it failed
    """
    say(f"Airflow runs {dag_id}:")
    run_id = runs.begin(stack, dag_id)
    if runs.follow(stack, dag_id, run_id, say) != "success":
        raise StackError(f"{dag_id} failed: the lines above say where, the tasks' logs in {stack.home('worker-*')} why")
    return run_id


def wait_for_annotators(stack: NativeStack, campaign: Campaign) -> None:
    """
    Wait until every known unit has been labelled by all the annotators that its task asks for.

    :raises StackError: they did not finish in time
    """
    say("The simulated annotators label ...")
    deadline = time.monotonic() + LABELLING_SECONDS
    while count := being_labelled(encord_state(stack), campaign):
        stack.check()
        if time.monotonic() >= deadline:
            log = stack.log("annotators")
            raise StackError(f"{count} known units were not labelled after {LABELLING_SECONDS:.0f} s: see {log}")
        time.sleep(0.5)


def score_the_rest(stack: NativeStack) -> None:
    """
    Let the loop pass until a pass finds nothing more to score.

    :raises StackError: a pass failed, or there was always more
    """
    for _ in range(PASSES):
        run_id = run(stack, DAGS[1])
        tasks = runs.task_instances(stack, DAGS[1], run_id)
        if not any(task["task_id"] == "score_labels" and task["state"] == "success" for task in tasks):
            return
    raise StackError(f"{PASSES} passes of {DAGS[1]} found something to score: {stack.addresses.ui} shows them")


def keep(stack: NativeStack) -> None:
    """Leave everything running until a signal comes; parts of Airflow that end are started again."""
    password = stack.secrets["AIRFLOW_ADMIN_PASSWORD"]
    say(f"""
Airflow's UI:  {stack.addresses.ui}
Log in as:     {ADMIN}
Password:      {password}
Ctrl-C ends everything.""")
    while True:
        stack.check()
        time.sleep(1)


def encord_state(stack: NativeStack) -> dict[str, Any]:
    """Return what the local Encord holds."""
    answer = httpx.get(f"{stack.encord_url}/_emulator/state", timeout=60, trust_env=False).raise_for_status()
    state: dict[str, Any] = answer.json()
    return state


def say(line: str) -> None:
    """Print one line at once."""
    print(line, flush=True)


def _end_once(*_: object) -> None:
    """Leave the `with` blocks in order; a second signal must not disturb the first one's work."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
