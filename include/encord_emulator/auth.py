"""
The three ways a caller proves who he is.

Formats read from the SDK 0.1.211 (``encord/http/v2/request_signer.py``, ``encord/configs.py``); the host is in neither
signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from include.encord_emulator import clock
from include.encord_emulator.errors import ApiError
from include.encord_emulator.store.database import Record, fetch_one, insert
from include.encord_emulator.store.tables import TOKENS, USERS

WORKERS = {"annotator", "reviewer"}
"""Roles of the organisation that work in the web app, not through the API."""
_INPUT = re.compile(
    r'^encord-sig=(?P<params>\("@method" "@request-target" "content-digest"\)'
    r';created=(?P<created>\d{1,12});keyid="(?P<key>[0-9a-f]{64})";alg="ed25519")$'
)
_SIGNATURE = re.compile(r"^encord-sig=:(?P<value>[A-Za-z0-9+/=]+):$")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What the signatures cover. ``target`` is the path with its query, as sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified user; ``signature`` is ``v2``, ``legacy`` or ``bearer``."""

    email: str
    signature: str


def authenticate(
    connection: sa.Connection, request: SignedRequest, protocol: str, switches: Mapping[str, Any]
) -> Caller:
    """Return who sent the request, or refuse it with the error that Encord gives."""
    authorization = request.headers.get("authorization", "")
    if authorization.startswith("Bearer "):
        signature, user = "bearer", _bearer_user(connection, authorization.removeprefix("Bearer "))
    elif protocol == "legacy":
        signature, user = "legacy", _legacy_user(connection, authorization, request.body)
    else:
        signature, user = "v2", _v2_user(connection, request, switches)
    if switches["strict_roles"] and user["organisation_role"] in WORKERS:
        raise ApiError(403, f"{user['email']} is {user['organisation_role']} and may not use the API.")
    return Caller(user["email"], signature)


def issue_token(connection: sa.Connection, email: str, now: str, lifetime_s: float) -> str:
    """Return a new bearer token for a user, and forget those that have expired."""
    connection.execute(TOKENS.delete().where(TOKENS.c.expires_at < now))
    token = secrets.token_urlsafe(32)
    insert(connection, TOKENS, [{"token": token, "email": email, "expires_at": clock.shift(now, lifetime_s)}])
    return token


def _v2_user(connection: sa.Connection, request: SignedRequest, switches: Mapping[str, Any]) -> Record:
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(request.body).digest()).decode()}:"
    given = _INPUT.match(request.headers.get("signature-input", ""))
    signature = _SIGNATURE.match(request.headers.get("signature", ""))
    if given is None or signature is None:
        raise ApiError(401, "The request is not signed.")
    if request.headers.get("content-digest") != digest:
        raise ApiError(401, "Content-Digest does not fit the body.")
    if abs(time.time() - int(given["created"])) > switches["clock_window_s"]:
        raise ApiError(401, "The signature is too old, or from the future: check the clock.")
    base = (
        f'"@method": {request.method}\n"@request-target": {request.target}\n'
        f'"content-digest": {digest}\n"@signature-params": {given["params"]}'
    )
    user = _user_of_key(connection, given["key"], int(switches["unknown_key"]))
    _verify(given["key"], _unbase64(signature["value"]), base.encode())
    return user


def _legacy_user(connection: sa.Connection, authorization: str, body: bytes) -> Record:
    key, _, signature = authorization.partition(":")
    if not re.fullmatch(r"[0-9a-f]{64}", key) or not re.fullmatch(r"[0-9a-f]{128}", signature):
        raise ApiError(401, "The request is not signed.")
    user = _user_of_key(connection, key, 400)
    _verify(key, bytes.fromhex(signature), hashlib.sha256(body).digest())
    return user


def _user_of_key(connection: sa.Connection, key: str, refusal: int) -> Record:
    user = fetch_one(connection, sa.select(USERS).where(USERS.c.public_key == key))
    if user is None:
        # Legacy is known to answer 400 to an unknown key; for v2 nobody tells.
        raise ApiError(refusal, f"No user has the public key {key[:8]}...", code="SSH_KEY_NOT_FOUND_ERROR")
    return user


def _verify(key: str, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise ApiError(401, "The signature is wrong.") from None


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ApiError(401, "The signature is not base64.") from None


def _bearer_user(connection: sa.Connection, token: str) -> Record:
    owner = sa.select(USERS).join(TOKENS, TOKENS.c.email == USERS.c.email)
    user = fetch_one(connection, owner.where(TOKENS.c.token == token, TOKENS.c.expires_at >= clock.now()))
    if user is None:
        raise ApiError(401, "The bearer token is unknown or has expired.")
    return user
