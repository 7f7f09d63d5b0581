"""
Airflow's process is killed at the worst moment of each step: Encord has done what was asked, and nobody was told.

One campaign suffers all four kills, one run after the other, and is then run to its end. The worst moment is made, not
waited for: a rule of the local Encord applies the request and holds its answer back until the client is gone.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.demo_runs import EncordContent, Home, assert_one_of_everything, read_encord, wait_until

pytestmark = pytest.mark.system

DAG = "benchmark_qa__demo"
CREATE_PROJECT = "project POST$"
# The request that does a step's work, in the order of the steps.
REQUESTS = {
    "import_files": "POST .*/data-upload-jobs$",
    "create_benchmark_project": CREATE_PROJECT,
    "create_production_project": CREATE_PROJECT,
    "route_tasks": "POST .*/workflow/stages/[^/]+/actions$",
}


@dataclass
class Killed:
    """A run that was killed: what it had printed, and what Encord held at that moment."""

    output: str
    state: dict[str, Any]


@dataclass
class Story:
    """Four runs that were killed, one that was not, and what is there in the end."""

    home: Home
    killed: dict[str, Killed]
    status: int
    output: str
    content: EncordContent


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = Home(tmp_path_factory.mktemp("kills"))
    try:
        world = home.start("tests.support.held_world", home.path / "world.txt", str(home.path / "world.json"))
        place = home.path / "world.json"
        wait_until(place.exists, "world", world)
        told = json.loads(place.read_text(encoding="utf-8"))
        airflow = {name: value for name, value in told["environment"].items() if name.startswith(("A", "BENCH"))}
        killed = {task: kill_in(task, home, airflow, told["url"]) for task in REQUESTS}
        log = home.path / "last.txt"
        last = home.start("include.demo.run_dag", log, DAG, **airflow)
        status = last.wait(300)
        content = read_encord(told["url"], (home.build / "encord_key").read_text(encoding="ascii"))
        world.send_signal(signal.SIGTERM)
        world.wait(60)
        yield Story(home, killed, status, log.read_text(encoding="utf-8"), content)
    finally:
        home.end_all()


def kill_in(task: str, home: Home, airflow: dict[str, str], url: str) -> Killed:
    """Run the Dag until the task's request is applied and its answer held back, then kill the process."""
    started = time.monotonic()
    rule = {"match": REQUESTS[task], "hold": "after", "times": 1}
    httpx.post(f"{url}/_emulator/faults", json=rule, timeout=30).raise_for_status()
    log = home.path / f"{task}.txt"
    process = home.start("include.demo.run_dag", log, DAG, **airflow)
    wait_until(lambda: httpx.get(f"{url}/_emulator/faults", timeout=30).json()[0]["holding"], task, process)
    state = httpx.get(f"{url}/_emulator/state", timeout=30).json()
    process.kill()
    assert process.wait(10) == -signal.SIGKILL
    httpx.delete(f"{url}/_emulator/faults", timeout=30).raise_for_status()
    print(f"killed in {task} after {time.monotonic() - started:.0f} s")
    return Killed(log.read_text(encoding="utf-8"), state)


@pytest.mark.parametrize("task", REQUESTS)
def test_each_run_was_killed_within_its_step(story: Story, task: str) -> None:
    assert f"  {task} ...\n" in story.killed[task].output
    assert f"  {task} done" not in story.killed[task].output


def test_what_each_killed_step_had_asked_for_was_done(story: Story) -> None:
    at = {task: killed.state for task, killed in story.killed.items()}
    assert len(at["import_files"]["upload_jobs"]) == 1
    assert [len(at[task]["projects"]) for task in REQUESTS] == [0, 1, 2, 2]
    [production] = [one for one in at["route_tasks"]["projects"] if one["title"] == "Demo: production"]
    assert sum(production["routed"]["Benchmark Task?"].values()) > 0


def test_the_run_after_the_kills_ends_well(story: Story) -> None:
    assert (story.status, "FAILED:" in story.output) == (0, False), story.output


def test_everything_is_there_once_and_routed_right(story: Story) -> None:
    assert_one_of_everything(story.home, story.content)


def test_no_killed_run_is_taken_for_a_running_one(story: Story) -> None:
    with sqlite3.connect(story.home.path / ".airflow" / "airflow.db") as database:
        states = [state for (state,) in database.execute("SELECT state FROM dag_run ORDER BY start_date")]
    assert states == ["failed"] * len(REQUESTS) + ["success"]


def test_no_process_is_left(story: Story) -> None:
    assert [" ".join(one.cmdline()) for one in story.home.processes()] == []


def test_the_home_keeps_no_secret_outside_its_own_files(story: Story) -> None:
    key = (story.home.build / "encord_key").read_text(encoding="ascii").splitlines()[1]
    own = {story.home.build / "encord_key", story.home.path / "world.json"}
    logs = [path for path in story.home.path.rglob("*") if path.suffix in {".txt", ".log"} and path not in own]
    assert logs
    assert [path for path in logs if key in Path(path).read_text(encoding="utf-8", errors="replace")] == []
