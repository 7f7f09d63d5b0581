"""An Airflow of four processes over a folder of Dags, each of which a test may kill and start anew."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.demo_runs import ROOT, Home, wait_until
from tests.support.local_servers import free_port

COMPONENTS = {
    "api-server": ("--workers", "1", "--host", "127.0.0.1"),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
    "scheduler": ("--skip-serve-logs",),
}
REQUEST_SECONDS = 120.0


@dataclass
class SmallAirflow:
    """
    Airflow in a home of its own; Dag files are in the folder ``dags`` there.

    :param more: environment variables, such as connections
    """

    home: Home
    more: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    starts: int = 0

    def start(self, dag_id: str) -> httpx.Client:
        """Make the database and start everything; return a client that may do anything, once the Dag is listed."""
        url = self._settle_port()
        make = [sys.executable, "-c", "from airflow.utils.db import initdb; initdb()"]
        environment = self.home.environment | self.more
        subprocess.run(make, env=environment, check=True, capture_output=True, timeout=300)
        self._start("api-server")
        client = httpx.Client(base_url=url, timeout=REQUEST_SECONDS, trust_env=False)
        wait_until(lambda: _answers(client, "/api/v2/monitor/health"), "API server", self.running["api-server"])
        token = client.get("/auth/token").raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for name in ("dag-processor", "triggerer", "scheduler"):
            self._start(name)
        wait_until(lambda: _answers(client, f"/api/v2/dags/{dag_id}"), "Dag", self.running["dag-processor"])
        return client

    def kill_and_restart(self, name: str) -> None:
        """End a process and all that it started with SIGKILL, and start it anew."""
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait(30)
        self._start(name)

    def end(self) -> None:
        """End everything: Airflow's children rename themselves, so that a search by their environment misses them."""
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)
        self.home.end_all()

    def _settle_port(self) -> str:
        port = free_port()
        url, place = f"http://127.0.0.1:{port}", self.home.path / "airflow"
        self.more = {
            "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}",
            "AIRFLOW_HOME": str(place),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home.path / "dags"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__FERNET_KEY": "",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{place}/airflow.db?timeout=60",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            **self.more,
        }
        return url

    def _start(self, name: str) -> None:
        self.starts += 1
        log = self.home.path / f"{self.starts}-{name}.txt"
        self.running[name] = self.home.start("airflow", log, name, *COMPONENTS[name], **self.more)


def _answers(client: httpx.Client, path: str) -> Any:
    try:
        return client.get(path).is_success
    except httpx.HTTPError:
        return False
