"""Every field of a connection that can be wrong is named, in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection

from encord_provider.exceptions import EncordConnectionError
from encord_provider.hooks.connection_fields import ConnectionFields
from tests.emulator.emulator_support import KEYS, MANAGER

PEM = KEYS[MANAGER].private_pem


def fields(*, extra: dict[str, Any] | None = None, **standard: Any) -> ConnectionFields:
    return ConnectionFields(
        Connection(conn_id="encord_x", conn_type="encord", extra=json.dumps(extra or {}), **standard)
    )


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ({}, "https://api.encord.com"),
        ({"extra": {"region": "global"}}, "https://api.encord.com"),
        ({"extra": {"region": "us"}}, "https://api.us.encord.com"),
        ({"extra": {"region": "us"}, "host": "https://api.us.encord.com/"}, "https://api.us.encord.com"),
        ({"extra": {"region": "custom"}, "host": "encord.hospital.example"}, "https://encord.hospital.example"),
        ({"host": "http://127.0.0.1", "port": 9}, "http://127.0.0.1:9"),
        ({"host": "https://api.us.encord.com", "port": 443, "extra": {"region": "us"}}, "https://api.us.encord.com"),
        ({"port": 443}, "https://api.encord.com"),
    ],
)
def test_the_region_or_the_host_names_the_api(given: dict[str, Any], domain: str) -> None:
    assert fields(**given).domain == domain


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"extra": {"region": "mars"}}, "field region: 'mars' is none of global, us, custom"),
        ({"extra": {"region": "custom"}}, "field host: is empty"),
        ({"extra": {"region": "us"}, "host": "https://api.encord.com"}, "field region: is 'us', yet field host names"),
        ({"host": "my encord"}, "field host: 'https://my encord' is no address"),
        ({"host": "https://api.encord.com/v2/public"}, "field host: .* is no address .* without a path"),
        ({"host": "ftp://api.encord.com"}, "field host: .* is no address"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(EncordConnectionError, match=f"connection 'encord_x', {problem}"):
        _ = fields(**given).domain


@pytest.mark.parametrize("given", ["soon", 0, -1, 1.5, 3601, True])
def test_a_timeout_that_is_none_is_refused(given: Any) -> None:
    with pytest.raises(EncordConnectionError, match=r"field read_timeout: .* is no whole number of seconds from 1 to"):
        fields(extra={"read_timeout": given}).seconds("read_timeout", 30)


def test_an_empty_timeout_is_the_default_and_one_written_as_text_is_read() -> None:
    assert fields(extra={"read_timeout": None}).seconds("read_timeout", 30) == 30
    assert fields(extra={"read_timeout": "7"}).seconds("read_timeout", 30) == 7


def test_the_key_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "id_ed25519"
    file.write_text(PEM, encoding="ascii")
    assert fields(extra={"ssh_key_file": str(file)}).private_key == PEM


def test_two_keys_are_one_too_many() -> None:
    with pytest.raises(EncordConnectionError, match="field ssh_key_file: there is a key in field password too"):
        _ = fields(password=PEM, extra={"ssh_key_file": "/keys/id_ed25519"}).private_key


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read here: No such file or directory"),
        (b"\xff\xfe", "holds no text"),
        (b"Sesame-open-0815", "holds neither a PEM private key"),
    ],
)
def test_a_key_file_that_is_none_is_named(tmp_path: Path, content: bytes | None, problem: str) -> None:
    file = tmp_path / "id_ed25519"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(EncordConnectionError, match=f"field ssh_key_file: .*{problem}") as caught:
        _ = fields(extra={"ssh_key_file": str(file)}).private_key
    assert "Sesame" not in str(caught.value)
