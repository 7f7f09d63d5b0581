"""
With a whole Airflow: a task's process, the triggerer and the scheduler are killed in turn while one run goes on.

The task is killed when Encord has made a project and told nobody; the triggerer while the run waits for people; the
scheduler, and the task that it runs, in the middle of routing. Nobody touches the run: it ends well by itself.
"""

from __future__ import annotations

import json
import signal
import sqlite3
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.demo_runs import EncordContent, Home, assert_one_of_everything, read_encord, wait_until
from tests.support.live_airflow import LiveAirflow, live_airflow
from tests.support.secret_check import key_lines, leaks

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.full_faults, pytest.mark.timeout(1800)]

PATIENCE_SECONDS = 900.0
CAMPAIGN_DAG, LOOP_DAG = "benchmark_qa__demo", "benchmark_qa_loop__demo"
CREATE_PROJECT = "project POST$"
ROUTE = "POST .*/workflow/stages/[^/]+/actions$"
# A scheduler takes a task for dead when it has not been heard of for five minutes; a test need not wait so long.
IMPATIENT = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
}


@dataclass
class Story:
    """What was left when the run had ended and everybody had labelled."""

    home: Home
    state: str
    tasks: dict[str, dict[str, Any]]
    content: EncordContent
    private_key: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = Home(tmp_path_factory.mktemp("live_kills"))
    with live_airflow(home) as live:
        run_id = disturbed_run(live)
        tasks = live.tasks(CAMPAIGN_DAG, run_id)
        everything_scored(live)
        private_key = (home.build / "encord_key").read_text(encoding="ascii")
        content = read_encord(live.encord_url, private_key)
        state = live.run_state(CAMPAIGN_DAG, run_id)
    return Story(home, state, tasks, content, private_key)


def disturbed_run(live: LiveAirflow) -> str:
    live.pause(LOOP_DAG, paused=True)  # so that it is the run's own task that routes, and is killed
    live.hold(CREATE_PROJECT)
    run_id = live.trigger(CAMPAIGN_DAG)
    live.wait_until_held("project")
    live.held_task().send_signal(signal.SIGKILL)
    live.let_go()

    wait_until(lambda: state_of(live, run_id, "wait_for_ground_truth") == "deferred", "wait", live.world)
    live.kill_and_start_again("triggerer")
    live.hold(ROUTE)
    live.begin_to_annotate()
    live.wait_until_held("routing")
    live.kill_and_start_again("scheduler", **IMPATIENT)
    live.let_go()
    until_ended(live, CAMPAIGN_DAG, run_id)
    return run_id


def until_ended(live: LiveAirflow, dag_id: str, run_id: str) -> None:
    ended = {"success", "failed"}
    wait_until(lambda: live.run_state(dag_id, run_id) in ended, f"end of {run_id}", live.world, PATIENCE_SECONDS)


def state_of(live: LiveAirflow, run_id: str, task: str) -> str:
    return str(live.tasks(CAMPAIGN_DAG, run_id)[task]["state"])


def everything_scored(live: LiveAirflow) -> None:
    """Let the loop pass until nothing of what was submitted waits for a decision, and nobody has anything to submit."""
    known = live.home.expected_units()["benchmark"]
    live.pause(LOOP_DAG, paused=False)

    def passed_again() -> bool:
        run_id = live.trigger(LOOP_DAG)
        until_ended(live, LOOP_DAG, run_id)
        published = json.loads((live.home.build / "workspace" / "scorecard.json").read_text(encoding="utf-8"))
        return sum(one["submissions"] for one in published["annotators"]) + len(published["not_computed"]) == known * 4

    wait_until(passed_again, "scores of all submissions", live.world, PATIENCE_SECONDS)


def test_the_run_ended_well_although_nobody_touched_it(story: Story) -> None:
    assert story.state == "success", story.tasks


def test_what_was_killed_was_tried_again_and_what_was_done_was_not(story: Story) -> None:
    tries = {name: task["try_number"] for name, task in story.tasks.items()}
    assert {tries[task] for task in ("create_benchmark_project", "route_tasks")} == {2}
    assert {tries[task] for task in ("list_bucket", "generate_manifest", "import_files")} == {1}


def test_everything_is_there_once_and_routed_right(story: Story) -> None:
    assert_one_of_everything(story.home, story.content)


def test_each_known_unit_was_acted_on_once(story: Story) -> None:
    folder = story.home.build / "workspace" / "actions"
    records = [json.loads(line) for file in folder.rglob("*.jsonl") for line in file.read_text().splitlines()]
    acted = [(one["data_hash"], one["action"]) for one in records if one.get("data_hash")]  # not what came of them
    assert len(acted) == len(set(acted))


def test_no_process_is_left(story: Story) -> None:
    assert [" ".join(one.cmdline()) for one in story.home.processes()] == []


def test_no_secret_is_in_a_log_a_page_or_airflows_database(story: Story) -> None:
    home = story.home
    kept = [home.build / "encord_key", home.path / "world.json", *home.build.glob("encord.sqlite*")]
    kept += [path for path in home.path.glob(".airflow/*") if "secrets" in path.name or "passwords" in path.name]
    secrets = [
        secret for path in home.path.glob(".airflow/*secrets.json") for secret in json.loads(path.read_bytes()).values()
    ]
    assert leaks(home.path, [*key_lines(story.private_key), *secrets], passed_over=kept) == []


def test_xcom_and_rendered_fields_were_written_and_hold_no_signed_address(story: Story) -> None:
    with sqlite3.connect(story.home.path / ".airflow" / "airflow.db") as database:
        found = [
            database.execute("SELECT * FROM xcom").fetchall(),
            database.execute("SELECT * FROM rendered_task_instance_fields").fetchall(),
        ]
    assert all(found)
    assert not [row for rows in found for row in rows if "Signature=" in str(row) or "PRIVATE KEY" in str(row)]
