"""Every task of both Dags meets every fault, and the campaign ends as the one that nobody disturbed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from include.benchmark_qa.campaign import load_campaign
from tests.emulator.emulator_support import Control, Key, new_key
from tests.support.empty_disks import EmptyDisks, workspace_in_a_bucket
from tests.support.fault_kinds import FAULTS, Fault
from tests.support.faulty_campaign import (
    STEPS,
    WITHOUT_ENCORD,
    FaultyCampaign,
    Undisturbed,
    World,
    encord_of,
    new_world,
    undisturbed_run,
)
from tests.support.secret_check import key_lines, leaks
from tests.support.task_attempts import Attempts

pytestmark = [pytest.mark.emulator, pytest.mark.faults]

CONNECTION = "AIRFLOW_CONN_ENCORD_DEFAULT"
NO_FAULT = Fault()


def connection(url: str, key: Key, fault: Fault = NO_FAULT) -> str:
    extra = {"read_timeout": fault.read_timeout}
    return json.dumps({"conn_type": "encord", "host": url, "password": key.private_pem, "extra": extra})


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    key = new_key()
    with pytest.MonkeyPatch.context() as patched:
        return undisturbed_run(
            tmp_path_factory.mktemp("undisturbed"), key, lambda url: patched.setenv(CONNECTION, connection(url, key))
        )


class Disturbance:
    """Puts a fault in the way of tasks, each time anew for the requests that the task is known to make."""

    def __init__(self, fault: Fault, undisturbed: Undisturbed, world: World, url: str) -> None:
        self._fault = fault
        self._undisturbed = undisturbed
        self._world = world
        self._url = url

    def of(self, step: str) -> Attempts:
        control, requests = Control(self._url), self._undisturbed.requests[step]
        control.switch(**self._fault.switches)
        control.call("POST", "faults", self._fault.rules(requests))
        return Attempts(
            self._url,
            self._world.log,
            most=self._fault.most_attempts(requests),
            pause=self._fault.pause,
            dies_before_files=self._fault.dies_before_files,
            environment={CONNECTION: connection(self._url, self._undisturbed.key, self._fault)},
        )


def assert_same_end(world: World, undisturbed: Undisturbed) -> None:
    assert world.end() == undisturbed.end
    assert leaks(world.folder, key_lines(undisturbed.key.private_pem), passed_over=[world.db]) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_campaign_whose_every_task_meets_a_fault_ends_the_same(
    undisturbed: Undisturbed, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world(tmp_path / "world")
    with encord_of(world, undisturbed.key) as url:
        monkeypatch.setenv(CONNECTION, connection(url, undisturbed.key))
        FaultyCampaign(world, url).run(Disturbance(FAULTS[fault], undisturbed, world, url).of)
    assert_same_end(world, undisturbed)


def test_a_campaign_with_its_workspace_in_a_bucket_counts_on_no_disk(
    undisturbed: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, left = new_world(tmp_path / "world"), list[str]()
    with encord_of(world, undisturbed.key) as url, workspace_in_a_bucket(monkeypatch) as bucket:
        monkeypatch.setenv(CONNECTION, connection(url, undisturbed.key))
        disks = EmptyDisks(url, world.log, folder=tmp_path, left=left)
        FaultyCampaign(world, url).run(lambda _: disks)
        bucket.copy_to(world.folder / "workspace")
    assert_same_end(world, undisturbed)
    assert left == []


@pytest.mark.full_faults
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_of_one_task_alone_leaves_no_trace(
    undisturbed: Undisturbed, step: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = undisturbed.worlds[step].copy_to(tmp_path / "world")
    with encord_of(world, undisturbed.key) as url:
        monkeypatch.setenv(CONNECTION, connection(url, undisturbed.key))
        disturbance = Disturbance(FAULTS[fault], undisturbed, world, url)
        FaultyCampaign(world, url).run(lambda one: disturbance.of(one) if one == step else None, step)
    assert_same_end(world, undisturbed)


def test_the_steps_are_the_tasks_of_both_dags() -> None:
    from benchmark_qa_wiring.campaign_dag import campaign_dag
    from benchmark_qa_wiring.loop_dag import loop_dag

    campaign = load_campaign("demo")
    dags = {"campaign": campaign_dag(campaign), "loop": loop_dag(campaign)}
    tasks = {f"{name}.{task}" for name, dag in dags.items() for task in dag.task_ids}
    assert tasks - WITHOUT_ENCORD == set(STEPS), (
        "a task without a step meets no fault: see tests/support/faulty_campaign.py"
    )
