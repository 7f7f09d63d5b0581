from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from encord.exceptions import RateLimitExceededError, RequestException
from encord.http.constants import RequestsSettings

from include.encord_emulator.server import RunningEmulator
from tests.emulator.emulator_support import (
    ANNOTATORS,
    ESTABLISHING,
    KEYS,
    MANAGER,
    REVIEWER,
    SEED,
    Control,
    image_manifest,
    make_dataset,
    sdk_client,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


def serve(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start the command and return it with its URL."""
    url_file = folder / "url"
    url_file.unlink(missing_ok=True)
    seed = folder / "seed.yaml"
    seed.write_text(yaml.safe_dump(SEED))
    command = [
        sys.executable,
        "-m",
        "include.encord_emulator",
        "serve",
        "--url-file",
        str(url_file),
        "--seed",
        str(seed),
    ]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not (url_file.exists() and url_file.read_text().endswith("\n")):
        assert process.poll() is None, "the emulator ended"
        assert time.monotonic() < deadline, "the emulator did not start"
        time.sleep(0.02)
    return process, url_file.read_text().strip()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_restart_forgets_nothing(tmp_path: Path, how: signal.Signals) -> None:
    state = str(tmp_path / "state.db")
    process, url = serve(tmp_path, "--db", state)
    client = sdk_client(url, KEYS[MANAGER])
    dataset_hash = make_dataset(client, "D", image_manifest(3))
    project_hash = client.create_project("P", [dataset_hash])
    before = Control(url).call("GET", "state")
    token = client.get_bearer_token()
    process.send_signal(how)
    process.wait(5)

    process, url = serve(tmp_path, "--db", state)
    try:
        after = Control(url).call("GET", "state")
        assert after == before | {"requests": before["requests"] + 1}
        client = sdk_client(url, KEYS[MANAGER])
        assert len(client.get_project(project_hash).list_label_rows_v2()) == 3
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{url}/v2/public/cloud-integrations", headers=headers, timeout=5).ok
    finally:
        process.kill()
        process.wait(5)


def test_the_command_ends_within_a_second_even_when_it_holds_a_client(tmp_path: Path) -> None:
    process, url = serve(tmp_path)
    control = Control(url)
    control.call("POST", "faults", {"match": "integrations", "hold": "after"})
    client = sdk_client(url, KEYS[MANAGER])
    errors: list[Exception] = []
    held = threading.Thread(target=lambda: errors.append(error_of(client.get_cloud_integrations)))
    held.start()
    wait_until_held(control)
    started = time.monotonic()
    process.terminate()
    assert process.wait(5) == 0
    assert time.monotonic() - started < 1
    held.join(5)
    assert [type(error) for error in errors] == [RequestException]


def error_of(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception, match=r".") as caught:
        call()
    return caught.value


def wait_until_held(control: Control) -> None:
    deadline = time.monotonic() + 5
    while not control.call("GET", "faults")[0]["holding"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_drop_after_applies_and_tells_nobody(client: EncordUserClient, control: Control) -> None:
    control.call("POST", "faults", {"match": "public/user project POST", "drop": "after", "times": 1})
    with pytest.raises(RequestException):
        client.create_project("P", [])
    assert [project["title"] for project in control.call("GET", "state")["projects"]] == ["P"]
    assert control.call("GET", "faults")[0]["matched"] == 1


def test_drop_before_applies_nothing(client: EncordUserClient, control: Control) -> None:
    control.call("POST", "faults", {"match": "POST .*storage/folders$", "drop": "before"})
    with pytest.raises(RequestException):
        client.create_storage_folder("F")
    assert control.call("GET", "state")["folders"] == []
    assert control.requests()[-1]["status"] is None


def test_a_held_client_goes_on_when_the_rule_is_deleted(client: EncordUserClient, control: Control) -> None:
    control.call("POST", "faults", {"match": "storage/folders$", "hold": "after"})
    names: list[str] = []
    waiting = threading.Thread(target=lambda: names.append(client.create_storage_folder("F").name))
    waiting.start()
    wait_until_held(control)
    assert [folder["name"] for folder in control.call("GET", "state")["folders"]] == ["F"]
    assert names == []
    control.call("DELETE", "faults")
    waiting.join(5)
    assert names == ["F"]


def test_a_status_can_be_forced_and_the_sdk_retries_it(emulator: RunningEmulator, control: Control) -> None:
    patient = sdk_client(emulator.url, KEYS[MANAGER], RequestsSettings(max_retries=3, backoff_factor=0))
    control.call("POST", "faults", {"match": "cloud-integrations", "status": 503, "times": 2})
    assert patient.get_cloud_integrations()
    assert [entry["status"] for entry in control.requests()] == [503, 503, 200]


@pytest.mark.parametrize("call", ["v2", "legacy"])
def test_a_rate_limit_reaches_the_sdk_with_its_delay(client: EncordUserClient, control: Control, call: str) -> None:
    control.call("POST", "faults", {"match": "public", "status": 429, "retry_after": 7})
    calls = {"v2": lambda: client.create_dataset("D", 0), "legacy": lambda: client.create_project("P", [])}
    with pytest.raises(RateLimitExceededError) as caught:
        calls[call]()
    assert caught.value.retry_after == 7


def test_the_journal_says_who_asked_what(client: EncordUserClient, control: Control) -> None:
    client.create_storage_folder("F")
    client.create_project("P", [])
    first, second = control.requests()
    expected = {"n": 1, "method": "POST", "path": "/v2/public/storage/folders", "status": 200, "user": MANAGER}
    assert first.items() >= expected.items()
    assert first["signature"] == "v2"
    assert (second["query_type"], second["query_method"], second["signature"]) == ("project", "POST", "legacy")
    assert control.requests(after=2) == []


def test_switches_are_checked(emulator: RunningEmulator, control: Control) -> None:
    for body, message in (
        ({"pageing": 1}, "unknown"),
        ({"task_paging": "random"}, "keyset | offset"),
        ({"page_size": 0}, "1 to"),
    ):
        answer = requests.put(f"{emulator.url}/_emulator/switches", json=body, timeout=5)
        assert answer.status_code == 400
        assert message in answer.json()["message"]
    control.switch(page_size=5)
    assert control.call("GET", "switches")["page_size"] == 5


def test_seeding_twice_changes_nothing_and_reset_goes_back_to_the_start(
    control: Control, client: EncordUserClient
) -> None:
    ontology = {"title": "Seeded", "structure": {"objects": [], "classifications": []}}
    for _ in range(2):
        control.call("POST", "seed", {"integrations": [{"title": "Second"}], "ontologies": [ontology]})
    assert [found.title for found in client.get_cloud_integrations()] == ["Local bucket", "Second"]
    assert len(control.call("GET", "state")["ontologies"]) == 1
    control.call("POST", "reset")
    assert [found.title for found in client.get_cloud_integrations()] == ["Local bucket"]


def test_a_template_of_the_seed_is_used(control: Control, client: EncordUserClient) -> None:
    nodes = [
        {"name": "a", "type": "CONSENSUS", "title": "Both", "annotators": 2, "next": "z"},
        {"name": "z", "type": "DONE", "title": "Archive"},
    ]
    uuid = "11111111-1111-4111-8111-111111111111"
    control.call("POST", "seed", {"workflow_templates": [{"uuid": uuid, "title": "T", "start": "a", "nodes": nodes}]})
    dataset_hash = make_dataset(client, "D", image_manifest(1))
    project = client.get_project(client.create_project("P", [dataset_hash], workflow_template_hash=uuid))
    [task] = project.workflow.stages[0].get_tasks()
    assert len(task.subtasks) == 2


def refused(control: Control, user: str | None, path: str, body: Any) -> int:
    headers = {"X-Emulator-User": user} if user else {}
    return requests.post(f"{control.url}/_emulator/ui/{path}", json=body, headers=headers, timeout=5).status_code


def test_people_see_only_their_work(make_project: MakeProject, control: Control) -> None:
    project_hash = make_project(ESTABLISHING, images=1).project_hash
    take = f"projects/{project_hash}/take"
    assert refused(control, None, take, {}) == 403
    assert refused(control, "nobody@example.com", take, {}) == 403
    assert refused(control, REVIEWER, take, {"stage_types": ["ANNOTATION"]}) == 403
    [work] = control.take(ANNOTATORS[0], project_hash, "ANNOTATION")
    assert (work["width"], work["height"], work["frames"], work["labels"]) == (1920, 1080, 1, None)
    assert work["label_row"]["data_units"][work["data_hash"]]["labels"] == {"objects": [], "classifications": []}
    body = [{"task_uuid": work["task_uuid"], "labels": None}]
    assert refused(control, ANNOTATORS[1], f"projects/{project_hash}/submit", body) == 400
    control.submit(ANNOTATORS[0], project_hash, [work])
    assert control.review(REVIEWER, project_hash, "reject", "REVIEW")[0]["labels"]["data_hash"] == work["data_hash"]
    assert control.take(ANNOTATORS[1], project_hash) == []
    [returned] = control.take(ANNOTATORS[0], project_hash)
    assert returned["labels"]["label_hash"]


def test_submitting_is_all_or_nothing(make_project: MakeProject, control: Control) -> None:
    project_hash = make_project(ESTABLISHING, images=2).project_hash
    taken = control.take(ANNOTATORS[0], project_hash)
    body = [{"task_uuid": task["task_uuid"], "labels": task["label_row"]} for task in taken]
    body[1] = {"task_uuid": "no such task", "labels": None}
    assert refused(control, ANNOTATORS[0], f"projects/{project_hash}/submit", body) == 400
    assert control.project(project_hash)["tasks"]["Annotate (ANNOTATION)"] == 2


def test_a_skipped_task_is_not_offered_again(make_project: MakeProject, control: Control) -> None:
    project_hash = make_project(ESTABLISHING, images=1).project_hash
    [work] = control.take(ANNOTATORS[0], project_hash)
    control.call("POST", f"ui/projects/{project_hash}/skip", [work["task_uuid"]], ANNOTATORS[0])
    assert control.take(ANNOTATORS[0], project_hash) == []
