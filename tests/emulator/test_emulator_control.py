from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from include.encord_emulator.server import RunningEmulator
from include.encord_emulator.switches import describe
from tests.emulator.emulator_support import (
    ANNOTATORS,
    ESTABLISHING,
    MANAGER,
    REVIEWER,
    Control,
    image_manifest,
    make_dataset,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


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
        ({"task_paging": "random"}, "keyset, offset"),
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
    stages = [
        {"title": "Both", "type": "CONSENSUS", "annotators": 2, "approve_to": "Archive"},
        {"title": "Archive", "type": "ARCHIVE"},
    ]
    uuid = "11111111-1111-4111-8111-111111111111"
    control.call("POST", "seed", {"workflow_templates": [{"uuid": uuid, "title": "T", "stages": stages}]})
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


@pytest.mark.parametrize("path", ["_emulator/state", "_emulator/ui/projects", "projects/view/x/summary"])
def test_the_unsigned_planes_answer_no_foreign_name(emulator: RunningEmulator, path: str) -> None:
    url = f"{emulator.url}/{path}"
    for headers in (
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "https://evil.example"},
    ):
        answer = requests.get(url, headers=headers, timeout=5)
        assert answer.status_code == 403
        assert "evil.example" in answer.json()["message"]
    assert "evil" not in requests.get(url, headers={"Host": "localhost:1"}, timeout=5).text


def test_what_the_control_plane_does_not_have_is_refused_in_the_same_way(control: Control) -> None:
    for method, path in (("GET", "_emulator"), ("GET", "_emulator/health/"), ("PUT", "_emulator/health")):
        url = f"{control.url}/{path}"
        foreign = requests.request(method, url, headers={"Host": "evil.example"}, timeout=5, allow_redirects=False)
        assert foreign.status_code == 403
        known = requests.request(method, url, timeout=5, allow_redirects=False)
        assert (known.status_code, known.json()["message"]) == (404, f"The control plane has no {method} /{path}")


def test_a_further_name_of_the_control_plane_may_be_written_in_any_case() -> None:
    with RunningEmulator(hosts=["Emulator"]) as emulator:
        answer = requests.get(f"{emulator.url}/_emulator/health", headers={"Host": "Emulator:8765"}, timeout=5)
        assert answer.status_code == 200


def test_a_switch_whose_choices_look_like_numbers_takes_numbers(control: Control) -> None:
    control.switch(unknown_key=403, stale_action="200")
    switches = control.call("GET", "switches")
    assert (switches["unknown_key"], switches["stale_action"]) == ("403", "200")


def test_calls_are_counted_by_route(client: EncordUserClient, control: Control) -> None:
    first, second = client.create_storage_folder("F"), client.create_storage_folder("G")
    before = control.requests()[-1]["n"]
    for folder in (first, second):
        client.get_storage_folder(folder.uuid)
    client.create_project("P", [])
    asked = control.call("GET", f"requests?after={before}")
    assert asked["counts"] == {"GET storage/folders/{folder}": 2, "project POST": 1}
    assert asked["total"] == before + 3


def test_a_wrong_method_is_405_and_an_unknown_call_501(emulator: RunningEmulator, client: EncordUserClient) -> None:
    headers = {"Authorization": f"Bearer {client.get_bearer_token()}"}
    url = f"{emulator.url}/v2/public"
    wrong = requests.delete(f"{url}/cloud-integrations", headers=headers, timeout=5)
    assert (wrong.status_code, wrong.json()["message"]) == (405, "cloud-integrations takes GET")
    unknown = requests.get(f"{url}/teapots", headers=headers, timeout=5)
    assert unknown.status_code == 501
    assert "teapots" in unknown.json()["message"]


def test_a_body_over_the_limit_is_refused(client: EncordUserClient, control: Control) -> None:
    headers = {"Authorization": f"Bearer {client.get_bearer_token()}"}
    control.switch(max_body_mb=1)
    big = b'{"title": "' + b"x" * 1_500_000 + b'"}'
    for path in ("v2/public/ontologies", "public"):
        answer = requests.post(f"{control.url}/{path}", data=big, headers=headers, timeout=10)
        assert answer.status_code == 413
    assert control.call("GET", "state")["ontologies"] == []


def test_a_body_that_announces_too_much_is_refused_at_once(emulator: RunningEmulator, control: Control) -> None:
    control.switch(max_body_mb=1)
    for path in ("/v2/public/ontologies", "/public"):
        with socket.create_connection(("127.0.0.1", urlsplit(emulator.url).port or 0), 5) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n{{".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_the_readme_lists_the_switches() -> None:
    readme = Path(__file__).parents[2] / "include" / "encord_emulator" / "README.md"
    assert describe() in readme.read_text(encoding="utf-8")
