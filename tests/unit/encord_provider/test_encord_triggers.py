from __future__ import annotations

import json
import time
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from airflow.sdk import BaseHook

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
