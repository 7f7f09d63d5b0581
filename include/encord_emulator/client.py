"""What the commands ask of a running emulator."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from include.encord_emulator.errors import invalid

TIMEOUT_S = 30
START_TIMEOUT_S = 5.0
"""How long an emulator that was started a moment ago may take until it listens."""


def make_key(url: str, email: str, role: str, out: Path) -> str:
    """Write a new private key to a file, make its public half known as the user's, and say so."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    try:
        file = os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except FileExistsError:
        raise invalid(f"{out} is there already; name another file, or remove it") from None
    with file:
        file.write(pem)
    try:
        _ask("POST", url, "seed", {"users": [{"email": email, "role": role, "public_key": public}]})
    except BaseException:
        out.unlink()
        raise
    return f"{out}: private key of {email} ({role})"


def summary(url: str) -> str:
    """Return what there is, for people."""
    return "\n".join(_lines(_ask("GET", url, "state")))


def _lines(state: dict[str, Any]) -> Iterator[str]:
    for folder in state["folders"]:
        yield f"folder    {folder['uuid']}  {folder['name']}: {folder['items']} items"
    for dataset in state["datasets"]:
        yield f"dataset   {dataset['dataset_hash']}  {dataset['title']}: {dataset['rows']} rows"
    for ontology in state["ontologies"]:
        yield f"ontology  {ontology['ontology_hash']}  {ontology['title']}"
    for project in state["projects"]:
        yield f"project   {project['project_hash']}  {project['title']}"
        for stage, count in project["tasks"].items():
            yield f"            {count:>8} tasks at {stage}"
    numbers = [f"{state[name]} {name.replace('_', ' ')}" for name in state if isinstance(state[name], int)]
    yield ", ".join(numbers)


def _ask(method: str, url: str, path: str, body: Any = None) -> Any:
    # The machine's proxy does not lead here; a certificate of the emulator's is trusted as the SDK is told to.
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    context = ssl.create_default_context(cafile=bundle)
    with httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False, verify=context) as session:
        try:
            answer = _patient_request(session, method, f"/_emulator/{path}", body)
        except httpx.HTTPError as error:
            raise invalid(f"{url}: no emulator answers there ({error})") from None
    try:
        told = answer.json()
    except ValueError:
        raise invalid(f"{url}: no emulator answers there (status {answer.status_code}, no JSON)") from None
    if answer.is_error:
        raise invalid(told.get("message", answer.text))
    return told


def _patient_request(session: httpx.Client, method: str, path: str, body: Any) -> httpx.Response:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return session.request(method, path, json=body)
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
