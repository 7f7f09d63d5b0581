"""
What the one-shots of docker-compose.yaml run, run as processes: with the file's own commands, settings and variables.

The API server is the file's, too, with FAB's log-in; its database is SQLite, and nothing carries out the run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.deployment import env_file
from include.native_stack.compose_settings import airflow_settings, interpolate
from tests.support.compose_file import FILE, SERVICES
from tests.support.demo_runs import ROOT, wait_until
from tests.support.local_servers import free_port

pytestmark = pytest.mark.system

START_SECONDS = 600.0


@dataclass
class Deployment:
    """
    A deployment of the demo without its containers.

    :param variables: of ``.env`` and ``airflow.env``
    :param settings: the environment of Airflow's containers
    """

    folder: Path
    url: str
    variables: dict[str, str]
    settings: dict[str, str]

    def run(self, service: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """
        Run a one-shot to its end, with nothing in its environment but what its container has.

        :param changes: variables of the service that are others here
        """
        own = {name: interpolate(str(value), self.variables) for name, value in self._environment(service).items()}
        command = [word.replace("http://airflow-api-server:8080", self.url) for word in SERVICES[service]["command"]]
        return subprocess.run(
            [word.replace("$$", "$") for word in command],
            env={**own, **self.place(), **changes}, cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=START_SECONDS,
        )  # fmt: skip

    def place(self) -> dict[str, str]:
        """Return what the image, or the container's volume, says of folders."""
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}",
            "HOME": str(self.folder),
            "BENCHMARK_QA_HOME": str(self.folder),
        }

    def _environment(self, service: str) -> dict[str, Any]:
        shared = self.settings if service.startswith("airflow") else {}
        given = self.variables if "env_file" in SERVICES[service] else {}
        credentials = {name: value for name, value in given.items() if name.startswith("AWS_")}
        return credentials | SERVICES[service]["environment"] | shared


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    folder = tmp_path_factory.mktemp("deployment")
    assert env_file.main(["--demo", "--folder", str(folder)]) == 0
    variables = {
        name: value
        for file in (env_file.ENV, env_file.AIRFLOW_ENV)
        for line in (folder / file).read_text(encoding="utf-8").splitlines()
        for name, sign, value in [line.partition("=")]
        if sign and not name.startswith("#")
    }
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = airflow_settings(FILE, variables, {"airflow-api-server:8080": f"127.0.0.1:{port}"}) | {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db?timeout=60",
    }
    return Deployment(folder, url, variables, settings)


@pytest.fixture(scope="module")
def api(deployment: Deployment) -> Iterator[httpx.Client]:
    """Make the database twice, as a second start does, start the API server, and log in as a program does."""
    password = deployment.variables["AIRFLOW_ADMIN_PASSWORD"]
    for user in ("admin", "another"):
        made = deployment.run("airflow-init", FIRST_USER=user)
        assert made.returncode == 0, made.stderr
        assert password not in made.stdout + made.stderr
    environment = deployment.settings | deployment.place()
    airflow = [sys.executable, "-m", "airflow"]
    subprocess.run([*airflow, "dags", "reserialize"], env=environment, check=True, capture_output=True)
    options = ["--host=127.0.0.1", f"--port={deployment.url.rpartition(':')[2]}"]
    with (deployment.folder / "api-server.txt").open("wb") as log:
        command = [*airflow, *SERVICES["airflow-api-server"]["command"], *options]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=deployment.url, timeout=120, trust_env=False) as client:
            wait_until(lambda: answers(client), "API server", server, START_SECONDS)
            token = client.post("/auth/token", json={"username": "admin", "password": password}).raise_for_status()
            client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
            yield client
    finally:
        server.terminate()
        server.wait(60)


def answers(client: httpx.Client) -> bool:
    """Ask what the health check of docker-compose.yaml asks."""
    address = SERVICES["airflow-api-server"]["healthcheck"]["test"][-1]
    try:
        return client.get(address.removeprefix("http://localhost:8080")).is_success
    except httpx.HTTPError:
        return False


def test_keys_and_seed_are_made_once(deployment: Deployment) -> None:
    build = deployment.folder / "build" / "demo"
    assert deployment.run("demo-init").returncode == 0
    made = {path.name: path.read_bytes() for path in build.iterdir()}
    assert set(made) == {"encord_key", "seed.json"}
    assert (build / "encord_key").stat().st_mode & 0o777 == 0o600
    assert json.loads(made["seed.json"])["users"][0]["role"] == "admin"
    assert deployment.run("demo-init").returncode == 0
    assert {path.name: path.read_bytes() for path in build.iterdir()} == made


def test_a_second_start_makes_no_second_user(api: httpx.Client) -> None:
    users = api.get("/auth/fab/v1/users").raise_for_status().json()["users"]
    assert [user["username"] for user in users] == ["admin"]


def test_a_second_start_finds_what_the_first_has_begun(deployment: Deployment, api: httpx.Client) -> None:
    for _ in range(2):
        begun = deployment.run("demo-campaign")
        assert begun.returncode == 0, begun.stderr
    [run] = api.get("/api/v2/dags/benchmark_qa__demo/dagRuns").raise_for_status().json()["dag_runs"]
    assert run["dag_run_id"] == "demo"
    connection = api.get("/api/v2/connections/encord_default").raise_for_status().json()
    assert (connection["conn_type"], connection["host"]) == ("encord", "http://demo-encord:8090")
    assert json.loads(connection["extra"])["web_app"] == "http://127.0.0.1:8090"


def test_a_connection_of_somebody_elses_stays(deployment: Deployment, api: httpx.Client) -> None:
    place = "/api/v2/connections/encord_default"
    elsewhere = {"connection_id": "encord_default", "conn_type": "encord", "host": "https://api.encord.com"}
    api.delete(place)
    api.post("/api/v2/connections", json=elsewhere).raise_for_status()
    refused = deployment.run("demo-campaign")
    assert refused.returncode == 1
    assert "encord_default leads to https://api.encord.com, not to the demo's http://demo-encord:8090" in refused.stderr
    assert api.get(place).raise_for_status().json()["host"] == "https://api.encord.com"
    api.delete(place).raise_for_status()


@pytest.mark.usefixtures("api")
def test_a_wrong_password_is_one_line(deployment: Deployment) -> None:
    refused = deployment.run("demo-campaign", AIRFLOW_ADMIN_PASSWORD="another")
    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert "Airflow does not know AIRFLOW_ADMIN_USER with AIRFLOW_ADMIN_PASSWORD of .env" in line


def test_a_deployment_that_is_not_the_demos_is_left_alone(deployment: Deployment) -> None:
    refused = deployment.run("demo-campaign", AWS_ENDPOINT_URL="")
    assert refused.returncode == 1
    assert "AWS_ENDPOINT_URL of airflow.env is not http://demo-bucket:9000" in refused.stderr
