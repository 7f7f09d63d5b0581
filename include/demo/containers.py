"""
The demo in containers: what the one-shots of docker-compose.yaml's profile ``demo`` do.

``python -m include.demo.containers prepare`` makes the keys and the seed of the local Encord. ``... begin`` gives
Airflow the connection to it, through Airflow's REST API, and triggers the campaign ``demo`` once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import httpx

from include.demo import places
from include.demo.keys import encord_private_key, encord_public_key
from include.demo.world import encord_connection, seed

CONNECTION: Final = "encord_default"
DAG: Final = f"benchmark_qa__{places.CAMPAIGN}"
# The one run that the demo begins with: a second start of the containers finds it.
RUN: Final = "demo"
DAG_SECONDS: Final = 300.0


class BeginError(RuntimeError):
    """The campaign could not be begun; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.demo.containers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="make keys and seed below $BENCHMARK_QA_HOME")
    options = commands.add_parser("begin", help="connect Airflow with the local Encord, and trigger the campaign")
    options.add_argument("--airflow", required=True, help="address of Airflow's API server")
    options.add_argument("--encord", required=True, help="address of the local Encord, for tasks")
    options.add_argument("--s3", required=True, help="address of the local S3; AWS_ENDPOINT_URL must lead there")
    given = parser.parse_args(arguments)
    try:
        if given.command == "prepare":
            prepare()
        else:
            begin(given.airflow, given.encord, given.s3)
    except (BeginError, httpx.HTTPError) as error:
        print(f"The demo's campaign was not begun: {error}", file=sys.stderr)
        return 1
    return 0


def prepare() -> None:
    """Write what the local Encord begins with; its key is made once."""
    public_key = encord_public_key()
    places.SEED.write_text(json.dumps(seed(public_key)), encoding="utf-8")


def begin(airflow: str, encord: str, s3: str) -> None:
    """
    Make the connection and the run that are not there yet.

    :raises BeginError: this deployment is not the demo's, or its Dag does not appear
    """
    if os.environ.get("AWS_ENDPOINT_URL") != s3:
        raise BeginError(
            f"AWS_ENDPOINT_URL of airflow.env is not {s3}, so this deployment is not the demo's. The demo needs a "
            "clone of its own, with the files that `make env DEMO=1` writes."
        )
    with httpx.Client(base_url=airflow, timeout=30, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {_token(client)}"
        _ensure_connection(client, encord)
        _wait_for_dag(client)
        answer = client.post(f"/api/v2/dags/{DAG}/dagRuns", json={"dag_run_id": RUN, "logical_date": None})
        if answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()
    print(f"Airflow runs {DAG}, run {RUN!r}. When it is done, its tab Scorecard shows the scores.")


def _token(client: httpx.Client) -> str:
    """
    Return a token of the first user's.

    :raises BeginError: name or password are wrong
    """
    user = {"username": os.environ["AIRFLOW_ADMIN_USER"], "password": os.environ["AIRFLOW_ADMIN_PASSWORD"]}
    answer = client.post("/auth/token", json=user)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise BeginError(
            "Airflow does not know AIRFLOW_ADMIN_USER with AIRFLOW_ADMIN_PASSWORD of .env: its database was made with "
            "others. `docker compose down --volumes` begins anew."
        )
    return str(answer.raise_for_status().json()["access_token"])


def _ensure_connection(client: httpx.Client, encord: str) -> None:
    """
    Make the connection, or give it the key that the local Encord knows.

    :raises BeginError: it leads elsewhere
    """
    wanted: dict[str, Any] = json.loads(encord_connection(encord, encord_private_key()))
    wanted["extra"] = json.dumps(wanted["extra"] | {"web_app": os.environ.get("DEMO_WEB_APP", encord)})
    wanted["connection_id"] = CONNECTION
    found = client.get(f"/api/v2/connections/{CONNECTION}")
    if found.status_code == httpx.codes.NOT_FOUND:
        client.post("/api/v2/connections", json=wanted).raise_for_status()
        return
    host = found.raise_for_status().json()["host"]
    if host != encord:
        raise BeginError(f"Airflow's connection {CONNECTION} leads to {host}, not to the demo's {encord}.")
    client.patch(f"/api/v2/connections/{CONNECTION}", json=wanted).raise_for_status()


def _wait_for_dag(client: httpx.Client) -> None:
    deadline = time.monotonic() + DAG_SECONDS
    while client.get(f"/api/v2/dags/{DAG}").status_code != httpx.codes.OK:
        if time.monotonic() >= deadline:
            raise BeginError(
                f"the Dag {DAG} has not appeared in {DAG_SECONDS:.0f} s: see the log of airflow-dag-processor."
            )
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
