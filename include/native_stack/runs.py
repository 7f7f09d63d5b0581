"""Runs of Dags through Airflow's REST API: begin them, follow them, and see on which worker each task ran."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from include.native_stack.addresses import WORKER_ADDRESSES
from include.native_stack.stack import NativeStack

_NAMES = {address: name for name, address in WORKER_ADDRESSES.items()}
_PAGE = 100
_LOOK_SECONDS = 1.0
_ENDED = {"success", "failed"}


def begin(stack: NativeStack, dag_id: str) -> str:
    """Start a run as a person does; return its id."""
    answer = stack.api.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None})
    return str(answer.raise_for_status().json()["dag_run_id"])


def follow(stack: NativeStack, dag_id: str, run_id: str, say: Callable[[str], None]) -> str:
    """
    Wait until a run has ended, with a line for each task that has; return the run's state.

    :raises ProcessError: a part of the stack has ended
    """
    told: set[str] = set()
    while True:
        stack.check()
        state = run_state(stack, dag_id, run_id)
        for task in task_instances(stack, dag_id, run_id):
            if task["state"] in {"success", "failed", "skipped", "upstream_failed"} and task_name(task) not in told:
                told.add(task_name(task))
                say(f"  {task_name(task)} {_how(task)}")
        if state in _ENDED:
            return state
        time.sleep(_LOOK_SECONDS)


def run_state(stack: NativeStack, dag_id: str, run_id: str) -> str:
    """Return the state of a run, such as ``running`` or ``success``."""
    return str(stack.api.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}").raise_for_status().json()["state"])


def task_instances(stack: NativeStack, dag_id: str, run_id: str = "~") -> Iterator[dict[str, Any]]:
    """Yield the task instances of a run, or of all runs of a Dag, as the REST API describes them."""
    url, offset, total = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", 0, 1
    while offset < total:
        page = stack.api.get(url, params={"limit": _PAGE, "offset": offset}).raise_for_status().json()
        yield from page["task_instances"]
        total = page["total_entries"]
        offset += _PAGE


def task_name(task: Mapping[str, Any]) -> str:
    """Return a task's id, with its index where it is mapped."""
    return f"{task['task_id']}[{task['map_index']}]" if task["map_index"] >= 0 else str(task["task_id"])


def worker_of(task: Mapping[str, Any]) -> str | None:
    """Return the worker that ran a task last, or None if none did."""
    return _NAMES.get(task["hostname"] or "")


def what_ran_where(stack: NativeStack, dag_id: str) -> dict[str, Counter[str]]:
    """Return how many times each worker ran each task of a Dag, over all its runs."""
    found: dict[str, Counter[str]] = {}
    for task in task_instances(stack, dag_id):
        if worker := worker_of(task):
            found.setdefault(task["task_id"], Counter())[worker] += 1
    return found


def _how(task: Mapping[str, Any]) -> str:
    if task["state"] != "success":
        return str(task["state"])
    return f"done ({task['duration'] or 0.0:.1f} s) on {worker_of(task)}"
