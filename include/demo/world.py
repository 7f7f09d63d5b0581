"""The demo's world: a local bucket, the local Encord and its people, and how Airflow is told of them."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from include.demo import places
from include.demo.bucket import CREDENTIALS
from include.demo.processes import Processes

DATA_OPERATIONS = "data-operations@demo.example"
INTEGRATION = "Demo bucket"


class WorldBusyError(RuntimeError):
    """Another demo has the world."""


@dataclass(frozen=True, slots=True)
class World:
    """The addresses of what runs, and the environment that leads Airflow there."""

    processes: Processes
    encord_url: str
    bucket_url: str
    environment: dict[str, str]

    def encord_state(self) -> dict[str, object]:
        """Return what the local Encord holds."""
        state: dict[str, object] = httpx.get(f"{self.encord_url}/_emulator/state", timeout=30).json()
        return state

    def start_annotators(self) -> None:
        """Set the simulated annotators to work."""
        command = _python("include.simulated_annotators", "--url", self.encord_url, "--team", str(places.TEAM))
        self.processes.start("annotators", command, self.environment)


@contextmanager
def running_world() -> Iterator[World]:
    """
    Start the local Encord and the local bucket, and stop all that was started when the block ends.

    :raises WorldBusyError: another demo has the world
    :raises ProcessError: one of them did not start
    """
    places.BUILD.mkdir(parents=True, exist_ok=True)
    with _only_one(), Processes(places.PROCESSES, places.LOGS) as processes:
        seed = {
            "organisation": "Demo",
            "users": [
                {"email": DATA_OPERATIONS, "public_key": _public_key(), "organisation_role": "admin"},
                *({"email": email, "organisation_role": "member"} for email in _team()),
            ],
            "integrations": [{"title": INTEGRATION}],
        }
        places.SEED.write_text(json.dumps(seed), encoding="utf-8")
        base = {**os.environ, **CREDENTIALS, "PYTHONPATH": str(places.ROOT), "PYTHONUNBUFFERED": "1"}
        encord = _start(processes, base, "encord", "include.encord_emulator", "serve", *_encord_options())
        bucket = _start(processes, base, "bucket", "include.demo.bucket", *_bucket_options())
        encord_url = processes.wait_for_file("encord", encord, 60)
        bucket_url = processes.wait_for_file("bucket", bucket, 120)
        environment = base | _airflow_environment(encord_url, bucket_url)
        yield World(processes, encord_url, bucket_url, environment)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _start(processes: Processes, environment: dict[str, str], name: str, module: str, *options: str) -> Path:
    url_file = places.BUILD / f"{name}.url"
    url_file.unlink(missing_ok=True)
    processes.start(name, _python(module, *options, "--url-file", str(url_file)), environment)
    return url_file


def _encord_options() -> tuple[str, ...]:
    return "--state", str(places.ENCORD_STATE), "--seed", str(places.SEED)


def _bucket_options() -> tuple[str, ...]:
    return "--material", str(places.MATERIAL), "--bucket", places.BUCKET


def _airflow_environment(encord_url: str, bucket_url: str) -> dict[str, str]:
    connection = {
        "conn_type": "encord",
        "host": encord_url,
        "password": places.PRIVATE_KEY.read_text(encoding="ascii"),
        "extra": {"web_app": encord_url},
    }
    return {
        "AIRFLOW_HOME": str(places.AIRFLOW_HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(places.ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(places.ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
        "AIRFLOW_CONN_ENCORD_DEFAULT": json.dumps(connection),
        # boto3 reads it; a campaign whose bucket is in S3 proper has no such line.
        "AWS_ENDPOINT_URL": bucket_url,
    }


def _public_key() -> str:
    """Return the raw public key in hexadecimal digits of the demo's key pair, which is made once."""
    if not places.PRIVATE_KEY.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        places.PRIVATE_KEY.touch(mode=0o600)
        places.PRIVATE_KEY.write_bytes(pem)
    key = serialization.load_ssh_private_key(places.PRIVATE_KEY.read_bytes(), password=None)
    return key.public_key().public_bytes_raw().hex()  # type: ignore[union-attr]  # it is the Ed25519 key made above


def _team() -> list[str]:
    members = yaml.safe_load(places.TEAM.read_text(encoding="utf-8"))["members"]
    return [member["email"] for member in members]


@contextmanager
def _only_one() -> Iterator[None]:
    with places.LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorldBusyError(
                "the demo's world is in use, by `make start` or by another `make demo`: `make stop` ends the former"
            ) from None
        yield
