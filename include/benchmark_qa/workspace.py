"""What the domain needs of the place where a campaign keeps its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Protocol


class KeyBatch(Protocol):
    """Some files, by key."""

    @property
    def keys(self) -> Sequence[str]:
        """Keys below the workspace's address."""


class Workspace(Protocol):
    """Files under keys; ``include.object_storage`` makes such places, and the domain need not know how."""

    def read(self, key: str) -> bytes:
        """Return a file's content; an error of the place's own when it is not there."""

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        """Store a file, whole or not at all, replacing what was there."""

    def exists(self, key: str) -> bool:
        """Tell whether there is a file of exactly this key."""

    def list(self, prefix: str = "") -> Iterator[KeyBatch]:
        """Yield the files whose key begins with ``prefix``, in byte order of their keys."""
