from __future__ import annotations

import asyncio
import json
import time
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from airflow.sdk import BaseHook

from encord_provider.triggers import base
from encord_provider.triggers.project import EncordGroundTruthCompleteTrigger
from encord_provider.triggers.storage import EncordUploadJobsTrigger
from tests.emulator.emulator_support import ESTABLISHING, INTEGRATION, image_manifest, new_key
from tests.unit.encord_provider.provider_support import events_of, project_maker, run

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger
    from encord import EncordUserClient

    from include.encord_emulator.server import RunningEmulator
    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]


def ground_truth(project_hash: str, *, seconds: float = 10.0, poll_interval: float = 0.02) -> BaseTrigger:
    return EncordGroundTruthCompleteTrigger(
        project_hash=project_hash,
        complete_stage="Complete",
        encord_conn_id="encord_default",
        poll_interval=poll_interval,
        end_time=time.time() + seconds,
    )


def upload_jobs(*jobs: tuple[str, str], seconds: float = 10.0) -> BaseTrigger:
    return EncordUploadJobsTrigger(
        jobs=jobs, encord_conn_id="encord_default", poll_interval=0.02, end_time=time.time() + seconds
    )


async def until_held(control: Control) -> None:
    while not control.call("GET", "faults")[0]["holding"]:  # noqa: ASYNC110 - another process's event
        await asyncio.sleep(0.01)


@pytest.fixture
def job(client: EncordUserClient) -> tuple[str, str]:
    """Return folder and uuid of an upload job of two images."""
    folder = client.create_storage_folder("Files")
    [integration] = client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])
    return str(folder.uuid), str(folder.add_private_data_to_folder_start(integration.id, image_manifest(2)))


@pytest.mark.parametrize("trigger", [ground_truth("p-1"), upload_jobs(("f-1", "j-1"), ("f-1", "j-2"))])
def test_a_trigger_survives_its_way_through_the_database(trigger: BaseTrigger) -> None:
    path, arguments = trigger.serialize()
    stored = json.loads(json.dumps(arguments))
    again = resolve_name(path)(**stored)
    assert type(again) is type(trigger)
    assert again.serialize() == (path, arguments)
    assert {name: getattr(again, name) for name in arguments} == {name: getattr(trigger, name) for name in arguments}


async def test_finished_jobs_are_one_success(control: Control, job: tuple[str, str]) -> None:
    control.switch(upload_seconds=0.2)
    assert await events_of(upload_jobs(job)) == [{"status": "success", "pending": 0}]


async def test_a_job_that_failed_is_finished_too(client: EncordUserClient, job: tuple[str, str]) -> None:
    bad = {"images": [{"objectUrl": "https://bucket.test/a b.jpg"}]}
    [integration] = client.get_cloud_integrations()
    failed = client.get_storage_folder(job[0]).add_private_data_to_folder_start(integration.id, bad)
    events = await events_of(upload_jobs(job, (job[0], str(failed))))
    assert events == [{"status": "success", "pending": 0}]


async def test_jobs_that_do_not_finish_are_one_timeout(control: Control, client: EncordUserClient) -> None:
    control.switch(upload_seconds=60)
    folder = client.create_storage_folder("Slow")
    [integration] = client.get_cloud_integrations()
    started = folder.add_private_data_to_folder_start(integration.id, image_manifest(1))
    trigger = upload_jobs((str(folder.uuid), str(started)), seconds=0.1)
    assert await events_of(trigger) == [{"status": "timeout", "pending": 1}]


async def test_a_deadline_that_passed_while_the_trigger_moved_still_gets_one_look(job: tuple[str, str]) -> None:
    [event] = await events_of(upload_jobs(job, seconds=-60))
    assert event["status"] in {"success", "timeout"}
    assert "pending" in event


async def test_a_project_that_does_not_exist_is_one_error() -> None:
    project_hash = str(uuid4())
    [event] = await events_of(ground_truth(project_hash))
    assert event["status"] == "error"
    assert "Error: " in event["message"]


async def test_a_stage_that_does_not_exist_is_one_error_that_lists_the_stages() -> None:
    project_hash = run(project_maker("P", [], workflow_template=ESTABLISHING))
    trigger = ground_truth(project_hash)
    trigger.complete_stage = "Done"
    [event] = await events_of(trigger)
    assert event["status"] == "error"
    assert event["message"].startswith("EncordWorkflowError: ")
    assert "'Complete' (DONE)" in event["message"]


async def test_a_missing_connection_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_ENCORD_DEFAULT")
    [event] = await events_of(ground_truth("p-1"))
    assert event["status"] == "error"
    assert "encord_default" in event["message"]


