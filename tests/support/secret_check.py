"""Whether a secret stands in what a run has left behind: logs, pages, the workspace, a database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

# What signs a request, or a URL so that whoever has it may use it: Encord's API, S3, Google, Azure.
SIGNED = ("encord-sig=:", "Authorization:", "Authorization'", "X-Amz-Signature=", "X-Goog-Signature=", "&sig=", "?sig=")


def key_lines(private_pem: str) -> list[str]:
    """Return the lines of a private key that are the key, and not its frame."""
    return [line for line in private_pem.splitlines() if len(line) > 20 and not line.startswith("-----")]


def leaks(folder: Path, secrets: Iterable[str], *, passed_over: Collection[Path] = ()) -> list[str]:
    """Return which files below a folder hold a secret, or a signature, with what they hold of it first."""
    wanted = [one.encode() for one in (*secrets, *SIGNED)]
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in passed_over]
    return [f"{path}: {found[0]!r}" for path in files if (found := _found(path, wanted))]


def _found(path: Path, wanted: Iterable[bytes]) -> list[bytes]:
    content = path.read_bytes()
    return [one for one in wanted if one in content]
