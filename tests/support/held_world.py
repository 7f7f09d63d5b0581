"""
The demo's world for a test that brings its own Airflow: `python -m tests.support.held_world FILE [--airflow PORT]`.

Writes the environment that leads Airflow there, and the local Encord's URL, to FILE as JSON; ends with SIGTERM. With
`--airflow` all of Airflow's components run as well, nobody starts again what a test kills, and the annotators begin
with SIGUSR1; `--executor` names the class that runs tasks.
"""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

from include.demo import components
from include.demo.airflow import ensure_database
from include.demo.world import World, running_world

# Other tests may use the same machine.
READY_SECONDS = 600.0
DAGS = ("benchmark_qa__demo", "benchmark_qa_loop__demo")


def main(file: Path, port: int | None, executor: str | None) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running_world("a test of kills") as world:
        if executor:
            world.environment["AIRFLOW__CORE__EXECUTOR"] = executor
        ensure_database(world)
        if port is None:
            world.start_annotators()
        else:
            signal.signal(signal.SIGUSR1, lambda *_: world.start_annotators())
            components.READY_SECONDS = READY_SECONDS
            components.start_airflow(world, port, DAGS, print)
        _tell(file, world)
        try:
            while True:
                signal.pause()
        except KeyboardInterrupt:
            return


def _tell(file: Path, world: World) -> None:
    temporary = file.with_suffix(".part")
    temporary.write_text(json.dumps({"environment": world.environment, "url": world.encord_url}), encoding="utf-8")
    temporary.replace(file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--airflow", type=int)
    parser.add_argument("--executor")
    given = parser.parse_args()
    main(given.file, given.airflow, given.executor)
