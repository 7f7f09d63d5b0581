"""
A backfill with Airflow's own scheduler: `python -m tests.support.backfill_world --out FILE`, in a `Home`.

A folder of files with set times of modification stands for a bucket. Files lie on every day, among them one at its very
beginning and one in its last microsecond. When all intervals have run, a file is added to a day that is over, and that
day is run again. FILE gets what there is then, as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from include.demo import places
from include.demo.airflow import ensure_database
from include.demo.components import COMMANDS, start_airflow
from include.demo.supervisor import say
from include.demo.world import World, running_world
from tests.support.demo_runs import read_encord

DAG, LOOP = "benchmark_qa__demo", "benchmark_qa_loop__demo"
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
FILES = places.HOME / "files"
KNOWN = 4
LATE = "production/late.jpg"
PATIENCE_SECONDS = 3000.0
TEAM = {
    "seed": 7,
    "max_ordinary_tasks": 0,
    "members": [
        {"email": "truth@demo.example", "role": "ground_truth", "projects": "Demo: ground truth"},
        {"email": "reviewer@demo.example", "role": "reviewer"},
    ],
}


def write_files(days: int, objects: int) -> None:
    """Make the files, known ones on the first day and the others on all days in turn."""
    for number in range(KNOWN):
        write_file(f"benchmark/{number}.jpg", FIRST_DAY + timedelta(hours=1, seconds=number))
    for number in range(objects):
        day, place = number % days, number // days
        within = {0: timedelta(0), 1: timedelta(days=1, microseconds=-1)}.get(place, timedelta(minutes=7 * place))
        write_file(f"production/{number % 10}/{number}.jpg", FIRST_DAY + timedelta(days=day) + within)


def write_file(key: str, modified: datetime) -> None:
    """Make a file with a time of modification that is exact to the microsecond."""
    path = FILES / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"never looked into")
    nanoseconds = (modified - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    os.utime(path, ns=(nanoseconds, nanoseconds))


def write_campaign(folder: Path) -> None:
    """Write the demo's campaign with another bucket, and a loop that only the first Dag starts."""
    fields = yaml.safe_load((places.ROOT / "include/campaigns/demo.yaml").read_text(encoding="utf-8"))
    fields["bucket"] = {"uri": str(FILES), "options": {"object_url_base": "https://files.s3.eu-west-1.amazonaws.com"}}
    fields["manifest"] = {"rules": [{"match": [".jpg"], "type": "image"}]}
    fields["schedule"] = {"loop": None, "paused": False}
    folder.mkdir(parents=True)
    (folder / "demo.yaml").write_text(yaml.safe_dump(fields), encoding="utf-8")


class Runs:
    """The runs as Airflow's database has them."""

    def __init__(self, world: World, port: int) -> None:
        self._world = world
        self._port = port
        self.most_at_once = 0

    def backfill(self, first: int, last: int, parallel: int, *more: str) -> None:
        """Have the days from the first to the last run, and wait for them."""
        dates = [f"{FIRST_DAY + timedelta(days=day):%Y-%m-%d}" for day in (first, last)]
        command = ["backfill", "create", "--dag-id", DAG, "--from-date", dates[0], "--to-date", dates[1]]
        # While nobody else writes: SQLite refuses a transaction that has read what another one then changed.
        self.airflow(*command, "--max-active-runs", str(parallel), *more)
        start_airflow(self._world, self._port, [DAG, LOOP], say)
        # Airflow closes a backfill a while after its last run, and until then takes no other.
        self.wait(lambda: not self._open_backfills(), f"the end of the backfill of days {first} to {last}")

    def airflow(self, *command: str) -> None:
        """Run a command of Airflow's."""
        subprocess.run([sys.executable, "-m", "airflow", *command], env=self._world.environment, check=True)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            running = len([one for one in self.of(DAG) if one["state"] == "running"])
            self.most_at_once = max(self.most_at_once, running)
            if time.monotonic() >= deadline:
                raise TimeoutError(f"no {what} after {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.5)

    def of(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the runs of a Dag."""
        return self._rows("SELECT run_id, run_type, state FROM dag_run WHERE dag_id = ? ORDER BY run_id", dag_id)

    def tasks(self, dag_id: str) -> list[dict[str, Any]]:
        """Return how many tasks of a Dag ended how, by name."""
        return self._rows(
            "SELECT task_id, state, max(try_number) AS tries, count(*) AS runs FROM task_instance WHERE dag_id = ? "
            "GROUP BY task_id, state",
            dag_id,
        )

    def are_over(self, dag_id: str) -> bool:
        """Tell whether a Dag has runs, and all have ended."""
        states = {one["state"] for one in self.of(dag_id)}
        return bool(states) and states <= {"success", "failed"}

    def _open_backfills(self) -> list[dict[str, Any]]:
        return self._rows("SELECT id FROM backfill WHERE completed_at IS NULL AND dag_id = ?", DAG)

    def _rows(self, statement: str, *values: str) -> list[dict[str, Any]]:
        with sqlite3.connect(f"file:{places.AIRFLOW_HOME}/airflow.db?mode=ro", uri=True, timeout=60) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(statement, values)]


def run(world: World, options: argparse.Namespace) -> dict[str, Any]:
    """Backfill, add a late file, backfill its day again; return what there is."""
    team = places.BUILD / "team.yaml"
    team.write_text(yaml.safe_dump(TEAM), encoding="utf-8")
    annotators = ["-m", "include.simulated_annotators", "--url", world.encord_url, "--team", str(team)]
    world.processes.start("annotators", [sys.executable, *annotators], world.environment)
    world.environment["AIRFLOW__CORE__PARALLELISM"] = str(options.parallel)
    # This clone's provider, whichever one is installed.
    world.environment["PYTHONPATH"] = os.pathsep.join([str(places.ROOT / "plugins"), str(places.ROOT)])
    runs, started = Runs(world, options.port), time.monotonic()
    runs.airflow("dags", "reserialize")
    runs.backfill(0, options.days - 1, options.parallel)
    seconds = time.monotonic() - started
    runs.wait(lambda: runs.are_over(LOOP), "end of the loop's runs")
    world.processes.stop(*COMMANDS)
    before = read_encord(world.encord_url, places.PRIVATE_KEY.read_text(encoding="ascii"))
    write_file(LATE, FIRST_DAY + timedelta(days=options.days - 1, hours=23))
    runs.backfill(options.days - 1, options.days - 1, options.parallel, "--reprocess-behavior", "completed")
    runs.wait(lambda: runs.are_over(LOOP), "end of the loop's runs")
    after = read_encord(world.encord_url, places.PRIVATE_KEY.read_text(encoding="ascii"))
    return {
        "seconds": seconds,
        "most_at_once": runs.most_at_once,
        "before": before.source_keys,
        "after": after.source_keys,
        "state": after.state,
        "runs": runs.of(DAG),
        "loop_runs": runs.of(LOOP),
        "tasks": runs.tasks(DAG),
        "loop_tasks": runs.tasks(LOOP),
    }


def main() -> int:
    """Make the world, and write down what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--objects", type=int, default=3000)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    write_files(options.days, options.objects)
    campaigns = places.HOME / "campaigns"
    write_campaign(campaigns)
    os.environ["BENCHMARK_QA_CAMPAIGNS"] = str(campaigns)
    with running_world("a backfill") as world:
        ensure_database(world)
        found = run(world, options)
    options.out.write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
