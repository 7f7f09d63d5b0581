from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.demo_runs import ROOT, Home
from tests.support.local_servers import free_port

CAMPAIGN_DAG = "benchmark_qa__demo"
LOOP_DAG = "benchmark_qa_loop__demo"
RUN_SECONDS = 600.0
REQUEST_SECONDS = 120.0
COMMAND_SECONDS = 400.0

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Ui:
    home: Home
    port: int
    said: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        return next(line.split()[1] for line in self.said.splitlines() if line.startswith("Password:"))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return ui_command(self.home, *arguments)


def ui_command(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "include.demo.ui", *arguments]
    return subprocess.run(
        command, env=home.environment, cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )


def wait_for(look: Callable[[], Any], seconds: float) -> Any:
    """Look until there is something; an API server that is too busy to answer is looked at again."""
    deadline = time.monotonic() + seconds
    trouble: httpx.HTTPError | None = None
    while True:
        try:
            if found := look():
                return found
        except httpx.HTTPError as error:
            if isinstance(error, httpx.HTTPStatusError) and not error.response.is_server_error:
                raise
            trouble = error
        assert time.monotonic() < deadline, f"not there after {seconds:.0f} s; last trouble: {trouble!r}"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    home = Home(tmp_path_factory.mktemp("ui"))
    port = free_port()
    try:
        started = ui_command(home, "start", "--port", str(port))
        assert started.returncode == 0, started.stdout + started.stderr
        yield Ui(home, port, started.stdout)
    finally:
        ui_command(home, "stop")
        home.end_all()


@pytest.fixture(scope="module")
def api(ui: Ui) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ui.url, timeout=REQUEST_SECONDS, trust_env=False) as client:

        def token() -> str:
            answer = client.post("/auth/token", json={"username": "admin", "password": ui.password})
            return str(answer.raise_for_status().json()["access_token"])

        client.headers["Authorization"] = f"Bearer {wait_for(token, RUN_SECONDS)}"
        yield client


@pytest.fixture(scope="module")
def campaign_run(api: httpx.Client) -> dict[str, Any]:
    """Return a run that a person triggered, as it ended."""
    run_id = "manual__by_a_person"

    def triggered() -> bool:
        wanted = {"logical_date": None, "dag_run_id": run_id}
        answer = api.post(f"/api/v2/dags/{CAMPAIGN_DAG}/dagRuns", json=wanted)
        return answer.status_code == httpx.codes.CONFLICT or answer.raise_for_status().is_success

    wait_for(triggered, RUN_SECONDS)

    def ended() -> dict[str, Any] | None:
        run: dict[str, Any] = api.get(f"/api/v2/dags/{CAMPAIGN_DAG}/dagRuns/{run_id}").raise_for_status().json()
        return run if run["state"] in {"success", "failed"} else None

    run: dict[str, Any] = wait_for(ended, RUN_SECONDS)
    return run


def test_the_dag_that_a_person_triggers_runs_to_its_end(api: httpx.Client, campaign_run: dict[str, Any]) -> None:
    tasks = api.get(f"/api/v2/dags/{CAMPAIGN_DAG}/dagRuns/{campaign_run['dag_run_id']}/taskInstances").json()
    tries = {task["task_id"]: (task["state"], task["try_number"]) for task in tasks["task_instances"]}
    assert campaign_run["state"] == "success", tries
    # Nobody is asked: the demo's campaign wants no approval.
    assert {task: tried for task, tried in tries.items() if tried != ("success", 1)} == {
        "approve_ground_truth": ("skipped", 1)
    }


def test_the_production_project_starts_the_loop(api: httpx.Client, campaign_run: dict[str, Any]) -> None:
    def started_by_the_asset() -> list[str] | None:
        runs = api.get(f"/api/v2/dags/{LOOP_DAG}/dagRuns").raise_for_status().json()["dag_runs"]
        return [run["dag_run_id"] for run in runs if run["run_type"] == "asset_triggered"] or None

    assert wait_for(started_by_the_asset, 60)


def test_the_scorecard_is_for_those_who_are_logged_in(ui: Ui, api: httpx.Client, campaign_run: dict[str, Any]) -> None:
    path = f"/benchmark-qa/scorecard/{CAMPAIGN_DAG}"
    assert httpx.get(ui.url + path, timeout=REQUEST_SECONDS).status_code == 401
    answer = api.get(path)
    assert answer.status_code == 200
    assert "Annotator scorecard: Demo" in answer.text


def test_a_task_links_to_its_project(api: httpx.Client, campaign_run: dict[str, Any]) -> None:
    task = f"/api/v2/dags/{CAMPAIGN_DAG}/dagRuns/{campaign_run['dag_run_id']}/taskInstances/create_production_project"
    links = api.get(f"{task}/links").raise_for_status().json()["extra_links"]
    assert httpx.get(links["Encord project"], timeout=REQUEST_SECONDS).status_code == 200


def test_a_second_start_finds_the_first(ui: Ui) -> None:
    again = ui.command("start", "--port", str(free_port()))
    assert again.returncode == 0
    assert f"Already running: {ui.url}" in again.stdout


def test_secrets_are_in_no_log_and_for_their_owner_only(ui: Ui, campaign_run: dict[str, Any]) -> None:
    private = {path: path.stat().st_mode & 0o077 for path in ui.home.path.glob(".airflow/*secrets.json")}
    private |= {path: path.stat().st_mode & 0o077 for path in ui.home.path.glob(".airflow/*passwords*")}
    assert set(private.values()) == {0}
    assert len(private) == 2
    secrets = [value for path in private for value in json.loads(path.read_bytes()).values()]
    logs = [*ui.home.path.glob("build/demo/logs/*"), *ui.home.path.glob(".airflow/logs/**/*.log")]
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in logs}
    assert not [path for path, text in texts.items() for secret in secrets if secret in text]


def test_a_port_in_use_is_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        refused = ui_command(home, "start", "--port", str(port))
    assert refused.returncode == 1
    assert len(refused.stdout.splitlines()) == 1
    assert str(port) in refused.stdout
    assert home.processes() == []


def test_stop_without_start_says_so(tmp_path: Path) -> None:
    stopped = ui_command(Home(tmp_path), "stop")
    assert (stopped.returncode, stopped.stdout) == (0, "Nothing is running.\n")


def test_stop_leaves_no_process(ui: Ui) -> None:
    """The last test of this file: it ends what the others used."""
    assert ui.home.processes()
    started = time.monotonic()
    assert ui.command("stop").returncode == 0
    assert time.monotonic() - started < 20
    assert ui.home.processes() == []
