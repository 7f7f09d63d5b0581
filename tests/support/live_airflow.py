"""A whole Airflow over the demo's world, whose parts a test kills and starts again as an init system would."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from tests.support.demo_runs import ROOT, Home, wait_until
from tests.support.local_servers import free_port

if TYPE_CHECKING:
    import psutil

REQUEST_SECONDS = 120.0
START_SECONDS = 900.0


@dataclass
class LiveAirflow:
    """
    What a test needs of it.

    :param world: the process that holds everything
    :param encord_url: the local Encord
    :param api: Airflow's REST API, logged in
    """

    home: Home
    world: subprocess.Popen[bytes]
    encord_url: str
    api: httpx.Client

    def begin_to_annotate(self) -> None:
        self.world.send_signal(signal.SIGUSR1)

    def trigger(self, dag_id: str) -> str:
        """Start a run as a person does; return its id."""
        answer = self.api.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None})
        return str(answer.raise_for_status().json()["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(self.api.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}").raise_for_status().json()["state"])

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Return the task instances of a run, those that are mapped under ``name[index]``."""
        answer = self.api.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances").raise_for_status().json()
        return {_name(one): one for one in answer["task_instances"]}

    def component(self, name: str) -> psutil.Process:
        """Return the main process of one of Airflow's components."""
        own = [one for one in self.home.processes() if ["-m", "airflow", name] == one.cmdline()[1:4]]
        return min(own, key=lambda one: one.create_time())

    def held_task(self) -> psutil.Process:
        """Return the process of the task that waits for an answer of the local Encord's."""
        port = urlsplit(self.encord_url).port
        tasks = self.component("scheduler").children(recursive=True)
        [found] = [one for one in tasks if any(to.raddr and to.raddr.port == port for to in one.net_connections())]
        return found

    def pause(self, dag_id: str, *, paused: bool) -> None:
        self.api.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": paused}).raise_for_status()

    def kill_and_start_again(self, name: str, **more: str) -> None:
        """
        Kill a component, with what it has started, and start it with the same words in the same environment.

        :param more: what its environment has now beside that
        """
        old = self.component(name)
        command, environment = old.cmdline(), old.environ() | more
        for process in (old, *old.children(recursive=True)):
            process.kill()
        log = self.home.path / f"{name}-again.log"
        with log.open("ab") as stream:
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
            )

    def hold(self, request: str) -> None:
        """Let the local Encord do the next such request, and keep its answer back."""
        rule = {"match": request, "hold": "after", "times": 1}
        httpx.post(f"{self.encord_url}/_emulator/faults", json=rule, timeout=30).raise_for_status()

    def wait_until_held(self, what: str) -> None:
        faults = f"{self.encord_url}/_emulator/faults"
        wait_until(lambda: any(one["holding"] for one in httpx.get(faults, timeout=30).json()), what, self.world)

    def let_go(self) -> None:
        httpx.delete(f"{self.encord_url}/_emulator/faults", timeout=30).raise_for_status()


@contextmanager
def live_airflow(home: Home, *options: str, **environment: str) -> Iterator[LiveAirflow]:
    """
    Run everything, without annotators at first.

    :param options: more words for ``tests.support.held_world``
    :param environment: more variables; it drops those of another Airflow
    """
    place, port = home.path / "world.json", free_port()
    try:
        words = (str(place), "--airflow", str(port), *options)
        world = home.start("tests.support.held_world", home.path / "world.txt", *words, **environment)
        wait_until(place.exists, "world", world, START_SECONDS)
        passwords = home.path / ".airflow" / "simple_auth_manager_passwords.json.generated"
        [(user, password)] = json.loads(passwords.read_text(encoding="utf-8")).items()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=REQUEST_SECONDS, trust_env=False) as api:
            answer = api.post("/auth/token", json={"username": user, "password": password}).raise_for_status()
            api.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            yield LiveAirflow(home, world, json.loads(place.read_text(encoding="utf-8"))["url"], api)
        world.send_signal(signal.SIGTERM)
        world.wait(60)
    finally:
        home.end_all()


def _name(task: dict[str, Any]) -> str:
    return f"{task['task_id']}[{task['map_index']}]" if task["map_index"] >= 0 else str(task["task_id"])
