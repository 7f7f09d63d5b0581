"""The programs of a stack: their commands, environments and folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.benchmark_qa.campaign import CAMPAIGNS_VARIABLE
from include.demo import places as demo_places
from include.demo.keys import encord_private_key
from include.demo.world import encord_connection, own_environment
from include.deployment.env_file import DEMO
from include.native_stack.addresses import WORKER_ADDRESSES, Addresses
from include.native_stack.compose_settings import airflow_settings
from include.native_stack.places import COMPOSE_FILE, ROOT, WORKERS, Places
from include.native_stack.serving_logs import ADDRESS, LOG_PORT
from include.native_stack.stores import HOST

WORKSPACES_BUCKET = DEMO["BENCHMARK_QA_WORKSPACES"].removeprefix("s3://")
# What a run of minutes asks for, where a deployment of months asks for less.
QUICK = {
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
}
AIRFLOW_PARTS = ("api-server", "scheduler", "dag-processor", "triggerer", *WORKERS)


@dataclass(frozen=True, slots=True)
class Program:
    """How one program is started: ``folder`` is its working directory, ``account`` the system's user, if another."""

    command: list[str]
    environment: Mapping[str, str]
    folder: Path | None = None
    account: str | None = None


def world_programs(places: Places, addresses: Addresses) -> dict[str, Program]:
    """Return what surrounds Airflow: the local S3, the local Encord and its annotators."""
    environment = _environment()
    commands = {
        "bucket": [
            "include.demo.bucket", "--material", str(places.material), "--bucket", demo_places.BUCKET,
            "--empty-bucket", WORKSPACES_BUCKET, "--url-file", str(places.home / "bucket.url"),
            "--port", str(addresses.bucket),
        ],
        "encord": [
            "include.encord_emulator", "serve", "--db", str(places.encord_state),
            "--seed", str(places.home / "seed.json"), "--url-file", str(places.home / "encord.url"),
            "--port", str(addresses.encord),
        ],
        "annotators": [
            "include.simulated_annotators", "--url", addresses.encord_url, "--team", str(demo_places.TEAM),
        ],
    }  # fmt: skip
    return {name: Program(_python(*command), environment) for name, command in commands.items()}


def airflow_programs(
    places: Places, addresses: Addresses, secrets: Mapping[str, str], more: Mapping[str, str]
) -> dict[str, Program]:
    """
    Return the parts of Airflow, each with its own home, working directory, folder for temporary files, and logs.

    :param secrets: those of ``.env``
    :param more: settings that differ from docker-compose.yaml's
    """
    shared = _environment() | _settings(places, addresses, secrets) | dict(more)
    serving_logs = _python("include.native_stack.serving_logs")
    commands = {
        "api-server": _python("airflow", "api-server", "--workers", "1", "--host", HOST),
        "scheduler": _python("airflow", "scheduler", "--skip-serve-logs"),
        "dag-processor": _python("airflow", "dag-processor"),
        "triggerer": [*serving_logs, "triggerer", "--skip-serve-logs"],
        **{
            name: [*serving_logs, "celery", "worker", "--skip-serve-logs", "--celery-hostname", name]
            for name in WORKERS
        },
    }
    return {
        name: Program(command, shared | _own(places.part(name), name, addresses), places.part(name) / "cwd")
        for name, command in commands.items()
    }


def make_folders(places: Places) -> None:
    """Make the folders that the parts of Airflow have to themselves."""
    for part in AIRFLOW_PARTS:
        for name in ("airflow", "cwd", "home", "logs", "tmp"):
            (places.part(part) / name).mkdir(parents=True)


def _environment() -> dict[str, str]:
    """Return this process's environment without what would lead elsewhere; this checkout's provider comes first."""
    kept = {name: value for name, value in own_environment().items() if not name.startswith("BENCHMARK_QA_")}
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])}


def _settings(places: Places, addresses: Addresses, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        **airflow_settings(COMPOSE_FILE, {**DEMO, **secrets}, addresses.of_containers()),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "include.native_stack.serving_logs.address",
        "AIRFLOW__API__BASE_URL": addresses.ui,
        "AIRFLOW__API__PORT": str(addresses.api_server),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(addresses.worker_logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(addresses.triggerer_logs),
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(addresses.scheduler_health),
        "AIRFLOW_CONN_ENCORD_DEFAULT": encord_connection(addresses.encord_url, encord_private_key(places.encord_key)),
        "AWS_ENDPOINT_URL": addresses.bucket_url,
        CAMPAIGNS_VARIABLE: str(places.campaigns),
        **QUICK,
    }


def _own(folder: Path, name: str, addresses: Addresses) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        ADDRESS: WORKER_ADDRESSES.get(name, HOST),
        LOG_PORT: str(addresses.worker_logs if name in WORKERS else addresses.triggerer_logs),
    }


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
