"""Airflow's four components as processes of the demo, and how to tell that they work."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import httpx

from include.demo import places
from include.demo.keys import ADMIN, admin_password
from include.demo.processes import ProcessError
from include.demo.world import World

HOST: Final = "127.0.0.1"
READY_SECONDS = 180.0
# Logs are on this machine's disk, so that nobody needs to serve them, on ports that may be taken.
COMMANDS: Mapping[str, Sequence[str]] = {
    "api-server": ("api-server", "--workers", "1", "--host", HOST),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
}


def start_airflow(world: World, port: int, dag_ids: Sequence[str], say: Callable[[str], None]) -> str:
    """
    Start the components, with the UI on this port of the loopback interface, and wait until all of it works.

    :param dag_ids: the Dags that must be listed
    :param say: gets a line for each part that has come
    :return: the UI's address
    :raises ProcessError: one of them ended, or it took longer than ``READY_SECONDS``
    """
    url = f"http://{HOST}:{port}"
    admin_password()  # before Airflow makes one, and prints it into the log
    environment = world.environment | {
        "AIRFLOW__API__BASE_URL": url,
        # Tasks report here; Airflow does not derive it from the port.
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        # A worker looks this often, in seconds, whether a task has ended. A trigger that fires sooner would be taken
        # for the end of a task that was never started again, and cost a retry.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__API__PORT": str(port),
        # A new or corrected Dag file shows within seconds, not after the default of five minutes.
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
    }
    with httpx.Client(base_url=url, timeout=10, trust_env=False) as client:
        for name, command in COMMANDS.items():
            if name == "scheduler":  # it starts tasks at once, and those need the API server
                _wait(world, client, ["api-server"], say)
            world.processes.start(name, [sys.executable, "-m", "airflow", *command], environment)
        _wait(world, client, [*(name for name in COMMANDS if name != "api-server"), *dag_ids], say)
    return url


def _wait(world: World, client: httpx.Client, missing: Sequence[str], say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while missing:
        if time.monotonic() >= deadline:
            raise ProcessError(f"{', '.join(missing)}: not there after {READY_SECONDS:.0f} s: see {places.LOGS}")
        world.processes.check()
        time.sleep(0.5)
        ready = _ready(client)
        for name in (name for name in missing if name in ready):
            say(f"  {name} is ready")
        missing = [name for name in missing if name not in ready]


def _ready(client: httpx.Client) -> set[str]:
    """Return the names of healthy components and of listed Dags."""
    try:
        health = client.get("/api/v2/monitor/health").raise_for_status().json()
        if "Authorization" not in client.headers:
            client.headers["Authorization"] = f"Bearer {_token(client)}"
        dags = client.get("/api/v2/dags").raise_for_status().json()["dags"]
    except httpx.HTTPError:  # it does not answer yet
        return set()
    healthy = {name.replace("_", "-") for name, state in health.items() if state["status"] == "healthy"}
    return {"api-server", *healthy, *(dag["dag_id"] for dag in dags)}


def _token(client: httpx.Client) -> str:
    log_in = {"username": ADMIN, "password": admin_password()}
    return str(client.post("/auth/token", json=log_in).raise_for_status().json()["access_token"])
