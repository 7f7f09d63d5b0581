"""Airflow's own processes over a demo's world, each of which a test may kill and start anew."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.demo_runs import ROOT, Home, wait_until

COMPONENTS = {
    "api-server": ("--workers", "1", "--host", "127.0.0.1"),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
    "scheduler": ("--skip-serve-logs",),
}
REQUEST_SECONDS = 120.0


@dataclass
class LiveAirflow:
    """
    A home with the world of the demo in it and an Airflow of four processes.

    :param more: environment variables for all of it
    """

    home: Home
    more: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    url: str = ""
    _starts: int = 0

    def start_world(self) -> str:
        """Start bucket, local Encord and annotators, and make Airflow's database; return Encord's URL."""
        place = self.home.path / "world.json"
        log = self.home.path / "world.txt"
        world = self.home.start("tests.support.held_world", log, str(place), **self.more)
        wait_until(place.exists, "world", world)
        told = json.loads(place.read_text(encoding="utf-8"))
        kept = {name: value for name, value in told["environment"].items() if name.startswith(("A", "BENCH"))}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.more = {**self.more, **kept} | {
            "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        }
        return str(told["url"])

    def start(self, dag_id: str) -> httpx.Client:
        """Start Airflow; return a client that may do anything, once the Dag is listed."""
        self._start("api-server")
        client = httpx.Client(base_url=self.url, timeout=REQUEST_SECONDS, trust_env=False)
        wait_until(lambda: _answers(client, "/api/v2/monitor/health"), "API server", self.running["api-server"])
        token = client.get("/auth/token").raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for name in ("dag-processor", "triggerer", "scheduler"):
            self._start(name)
        wait_until(lambda: _answers(client, f"/api/v2/dags/{dag_id}"), "Dag", self.running["dag-processor"])
        return client

    def kill_and_restart(self, name: str) -> None:
        """Kill a process and all that it started, with SIGKILL, and start it anew."""
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait(30)
        self._start(name)

    def hold_people(self, *, go_on: bool = False) -> None:
        """Let the simulated annotators stop where they are, or go on."""
        for process in self.home.processes():
            if "include.simulated_annotators" in process.cmdline():
                (process.resume if go_on else process.suspend)()

    def _start(self, name: str) -> None:
        self._starts += 1
        log = self.home.path / f"{self._starts}-{name}.txt"
        self.running[name] = self.home.start("airflow", log, name, *COMPONENTS[name], **self.more)


def _answers(client: httpx.Client, path: str) -> Any:
    try:
        return client.get(path).is_success
    except httpx.HTTPError:
        return False
