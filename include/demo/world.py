"""The demo's world: a local bucket, the local Encord and its people, and how Airflow is told of them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from include.demo import places
from include.demo.bucket import CREDENTIALS
from include.demo.keys import airflow_secrets, encord_private_key, encord_public_key
from include.demo.lock import only_one
from include.demo.processes import Processes

DATA_OPERATIONS = "data-operations@demo.example"
INTEGRATION = "Demo bucket"


@dataclass(frozen=True, slots=True)
class World:
    """The addresses of what runs, and the environment that leads Airflow there."""

    processes: Processes
    encord_url: str
    bucket_url: str
    environment: dict[str, str]

    def encord_state(self) -> dict[str, Any]:
        """Return what the local Encord holds."""
        state: dict[str, Any] = httpx.get(f"{self.encord_url}/_emulator/state", timeout=30, trust_env=False).json()
        return state

    def start_annotators(self) -> None:
        """Set the simulated annotators to work."""
        command = _python("include.simulated_annotators", "--url", self.encord_url, "--team", str(places.TEAM))
        self.processes.start("annotators", command, self.environment)


@contextmanager
def running_world(command: str) -> Iterator[World]:
    """
    Start the local Encord and the local bucket, and stop all that was started when the block ends.

    :param command: what a person typed to get here; others who want the world are told
    :raises WorldBusyError: another demo has the world
    :raises ProcessError: one of them did not start
    """
    with only_one(command), Processes(places.PROCESSES, places.LOGS) as processes:
        places.SEED.write_text(json.dumps(seed(encord_public_key())), encoding="utf-8")
        base = own_environment()
        encord = _start(processes, base, "encord", "include.encord_emulator", "serve", *_encord_options())
        bucket = _start(processes, base, "bucket", "include.demo.bucket", *_bucket_options())
        encord_url = processes.wait_for_file("encord", encord, 60)
        bucket_url = processes.wait_for_file("bucket", bucket, 120)
        environment = base | _airflow_environment(encord_url, bucket_url)
        yield World(processes, encord_url, bucket_url, environment)


def own_environment() -> dict[str, str]:
    """
    Return this process's environment without what would lead elsewhere.

    A shell may have the settings of another Airflow, of an account in a real cloud, or of a proxy.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "AWS_")) and not name.lower().endswith("_proxy")
    }
    return {**kept, **CREDENTIALS, "PYTHONPATH": str(places.ROOT), "PYTHONUNBUFFERED": "1"}


def seed(public_key: str) -> dict[str, Any]:
    """
    Return what the local Encord begins with: the organisation, its people and its cloud integration.

    :param public_key: of the user by whom Airflow acts; raw, in hexadecimal digits
    """
    return {
        "organisation": "Demo",
        "users": [
            {"email": DATA_OPERATIONS, "public_key": public_key, "role": "admin"},
            *({"email": email, "role": "annotator"} for email in _team()),
        ],
        "integrations": [{"title": INTEGRATION}],
    }


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _start(processes: Processes, environment: dict[str, str], name: str, module: str, *options: str) -> Path:
    url_file = places.BUILD / f"{name}.url"
    url_file.unlink(missing_ok=True)
    processes.start(name, _python(module, *options, "--url-file", str(url_file)), environment)
    return url_file


def _encord_options() -> tuple[str, ...]:
    return "--db", str(places.ENCORD_STATE), "--seed", str(places.SEED)


def _bucket_options() -> tuple[str, ...]:
    return "--material", str(places.MATERIAL), "--bucket", places.BUCKET


def encord_connection(encord_url: str, private_key: str) -> str:
    """Return the Airflow connection to the local Encord, as JSON."""
    return json.dumps(
        {"conn_type": "encord", "host": encord_url, "password": private_key, "extra": {"web_app": encord_url}}
    )


def _airflow_environment(encord_url: str, bucket_url: str) -> dict[str, str]:
    return airflow_secrets() | {
        "AIRFLOW_HOME": str(places.AIRFLOW_HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(places.ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(places.ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # SQLite has one writer at a time; a first request can take longer than the 5 s that others wait by default.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{places.AIRFLOW_HOME}/airflow.db?timeout=60",
        # A campaign that is wrong shows as the one line that says so.
        "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW_CONN_ENCORD_DEFAULT": encord_connection(encord_url, encord_private_key()),
        # boto3 reads it; a campaign whose bucket is in S3 proper has no such line.
        "AWS_ENDPOINT_URL": bucket_url,
    }


def _team() -> list[str]:
    members = yaml.safe_load(places.TEAM.read_text(encoding="utf-8"))["members"]
    return [member["email"] for member in members]
