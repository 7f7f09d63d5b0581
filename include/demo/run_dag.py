"""
Run one Dag to its end in this process, as ``airflow dags test`` does, with a line of progress a task.

``python -m include.demo.run_dag DAG_ID`` exits with 0 if the run succeeded. What tasks log goes to the standard error.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, TextIO

from airflow.dag_processing.dagbag import DagBag
from airflow.listeners import hookimpl
from airflow.sdk.listener import get_listener_manager

from include.demo import places
from include.demo.broken_runs import end_broken_runs


class Progress:
    """Say on one stream when tasks start, wait and end; Airflow calls these by their names."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started: dict[str, float] = {}

    @hookimpl
    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        """Airflow's hook: a task begins, or goes on after a wait."""
        name = _name(task_instance)
        if name not in self._started:
            self._started[name] = time.monotonic()
            self._say(f"  {name} ...")

    @hookimpl
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        """Airflow's hook: a task is done."""
        self._say(f"  {_name(task_instance)} done ({self._seconds(task_instance):.1f} s)")

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        """Airflow's hook: a task has failed, or will be tried again."""
        self._say(f"  {_name(task_instance)} FAILED: {' '.join(str(error).split())}")

    @hookimpl
    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        """Airflow's hook: a task had nothing to do."""
        self._say(f"  {_name(task_instance)} skipped")

    def _seconds(self, task_instance: Any) -> float:
        return time.monotonic() - self._started.get(_name(task_instance), time.monotonic())

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


def _name(task_instance: Any) -> str:
    index = getattr(task_instance, "map_index", -1)
    return f"{task_instance.task_id}[{index}]" if index is not None and index >= 0 else str(task_instance.task_id)


def main(dag_id: str) -> int:
    """Run the Dag; return the exit status."""
    progress = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever Airflow prints belongs to the log
    sys.path.insert(0, str(places.ROOT / "dags"))
    bag = DagBag()
    if bag.import_errors:
        for file, error in bag.import_errors.items():
            print(f"  {file}: {error.strip().splitlines()[-1]}", file=progress, flush=True)
        return 1
    end_broken_runs()
    get_listener_manager().add_listener(Progress(progress))  # type: ignore[no-untyped-call]  # Airflow's is untyped
    run = bag.dags[dag_id].test()
    return 0 if run.state == "success" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
