"""Pools are there when tasks need them: from the start, and for a campaign that comes while Airflow runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.demo_runs import ROOT, Home, wait_until
from tests.support.small_airflow import SmallAirflow

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.system

DAG_FILE = """
from airflow.sdk import DAG, task

with DAG("{name}", tags=["benchmark-qa"], schedule=None, default_args={{"retries": 3, "retry_delay": 1.0}}):

    @task(pool="{name}")
    def numbers():
        return [1, 2]

    @task(pool="{name}_create")
    def create(number): ...

    create.expand(number=numbers())
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a home with one campaign, whose connection is ``encord_default``, and a Dag in place of its own two."""
    home = Home(tmp_path_factory.mktemp("pools"))
    (home.path / "dags").mkdir()
    (home.path / "campaigns").mkdir()
    shutil.copy(ROOT / "include" / "campaigns" / "demo.yaml", home.path / "campaigns")
    add_dag(home, "encord_default")
    return home


@pytest.fixture(scope="module")
def airflow(home: Home) -> SmallAirflow:
    return SmallAirflow(
        home,
        {
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "1",
            "BENCHMARK_QA_CAMPAIGNS": str(home.path / "campaigns"),
        },
    )


@pytest.fixture(scope="module")
def api(airflow: SmallAirflow) -> Iterator[httpx.Client]:
    try:
        with closing(airflow.start("encord_default")) as client:
            yield client
    finally:
        airflow.end()


def add_dag(home: Home, name: str) -> None:
    Path(home.path, "dags", f"{name}.py").write_text(DAG_FILE.format(name=name), encoding="utf-8")


def slots(api: httpx.Client) -> dict[str, tuple[int, bool]]:
    found = api.get("/api/v2/pools").raise_for_status().json()["pools"]
    return {one["name"]: (one["slots"], one["include_deferred"]) for one in found}


def run(api: httpx.Client, dag_id: str) -> str:
    """Run a Dag to its end; return its state."""
    path = f"/api/v2/dags/{dag_id}/dagRuns"
    run_id = api.post(path, json={"logical_date": None}).raise_for_status().json()["dag_run_id"]
    ended: list[str] = []

    def has_ended() -> bool:
        state = api.get(f"{path}/{run_id}").raise_for_status().json()["state"]
        ended[:] = [state] if state in {"success", "failed"} else []
        return bool(ended)

    wait_until(has_ended, f"end of {dag_id}")
    return ended[0]


def test_the_pools_of_all_campaigns_are_there_before_anything_runs(api: httpx.Client) -> None:
    wait_until(lambda: "encord_default" in slots(api), "pool")
    pools = slots(api)
    assert (pools["encord_default"], pools["encord_default_create"]) == ((8, False), (1, False))


def test_a_campaign_that_comes_later_gets_its_pools_with_its_first_run(home: Home, api: httpx.Client) -> None:
    add_dag(home, "encord_later")
    wait_until(lambda: api.get("/api/v2/dags/encord_later").is_success, "Dag")
    assert not {"encord_later", "encord_later_create"} & set(slots(api))
    assert run(api, "encord_later") == "success"
    pools = slots(api)
    assert (pools["encord_later"], pools["encord_later_create"]) == ((8, False), (1, False))


def test_slots_that_somebody_set_outlast_a_new_scheduler(airflow: SmallAirflow, api: httpx.Client) -> None:
    wait_until(lambda: "encord_default" in slots(api), "pool")
    change = {"name": "encord_default", "slots": 3, "include_deferred": True}
    api.patch("/api/v2/pools/encord_default", json=change).raise_for_status()
    airflow.kill_and_restart("scheduler")
    assert run(api, "encord_default") == "success"
    assert slots(api)["encord_default"] == (3, True)
