"""HTTP as no library would send it: raw bytes on a socket, with or without a right signature."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Sent:
    """
    A request as it goes out.

    :param target: path and query as written on the first line, escapes included.
    :param headers: beside the signature's; ``ResourceID`` and the like.
    """

    method: str
    target: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.target[:120]} {self.body[:200]!r}"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; status 0 is a connection that was closed without one."""

    status: int
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


class Signer:
    """Signs as the SDK 0.1.211 does: ``encord/http/v2/request_signer.py`` and ``encord/configs.py``."""

    def __init__(self, private_pem: str, public_hex: str) -> None:
        self._key: Any = load_ssh_private_key(private_pem.encode(), None)
        self._public_hex = public_hex

    def headers(self, sent: Sent) -> dict[str, str]:
        """Return the headers that sign a request to the plane that its path names."""
        return self._v2(sent) if sent.target.startswith("/v2/") else self._legacy(sent.body)

    def _legacy(self, body: bytes) -> dict[str, str]:
        signature = self._key.sign(hashlib.sha256(body).digest()).hex()
        return {"Authorization": f"{self._public_hex}:{signature}"}

    def _v2(self, sent: Sent) -> dict[str, str]:
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(sent.body).digest()).decode()}:"
        covered = '("@method" "@request-target" "content-digest")'
        parameters = f'{covered};created={int(time.time())};keyid="{self._public_hex}";alg="ed25519"'
        base = (
            f'"@method": {sent.method}\n"@request-target": {sent.target}\n'
            f'"content-digest": {digest}\n"@signature-params": {parameters}'
        )
        signature = base64.b64encode(self._key.sign(base.encode())).decode()
        return {
            "Content-Digest": digest,
            "Signature-Input": f"encord-sig={parameters}",
            "Signature": f"encord-sig=:{signature}:",
        }


class RawClient:
    """Sends what it is told to one server, and waits :data:`TIMEOUT_S` at most for the answer."""

    def __init__(self, url: str, signer: Signer) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._signer = signer

    def send(self, sent: Sent) -> Answer:
        """Send a request with a right signature."""
        return self.send_bytes(as_bytes(sent, self._signer.headers(sent)))

    def send_bytes(self, data: bytes) -> Answer:
        """Send anything."""
        with socket.create_connection(self._address, TIMEOUT_S) as connection:
            # It may be refused before its end, and the answer be waiting.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(data)
            return _read(connection)


def as_bytes(sent: Sent, more_headers: dict[str, str]) -> bytes:
    """Return a request as HTTP/1.1 has it."""
    headers = {"Host": "127.0.0.1", "Content-Length": str(len(sent.body)), "Connection": "close"}
    headers |= {"Content-Type": "application/json"} | sent.headers | more_headers
    lines = [f"{sent.method} {sent.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + sent.body


def _read(connection: socket.socket) -> Answer:
    response = http.client.HTTPResponse(connection)
    try:
        response.begin()
        return Answer(response.status, response.read())
    except (http.client.HTTPException, ConnectionResetError):
        return Answer(0)


def recorded(url: str, act: Callable[[], object]) -> list[Sent]:
    """Return the requests with a body that ``act`` makes the SDK send to the emulator."""
    found: list[Sent] = []
    original = requests.Session.send

    def send(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if request.body and (request.url or "").startswith(url):
            parts = urlsplit(request.url or "")
            body = request.body if isinstance(request.body, bytes) else request.body.encode()
            kept = {name: value for name, value in request.headers.items() if name.startswith("Resource")}
            found.append(Sent(request.method or "", str(parts.path), body, kept))
        return original(self, request, **options)

    with patch.object(requests.Session, "send", send):
        act()
    return found
