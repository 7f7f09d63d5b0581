"""The demo's campaign on a native stack: begun, held at a request, labelled, scored to the end, and read."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from include.demo.bucket import s3_client
from include.native_stack.parts import WORKSPACES_BUCKET
from include.native_stack.places import WORKERS
from include.native_stack.results import fetch_workspace
from include.native_stack.stack import NativeStack
from include.native_stack.starting import DAGS
from tests.support.end_state import encord_state, workspace_state

CAMPAIGN_DAG, LOOP_DAG = DAGS
WORKSPACE = "build/demo/workspace"
BENCHMARK, PRODUCTION = "Demo: benchmark", "Demo: production"
ANNOTATORS = 4
PATIENCE_SECONDS = 900.0
TELLS_OF_EACH_UNIT = ("tasks", "actions", "labels", "issues")
ENDED = {"success", "failed"}


class StackCampaign:
    """
    One run of the campaign, from an empty Encord and an empty workspace, and the passes of its loop.

    :param stack: all of it runs; the annotators do not
    """

    def __init__(self, stack: NativeStack) -> None:
        self.stack = stack
        self.run_id = ""
        self._s3 = s3_client(stack.addresses.bucket_url)

    def begin(self) -> None:
        """Forget every earlier campaign of this stack, and start a run as a person does."""
        self._end_earlier_runs()
        self._encord("POST", "reset")
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=WORKSPACES_BUCKET):
            for entry in page.get("Contents", ()):
                self._s3.delete_object(Bucket=WORKSPACES_BUCKET, Key=entry["Key"])
        self.run_id = self._trigger(CAMPAIGN_DAG)

    def begin_to_annotate(self) -> None:
        if "annotators" not in self.stack.processes:
            self.stack.start("annotators")

    def finish(self) -> None:
        """Let the run end, and the loop pass until all that people submit for known units is scored."""
        self.begin_to_annotate()
        self._until_ended(CAMPAIGN_DAG, self.run_id)
        self._pause(paused=False)
        self.wait_until(self._everything_is_scored_by_another_pass, "scores of all submissions")
        self._pause(paused=True)

    def state(self, folder: Path) -> dict[str, Any]:
        """
        Return what is in Encord and in the workspace, free of ids and times.

        Without what annotators did to ordinary tasks: who is quicker takes them, as many as there is time for.

        :param folder: gets copies of what is read
        """
        folder.mkdir(parents=True)
        copy = folder / "encord.sqlite"
        with sqlite3.connect(self.stack.places.encord_state) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        workspace = fetch_workspace(self.stack, folder) / WORKSPACE
        return _without_ordinary_work(encord_state(copy)) | workspace_state(workspace)

    def rest(self) -> None:
        """Let the passes that have begun end, begin no more, and let people rest."""
        running = f"dags/{LOOP_DAG}/dagRuns?state=running&state=queued"
        self.wait_until(lambda: not self._airflow("GET", running)["dag_runs"], "end of the loop's passes")
        self._pause(paused=True)
        self._stop_annotators()

    # What happens now.

    def tasks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the task instances of the run by their task's id, those that are mapped in their order."""
        answer = self._airflow("GET", f"dags/{CAMPAIGN_DAG}/dagRuns/{self.run_id}/taskInstances")
        found: dict[str, list[dict[str, Any]]] = {}
        for one in sorted(answer["task_instances"], key=lambda one: one["map_index"]):
            found.setdefault(one["task_id"], []).append(one)
        return found

    def wait_for_task(self, task: str, *states: str) -> None:
        def there() -> bool:
            return any(one["state"] in states for one in self.tasks()[task])

        self.wait_until(there, f"{task} {' or '.join(states)}")

    def wait_until(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for a condition; a part that is down, or a run that has failed, is no reason to ask no more."""
        deadline = time.monotonic() + seconds
        while not _true(condition):
            assert time.monotonic() < deadline, f"no {what} after {seconds:.0f} s"
            time.sleep(0.5)

    @contextmanager
    def held(self, request: str) -> Iterator[None]:
        """Let the local Encord do such requests, and keep their answers back until the block ends."""
        self._encord("POST", "faults", json={"match": request, "hold": "after"})
        self.wait_until(lambda: any(one["holding"] for one in self._encord("GET", "faults")), request)
        try:
            yield
        finally:
            self._encord("DELETE", "faults")

    def worker_that_waits(self) -> str:
        """Return the worker that runs the task to which the local Encord owes an answer."""
        port = self.stack.addresses.encord
        for worker in WORKERS:
            main = self.stack.processes[worker]
            if any(port in _ports(one) for one in main.children(recursive=True)):
                return worker
        raise AssertionError("no worker's task waits for the local Encord")

    @contextmanager
    def no_task_taken(self) -> Iterator[None]:
        """Let the workers' main processes stand still while the block runs: what is queued stays queued."""
        mains = [self.stack.processes[worker] for worker in WORKERS]
        for main in mains:
            main.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for main in mains:
                main.send_signal(signal.SIGCONT)

    def pass_once(self) -> dict[str, Any]:
        """Let the loop pass, and return its run once it has ended."""
        return self._until_ended(LOOP_DAG, self._trigger(LOOP_DAG))

    # Airflow, the local Encord, the workspace.

    def _until_ended(self, dag_id: str, run_id: str) -> dict[str, Any]:
        path = f"dags/{dag_id}/dagRuns/{run_id}"
        self.wait_until(lambda: self._airflow("GET", path)["state"] in ENDED, f"end of {run_id}")
        return dict(self._airflow("GET", path))

    def _end_earlier_runs(self) -> None:
        self._stop_annotators()
        self._pause(paused=True)
        for dag_id in (CAMPAIGN_DAG, LOOP_DAG):
            for run in self._airflow("GET", f"dags/{dag_id}/dagRuns?limit=100")["dag_runs"]:
                if run["state"] not in ENDED:
                    self._airflow("PATCH", f"dags/{dag_id}/dagRuns/{run['dag_run_id']}", json={"state": "failed"})
        running = "dags/~/dagRuns/~/taskInstances?state=running&state=queued"
        self.wait_until(lambda: not self._airflow("GET", running)["task_instances"], "end of earlier runs")

    def _everything_is_scored_by_another_pass(self) -> bool:
        self.pass_once()
        content = self._s3.get_object(Bucket=WORKSPACES_BUCKET, Key=f"{WORKSPACE}/scorecard.json")["Body"].read()
        published = json.loads(content)
        scored = sum(one["submissions"] for one in published["annotators"]) + len(published["not_computed"])
        known = next(one["rows"] for one in self._encord("GET", "state")["datasets"] if one["title"] == BENCHMARK)
        return bool(scored == known * ANNOTATORS)

    def _stop_annotators(self) -> None:
        if "annotators" in self.stack.processes:
            self.stack.stop("annotators")

    def _trigger(self, dag_id: str) -> str:
        return str(self._airflow("POST", f"dags/{dag_id}/dagRuns", json={"logical_date": None})["dag_run_id"])

    def _pause(self, *, paused: bool) -> None:
        self._airflow("PATCH", f"dags/{LOOP_DAG}", json={"is_paused": paused})

    def _airflow(self, method: str, path: str, **more: Any) -> Any:
        return self.stack.api.request(method, f"/api/v2/{path}", **more).raise_for_status().json()

    def _encord(self, method: str, path: str, **more: Any) -> Any:
        url = f"{self.stack.encord_url}/_emulator/{path}"
        return httpx.request(method, url, timeout=60, trust_env=False, **more).raise_for_status().json()


def _without_ordinary_work(state: dict[str, Any]) -> dict[str, Any]:
    [known] = state["datasets"][BENCHMARK]
    for project in state["projects"].values():
        for [content] in project:
            for name in TELLS_OF_EACH_UNIT:
                content[name] = [one for one in _entries(content[name]) if one[0] in known or one[0][0] in known]
    return state


def _entries(content: Any) -> list[Any]:
    return sorted(content.items() if hasattr(content, "items") else content)


def _ports(process: psutil.Process) -> set[int]:
    try:
        return {one.raddr.port for one in process.net_connections() if one.raddr}
    except psutil.NoSuchProcess:
        return set()


def _true(condition: Callable[[], Any]) -> bool:
    try:
        return bool(condition())
    except httpx.HTTPError:  # the API server is away, or its database is
        return False