async def test_a_key_that_encord_does_not_know_is_no_passing_error(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"conn_type": "encord", "host": emulator.url, "password": new_key().private_pem}
    monkeypatch.setenv("AIRFLOW_CONN_ENCORD_DEFAULT", json.dumps(connection))
    [event] = await events_of(ground_truth(str(uuid4())))
    assert event["status"] == "error"
    assert event["message"].startswith("AuthenticationError: ")


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": "before"}, {"drop": "after"}], ids=["503", "cut", "lost"])
async def test_faults_that_pass_are_looked_over(
    control: Control, job: tuple[str, str], one_attempt: None, fault: dict[str, Any]
) -> None:
    # Not the job itself: the SDK's own loop looks over a cut connection there, with pauses of ten seconds.
    control.call("POST", "faults", fault | {"match": "storage/folders/[^/]+$", "times": 2})
    assert await events_of(upload_jobs(job)) == [{"status": "success", "pending": 0}]
    assert control.call("GET", "faults")[0]["matched"] == 2


async def test_a_rate_limit_is_waited_out_as_long_as_encord_asks(
    control: Control, job: tuple[str, str], one_attempt: None
) -> None:
    control.call("POST", "faults", {"match": "upload-jobs/", "status": 429, "retry_after": 1, "times": 1})
    started = time.monotonic()
    assert await events_of(upload_jobs(job)) == [{"status": "success", "pending": 0}]
    assert time.monotonic() - started >= 1


async def test_a_rate_limit_never_waits_past_the_deadline(
    control: Control, job: tuple[str, str], one_attempt: None
) -> None:
    control.call("POST", "faults", {"match": "upload-jobs/", "status": 429, "retry_after": 600})
    started = time.monotonic()
    assert await events_of(upload_jobs(job, seconds=0.3)) == [{"status": "timeout"}]
    assert time.monotonic() - started < 10


async def test_the_connection_is_read_without_blocking_the_triggerer(
    job: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(conn_id: str) -> Any:
        raise AssertionError(f"connection {conn_id} was read in the loop's thread, or in a worker's")

    monkeypatch.setattr(BaseHook, "get_connection", refuse)
    assert await events_of(upload_jobs(job)) == [{"status": "success", "pending": 0}]


async def test_a_cancelled_wait_ends_at_once_though_its_look_hangs(control: Control, job: tuple[str, str]) -> None:
    control.call("POST", "faults", {"match": "upload-jobs/", "hold": "before"})
    waiting = asyncio.create_task(events_of(upload_jobs(job)))
    await until_held(control)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert control.call("GET", "faults")[0]["holding"]  # it did not wait for the look
    control.call("DELETE", "faults")


async def test_many_looks_that_hang_leave_asyncio_its_threads(control: Control, job: tuple[str, str]) -> None:
    control.call("POST", "faults", {"match": "upload-jobs/", "hold": "before"})
    waiting = [asyncio.create_task(events_of(upload_jobs(job, seconds=0.1))) for _ in range(12)]
    await until_held(control)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 30) == "free"
    control.call("DELETE", "faults")
    assert [len(events) for events in await asyncio.gather(*waiting)] == [1] * 12


async def test_the_sdk_never_sleeps_in_a_look_itself(control: Control, job: tuple[str, str]) -> None:
    """Its own retries obey any Retry-After, in a thread that nobody can wake."""
    control.call("POST", "faults", {"match": "upload-jobs/", "status": 429, "retry_after": 3600})
    assert await asyncio.wait_for(events_of(upload_jobs(job, seconds=0.3)), 60) == [{"status": "timeout"}]
    assert control.call("GET", "faults")[0]["matched"] == 2  # and a last look at the deadline


@pytest.mark.parametrize("says_when", [True, False], ids=["with Retry-After", "without"])
async def test_the_rate_limit_of_encord_is_kept_to(
    control: Control, job: tuple[str, str], monkeypatch: pytest.MonkeyPatch, says_when: bool
) -> None:
    control.switch(retry_after_header=says_when)
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)
        control.switch(rate_limit_per_minute=1 if len(pauses) == 1 else 0)

    # The module's own name, not asyncio's: the emulator runs in this process too.
    own = SimpleNamespace(sleep=note, get_running_loop=asyncio.get_running_loop)
    monkeypatch.setattr(base, "asyncio", own)
    [event] = await events_of(upload_jobs(job, job, seconds=600))
    assert event == {"status": "success", "pending": 0}
    # The first comes before any look: an event before the worker has noticed that the task waits would cost a retry.
    assert pauses[0] == 0.02
    assert [pause >= 1 for pause in pauses[1:]] == [says_when]


async def test_progress_is_told_when_it_changes_but_not_too_often(
    monkeypatch: pytest.MonkeyPatch, job: tuple[str, str]
) -> None:
    told: list[str] = []

    async def keep(key: str, value: str, **task: Any) -> None:
        assert (key, task) == ("progress", {"dag_id": "d", "task_id": "t", "run_id": "r", "map_index": -1})
        told.append(value)

    monkeypatch.setattr(base.XCom, "aset", keep)
    trigger = upload_jobs(job)
    trigger._task_instance = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=-1)
    clock = 1000.0
    monkeypatch.setattr(base, "time", SimpleNamespace(monotonic=lambda: clock))
    looks = [(0, "1 of 3"), (100, "2 of 3"), (299, "2 of 3"), (300, "2 of 3"), (900, "2 of 3"), (901, "3 of 3")]
    for seconds, progress in looks:
        clock = 1000.0 + seconds
        await trigger._tell(progress)
    assert told == ["1 of 3", "2 of 3", "3 of 3"]
