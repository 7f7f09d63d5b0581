"""From what people put into a key field to the PEM that the SDK reads; what is wrong is said, the key never."""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Iterator

PEM_BEGIN = "-----BEGIN"
MAKE_ONE = "make one with `ssh-keygen -t ed25519 -N ''` and add its public half to your Encord user"


def read_private_key(given: str) -> str:
    """
    Return the PEM of an Ed25519 private key, whatever a form field has left of it.

    :param given: the PEM, also with its line ends lost or written as backslash and ``n``; or the base64 of the PEM
    :raises ValueError: it is something else; says what, and never quotes it
    """
    pem = _find_pem(given.strip())
    _check_ed25519(pem)
    return pem


def _find_pem(given: str) -> str:
    if PEM_BEGIN in given:
        return _restore_line_ends(given)
    with contextlib.suppress(binascii.Error, ValueError):
        decoded = base64.b64decode("".join(given.split()), validate=True).decode("ascii")
        if PEM_BEGIN in decoded:
            return _restore_line_ends(decoded)
    if given.startswith(("ssh-", "ecdsa-")):
        raise ValueError("holds the public half of a key: Encord wants that one, this field the private half")
    if given.startswith("PuTTY-"):
        raise ValueError("holds a key in PuTTY's own format: export it as an OpenSSH key with puttygen")
    raise ValueError(f"holds neither a PEM private key nor the base64 of one: {MAKE_ONE}")


def _check_ed25519(pem: str) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    if "PUBLIC KEY" in pem.partition("\n")[0]:
        raise ValueError("holds the public half of a key: Encord wants that one, this field the private half")
    try:
        key = load_ssh_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if "password" in str(error).lower():
            raise ValueError(
                "holds a private key with a passphrase, which nobody could type in here: "
                "take the passphrase off with `ssh-keygen -p`, or use another key"
            ) from None
        raise ValueError(
            "holds a private key that is damaged, or is no OpenSSH key: paste all of it, with its first and last line"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        sort = type(key).__name__.removesuffix("PrivateKey").strip("_")
        raise ValueError(f"holds a private key of type {sort}; Encord takes Ed25519 only: {MAKE_ONE}")


def _restore_line_ends(pem: str) -> str:
    """Give a PEM its line ends back where a one-line field made them spaces, or backslash and ``n``, or nothing."""
    return "\n".join(_pem_lines(pem.replace("\\n", "\n"))) + "\n"


def _pem_lines(pem: str) -> Iterator[str]:
    _, _, rest = pem.partition(PEM_BEGIN)
    label, _, rest = rest.partition("-----")
    body, _, _tail = rest.partition("-----END")
    yield f"{PEM_BEGIN}{label}-----"
    yield from body.split()
    yield f"-----END{label}-----"
