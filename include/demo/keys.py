"""The demo's secrets: made once, readable by their owner only, and never printed into a log."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from include.demo import places

ADMIN = "admin"


def airflow_secrets() -> dict[str, str]:
    """Return the settings by which Airflow's components know each other and encrypt connections."""
    path = places.AIRFLOW_HOME / "secrets.json"
    if not path.exists():
        made = {
            "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode("ascii"),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(48),
        }
        write_private(path, json.dumps(made).encode("ascii"))
    settings: dict[str, str] = json.loads(path.read_bytes())
    return settings


def admin_password() -> str:
    """
    Return the password of the UI's user ``admin``.

    It is made here, in the file of Airflow's simple auth manager, because Airflow prints one that it makes itself.
    """
    if not places.PASSWORDS.exists():
        write_private(places.PASSWORDS, json.dumps({ADMIN: secrets.token_urlsafe(12)}).encode("ascii"))
    return str(json.loads(places.PASSWORDS.read_bytes())[ADMIN])


def encord_private_key(path: Path | None = None) -> str:
    """Return the private key, in OpenSSH's format, with which the demo signs its requests to the local Encord."""
    path = path or places.PRIVATE_KEY
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        write_private(path, pem)
    return path.read_text(encoding="ascii")


def encord_public_key(path: Path | None = None) -> str:
    """Return the raw public key that belongs to the private key, in hexadecimal digits."""
    key = serialization.load_ssh_private_key(encord_private_key(path).encode("ascii"), password=None)
    return key.public_key().public_bytes_raw().hex()  # type: ignore[union-attr]  # it is the Ed25519 key made above


def write_private(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)
