"""What the Test button says of everything that can stand between a person and Encord."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine

from encord_provider.hooks.encord import EncordHook
from include.encord_emulator.server import RunningEmulator
from tests.emulator.emulator_support import ANNOTATORS, KEYS, MANAGER, SEED, Control, new_key
from tests.support.emulator_process import EmulatorProcess
from tests.unit.encord_provider.provider_support import empty_dataset, project_maker, run

pytestmark = pytest.mark.emulator

PEM = KEYS[MANAGER].private_pem
NOBODY = "00000000-0000-4000-8000-000000000000"
Press = Callable[..., str]


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    """Return a function that presses the Test button of a connection; it fails the test when all is well."""

    def button(host: str, *, password: str = PEM, **extra: Any) -> str:
        monkeypatch.setenv(
            "AIRFLOW_CONN_ENCORD_OTHER",
            json.dumps({"conn_type": "encord", "host": host, "password": password, "extra": extra}),
        )
        good, said = EncordHook("encord_other").test_connection()
        assert not good, said
        assert len(said.splitlines()) == 1
        assert "encord_other" not in said
        assert not [line for line in password.splitlines()[1:-1] if line in said]
        return said

    return button


@contextmanager
def stranger(status: int, body: bytes, content_type: str) -> Iterator[str]:
    """Run a server that is not Encord: it answers everything with the same page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Keep the tests' output clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_good_connection(encord_default: str, control: Control) -> None:
    told = EncordHook(encord_default).test_connection()
    assert told == (True, f"Encord answers at {control.url}; cloud integrations: Local bucket")


@pytest.mark.parametrize("answer", ["401", "403"])
def test_an_unknown_key(press: Press, control: Control, answer: str) -> None:
    control.switch(unknown_key=answer)
    said = press(control.url, password=new_key().private_pem)
    assert {"401": "does not know this key", "403": "No user has the public key"}[answer] in said


def test_a_key_of_another_region_is_asked_about(press: Press, control: Control) -> None:
    assert "in this region?" in press(control.url, password=new_key().private_pem)


def test_a_key_that_may_not_use_the_api(press: Press, control: Control) -> None:
    said = press(control.url, password=KEYS[ANNOTATORS[0]].private_pem)
    assert "does the user of this key have access?" in said


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_that_is_off(press: Press, tmp_path: Path, minutes: int) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    with EmulatorProcess("--seed", str(seed)) as emulator, time_machine.travel(time.time() + 60 * minutes):
        said = press(emulator.url)
    assert f"{'ahead of' if minutes > 0 else 'behind'} its clock" in said
    assert "set the clock" in said


def test_a_project_that_may_be_opened_and_one_that_may_not(
    press: Press, control: Control, encord_default: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = press(control.url, test_project=NOBODY)
    assert f"field test_project: {control.url} knows this key, and its user has no access to a project {NOBODY}" in said
    project_hash = run(project_maker("Project", [empty_dataset("Empty")]))
    extra = {"test_project": project_hash}
    connection = {"conn_type": "encord", "host": control.url, "password": PEM, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_ENCORD_OTHER", json.dumps(connection))
    good, said = EncordHook("encord_other").test_connection()
    assert good
    assert said.endswith("; project 'Project' can be opened")


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, b"<html>Log in</html>", "text/html"),
        (404, b"<html>Nothing here</html>", "text/html"),
        (405, b"{}", "application/json"),
    ],
)
def test_something_that_is_not_encord(press: Press, status: int, body: bytes, content_type: str) -> None:
    with stranger(status, body, content_type) as url:
        said = press(url)
    assert "answers, but not as Encord's API does" in said
    assert "html" not in said


def test_a_fault_of_encords_own(press: Press, control: Control) -> None:
    control.call("POST", "faults", {"match": "cloud-integrations", "status": 503})
    assert "has a fault of its own at the moment" in press(control.url)


def test_too_many_requests(press: Press, control: Control) -> None:
    control.call("POST", "faults", {"match": "cloud-integrations", "status": 429, "retry_after": 17})
    assert press(control.url).endswith("has had too many requests: try again in 17 s")


def test_nobody_there(press: Press) -> None:
    assert "http://127.0.0.1:9 cannot be reached: nothing takes connections there" in press("http://127.0.0.1:9")


def test_a_host_that_does_not_exist(press: Press) -> None:
    assert "no such host name is known here" in press("https://api.encord.invalid")


def test_a_server_that_does_not_answer(press: Press) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = press(f"http://127.0.0.1:{silent.getsockname()[1]}", read_timeout=1)
    assert "did not answer within field read_timeout" in said


def test_a_certificate_that_is_not_trusted(press: Press, tmp_path: Path) -> None:
    with RunningEmulator(tls_folder=tmp_path) as emulator:
        assert "its TLS certificate is not accepted here" in press(emulator.url)


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"connect_timeout": "soon"}, "field connect_timeout: 'soon'"),
        ({"user_agent": "team (1)"}, "field user_agent: 'team (1)' is no product name such as 'team/1.0'"),
        ({"region": "us"}, "field region: is 'us'"),
    ],
)
def test_a_wrong_field(press: Press, control: Control, extra: dict[str, str], field: str) -> None:
    assert field in press(control.url, **extra)


def test_a_connection_without_a_key(press: Press, control: Control) -> None:
    assert "field password: has no private key" in press(control.url, password="")
