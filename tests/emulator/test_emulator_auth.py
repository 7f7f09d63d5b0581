from __future__ import annotations

import time
from typing import TYPE_CHECKING
from unittest import mock

import pytest
import requests
from encord.exceptions import AuthenticationError, AuthorisationError, SshKeyNotFound

from include.encord_emulator import clock
from tests.emulator.emulator_support import ANNOTATORS, KEYS, MANAGER, Control, Key, new_key, sdk_client

if TYPE_CHECKING:
    from encord import EncordUserClient

    from include.encord_emulator.server import RunningEmulator
    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


def mismatched_key() -> Key:
    """A signature of one key under the name of another."""
    return Key(new_key().private_pem, KEYS[MANAGER].public_hex)


def test_a_key_that_nobody_has_is_refused_by_both_protocols(emulator: RunningEmulator) -> None:
    stranger = sdk_client(emulator.url, new_key())
    with pytest.raises(AuthenticationError, match="No user has the public key"):
        stranger.get_cloud_integrations()
    with pytest.raises(SshKeyNotFound):
        stranger.create_project("P", [])


@pytest.mark.parametrize("protocol", ["v2", "legacy"])
def test_a_wrong_signature_is_refused(emulator: RunningEmulator, protocol: str) -> None:
    impostor = mismatched_key()
    client = sdk_client(emulator.url, impostor)
    client._config.config.public_key_hex = impostor.public_hex
    calls = {"v2": client.get_cloud_integrations, "legacy": lambda: client.create_project("P", [])}
    with pytest.raises(AuthenticationError):
        calls[protocol]()


def test_an_unsigned_request_is_refused_and_counted(emulator: RunningEmulator, control: Control) -> None:
    answer = requests.get(f"{emulator.url}/v2/public/cloud-integrations", timeout=5)
    assert answer.status_code == 401
    state = control.call("GET", "state")
    assert (state["requests"], state["refused_requests"]) == (1, 1)


@pytest.mark.parametrize(("skew", "accepted"), [(0, True), (305, False), (-305, False)])
def test_a_signature_is_good_for_five_minutes(client: EncordUserClient, skew: int, accepted: bool) -> None:
    with mock.patch("include.encord_emulator.auth.time.time", return_value=time.time() + skew):
        if accepted:
            assert client.get_cloud_integrations()
        else:
            with pytest.raises(AuthenticationError, match="too old"):
                client.get_cloud_integrations()


def test_a_body_that_was_changed_on_the_way_is_refused(emulator: RunningEmulator, client: EncordUserClient) -> None:
    request = requests.Request("POST", f"{emulator.url}/v2/public/ontologies", json={"title": "A", "editor": {}})
    signed = client._config.define_headers_v2(request.prepare())
    signed.body = signed.body.replace(b'"A"', b'"B"')
    assert requests.Session().send(signed, timeout=5).status_code == 401


def test_a_bearer_token_speaks_for_its_owner(
    emulator: RunningEmulator, client: EncordUserClient, control: Control
) -> None:
    token = client.get_bearer_token()
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{emulator.url}/v2/public/cloud-integrations", headers=headers, timeout=5).ok
    last = control.requests()[-1]
    assert (last["user"], last["signature"]) == (MANAGER, "bearer")


def test_an_annotators_key_may_not_use_the_project_unless_roles_are_lax(
    emulator: RunningEmulator, make_project: MakeProject, control: Control
) -> None:
    project_hash = make_project().project_hash
    annotator = sdk_client(emulator.url, KEYS[ANNOTATORS[0]])
    with pytest.raises(AuthorisationError):
        annotator.get_project(project_hash)
    control.switch(strict_roles=False)
    assert annotator.get_project(project_hash).title == "Project"


def test_an_unknown_project_is_forbidden_and_not_missing(client: EncordUserClient) -> None:
    with pytest.raises(AuthorisationError):
        client.get_project("00000000-0000-0000-0000-000000000000")


def test_how_old_a_signature_may_be_is_a_switch(client: EncordUserClient, control: Control) -> None:
    with mock.patch("include.encord_emulator.auth.time.time", return_value=time.time() + 20):
        assert client.get_cloud_integrations()
        control.switch(clock_window_s=10)
        with pytest.raises(AuthenticationError, match="too old"):
            client.get_cloud_integrations()


@pytest.mark.parametrize(("lifetime", "status"), [(60, 401), (7200, 200)])
def test_a_bearer_token_lives_as_long_as_the_switch_says(
    client: EncordUserClient, emulator: RunningEmulator, control: Control, lifetime: int, status: int
) -> None:
    control.switch(token_lifetime_s=lifetime)
    headers = {"Authorization": f"Bearer {client.get_bearer_token()}"}
    with mock.patch("include.encord_emulator.clock.now", return_value=clock.shift(clock.now(), 3600)):
        answer = requests.get(f"{emulator.url}/v2/public/cloud-integrations", headers=headers, timeout=5)
    assert answer.status_code == status


@pytest.mark.parametrize(("answer", "error"), [("401", AuthenticationError), ("403", AuthorisationError)])
def test_what_an_unknown_key_gets_is_a_switch(
    emulator: RunningEmulator, control: Control, answer: str, error: type[Exception]
) -> None:
    control.switch(unknown_key=answer)
    with pytest.raises(error, match="No user has the public key"):
        sdk_client(emulator.url, new_key()).get_cloud_integrations()
