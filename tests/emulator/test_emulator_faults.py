from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from encord.exceptions import RateLimitExceededError, RequestException
from encord.http.constants import RequestsSettings

from tests.emulator.emulator_support import KEYS, MANAGER, Control, sdk_client

if TYPE_CHECKING:
    from encord import EncordUserClient

    from include.encord_emulator.server import RunningEmulator

pytestmark = pytest.mark.emulator


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
    control.wait_until_held()
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


@pytest.mark.parametrize("call", ["v2", "legacy"])
def test_a_rate_limit_of_the_switch_counts_each_users_minute(
    client: EncordUserClient, control: Control, call: str
) -> None:
    calls: dict[str, Any] = {"v2": client.get_cloud_integrations, "legacy": lambda: client.create_project("P", [])}
    control.switch(rate_limit_per_minute=2)
    calls[call]()
    calls[call]()
    with pytest.raises(RateLimitExceededError) as caught:
        calls[call]()
    assert 1 <= caught.value.retry_after <= 60
    control.switch(rate_limit_per_minute=0)
    calls[call]()


@pytest.mark.parametrize("told", [True, False])
def test_a_rate_limit_tells_when_to_come_back_if_the_switch_says_so(
    client: EncordUserClient, control: Control, told: bool
) -> None:
    control.switch(rate_limit_per_minute=1, retry_after_header=told)
    headers = {"Authorization": f"Bearer {client.get_bearer_token()}"}
    answer = requests.get(f"{control.url}/v2/public/cloud-integrations", headers=headers, timeout=5)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, told)


def test_the_first_rule_that_fits_wins_and_the_rest_stay_unused(client: EncordUserClient, control: Control) -> None:
    rules = [{"match": "GET .*integrations", "status": 400}, {"match": "integrations", "status": 403, "times": 1}]
    first, _ = control.call("POST", "faults", rules)
    with pytest.raises(Exception, match=f"fault rule {first['id']} "):
        client.get_cloud_integrations()
    assert [rule["matched"] for rule in control.call("GET", "faults")] == [1, 0]
    assert control.call("DELETE", "faults") == []
    assert client.get_cloud_integrations()


def met(control: Control, client: EncordUserClient, seed: int) -> list[bool]:
    """Return which of thirty requests a rule of one half met."""
    control.call("DELETE", "faults")
    control.call("POST", "faults", [{"match": "bearer-token", "status": 400, "probability": 0.5, "seed": seed}])
    outcomes = []
    for _ in range(30):
        try:
            client.get_bearer_token()
            outcomes.append(False)
        except Exception:  # noqa: BLE001 - the rule's refusal; counted below
            outcomes.append(True)
    assert control.call("GET", "faults")[0]["matched"] == sum(outcomes)
    return outcomes


def test_a_rule_of_chance_meets_the_same_requests_in_every_run(client: EncordUserClient, control: Control) -> None:
    first = met(control, client, seed=7)
    assert 0 < sum(first) < 30
    assert met(control, client, seed=7) == first
    assert met(control, client, seed=8) != first


def test_latency_is_waited_out_and_the_request_is_answered(client: EncordUserClient, control: Control) -> None:
    control.call("POST", "faults", [{"match": "integrations", "latency": 0.3}])
    started = time.monotonic()
    assert client.get_cloud_integrations()
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"match": "("}, "body[0].match"),
        ({"match": "x", "latency_s": 1}, "body[0].latency_s: Extra inputs are not permitted"),
        ({"match": "x", "drop": "during"}, "body[0].drop"),
        ({"match": "x", "probability": 2}, "body[0].probability"),
        ({"match": "x", "status": 200}, "body[0].status"),
        ({"match": "x", "status": 429, "retry_after": 1e300}, "body[0].retry_after"),
        ("x", "body[0]"),
    ],
)
def test_a_wrong_rule_is_refused_and_adds_nothing(emulator: RunningEmulator, rule: Any, message: str) -> None:
    answer = requests.post(f"{emulator.url}/_emulator/faults", json=[rule, {"match": "ok"}], timeout=5)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]
    assert Control(emulator.url).call("GET", "faults") == []


@pytest.mark.parametrize(("seconds", "header"), [(0.2, "1"), (7, "7"), (2_000_000, "2000000")])
def test_retry_after_is_told_in_whole_seconds(control: Control, seconds: float, header: str) -> None:
    control.call("POST", "faults", [{"status": 429, "retry_after": seconds}])
    answer = requests.get(f"{control.url}/v2/public/cloud-integrations", timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, header)


@pytest.mark.parametrize("body", [None, "x", 5])
def test_no_rule_at_all_is_refused(emulator: RunningEmulator, body: Any) -> None:
    answer = requests.post(f"{emulator.url}/_emulator/faults", json=body, timeout=5)
    assert answer.status_code == 400
    assert Control(emulator.url).call("GET", "faults") == []
