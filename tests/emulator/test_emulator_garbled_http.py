"""Requests that are wrong outside: signatures, paths, headers, and what is hardly HTTP."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.emulator.emulator_support import KEYS, MANAGER, Control
from tests.support.malformed import complaint
from tests.support.raw_http import RawClient, Sent, Signer, as_bytes

if TYPE_CHECKING:
    from include.encord_emulator.server import RunningEmulator

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("unharmed")]
KEY = KEYS[MANAGER]
SIGNER = Signer(KEY.private_pem, KEY.public_hex)
PUBLIC = b"POST /public HTTP/1.1\r\nHost: a\r\n"
PROJECTS = b"GET /v2/public/projects HTTP/1.1\r\nHost: a\r\n"
CLOSE = b"Connection: close\r\n\r\n"


def test_wrong_signatures_are_refused(raw: RawClient) -> None:
    for sent in (Sent("GET", "/v2/public/cloud-integrations"), Sent("POST", "/public", b"{}")):
        right = SIGNER.headers(sent)
        for name, value in right.items():
            for odd in (
                "",
                "x",
                value[:-2],
                value[1:],
                value.upper(),
                value * 3,
                "\udcff",
                "A" * 20_000,
                f"{value};a=b",
            ):
                answer = raw.send_bytes(as_bytes(sent, right | {name: odd}))
                assert 400 <= answer.status < 500, (name, odd[:80], answer)
            left = {key: kept for key, kept in right.items() if key != name}
            assert 400 <= raw.send_bytes(as_bytes(sent, left)).status < 500


@pytest.mark.parametrize("created", ["0", "-1", "99999999999999999999999999999", "1e9", "٣"])
def test_an_odd_moment_of_signing_is_refused(raw: RawClient, created: str) -> None:
    sent = Sent("GET", "/v2/public/cloud-integrations")
    given = f'encord-sig=("@method" "@request-target" "content-digest");created={created};keyid="{KEY.public_hex}"'
    headers = SIGNER.headers(sent) | {"Signature-Input": f'{given};alg="ed25519"'}
    assert raw.send_bytes(as_bytes(sent, headers)).status == 401


@pytest.mark.parametrize(
    "target",
    [
        "/v2/public/../../_emulator/state", "/v2/public/%2e%2e/%2e%2e/_emulator/state", "//v2/public/projects", "/",
        "/v2", "/v2/public", "/v2/public/", "/v2/public//", "/v2/public//projects", "/v2/public/projects/",
        "/v2/public/projects%00", "/v2/public/projects?" + "a=b&" * 5_000, "/v2/public/" + "a/" * 5_000,
        "/v2/public/./projects", "/v2/public/projects;a=b", "/v2/public/projects#a", "/V2/PUBLIC/projects", "/public/",
        "/public/user/..", "/v2/public/storage/folders/../../projects", "/v2/public/%", "/v2/public/%c0%af",
        "/v2/public/\\..\\..", "/_emulator", "/_emulator/nothing",
    ],
)  # fmt: skip
def test_path_tricks_lead_nowhere(raw: RawClient, target: str) -> None:
    for method in ("GET", "POST"):
        answer = raw.send(Sent(method, target))
        assert answer.status in {200, 307, 501} or 400 <= answer.status < 500, answer
        assert b"Traceback" not in answer.body
        assert b"requests_by_route" not in answer.body


@pytest.mark.parametrize(
    "data",
    [
        b"GET\r\n\r\n", b"\x00" * 100, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v2/public/projects HTTP/1.1\r\n\r\n", b"BREW /v2/public/projects HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v2/public/\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        PROJECTS + b"A: " + b"a" * 100_000 + b"\r\n\r\n",
        PROJECTS + b"" + b"A: b\r\n" * 20_000 + b"Connection: close\r\n\r\n",
        PROJECTS + b"no colon\r\n\r\n",
        PUBLIC + b"Content-Length: -1\r\n\r\n",
        PUBLIC + b"Content-Length: x\r\n\r\n",
        PUBLIC + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        PUBLIC + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nnonsense\r\n0\r\n\r\n",
        PUBLIC + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        PUBLIC + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\n{\r\n0\r\n\r\n",
        PUBLIC + b"Transfer-Encoding: nonsense\r\nConnection: close\r\n\r\n",
        PUBLIC + b"Content-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        PROJECTS + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_hardly_http_is_refused_or_dropped(raw: RawClient, data: bytes) -> None:
    answer = raw.send_bytes(data)
    assert answer.status < 500 or answer.status == 501, answer
    assert b"Traceback" not in answer.body


def test_a_body_that_never_comes_whole_holds_nobody_up(raw: RawClient, emulator: RunningEmulator) -> None:
    parts = urlsplit(emulator.url)
    half = PUBLIC + b"Content-Length: 1000000000000\r\n\r\n{"
    with socket.create_connection((parts.hostname, parts.port), 5) as connection:
        connection.sendall(half)
        assert raw.send(Sent("GET", "/v2/public/cloud-integrations")).status == 200


def test_who_stops_sending_in_the_middle_of_a_body_is_refused(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.encord_emulator.limits.PART_TIMEOUT_S", 0.1)
    parts = urlsplit(emulator.url)
    with socket.create_connection((parts.hostname, parts.port), 5) as connection:
        connection.sendall(PUBLIC + b"Content-Length: 100\r\n\r\n{")
        assert connection.recv(1_000).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("target", ["/public", "/v2/public/storage/folders"])
def test_a_body_over_the_limit_is_refused(raw: RawClient, control: Control, target: str) -> None:
    control.switch(max_body_mb=1)
    answer = raw.send(Sent("POST", target, b'"' + b"x" * 2_000_000 + b'"'))
    assert answer.status == 413
    assert complaint(answer) is None
