"""The one protocol that every kind of bucket follows: list, read, write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol, runtime_checkable

BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True)
class ObjectBatch:
    """
    Up to 1000 objects, column by column; row ``i`` of each column is one object.

    Keys are raw and relative to the bucket's URI, sizes in bytes, times in UTC, etags without quotes.
    """

    keys: tuple[str, ...]
    sizes: tuple[int, ...]
    modified: tuple[datetime, ...]
    etags: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)


@runtime_checkable
class Bucket(Protocol):
    """
    A place that holds objects under keys.

    Keys are relative to ``uri``: of ``s3://bucket/raw``, key ``a.jpg`` is the object ``raw/a.jpg``. All
    methods raise errors of ``include.object_storage.errors`` and of no client library.
    """

    @property
    def uri(self) -> str:
        """The address without a closing slash, as a person would write it; holds no secret."""

    def list(
        self,
        prefix: str = "",
        *,
        modified_from: datetime | None = None,
        modified_until: datetime | None = None,
    ) -> Iterator[ObjectBatch]:
        """
        Yield the objects whose key begins with ``prefix``, in byte order of their keys, in non-empty batches.

        :param modified_from: leave out what was last modified before; inclusive, with a time zone.
        :param modified_until: leave out what was last modified at or after; exclusive, with a time zone.
        """

    def read(self, key: str) -> bytes:
        """Return an object's content."""

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        """Store an object, whole or not at all, replacing what was there; a file is read to its end."""

    def exists(self, key: str) -> bool:
        """Tell whether there is an object of exactly this key."""

    def url(self, key: str) -> str:
        """
        Return the URL by which Encord is told of the object.

        The key is percent-encoded as UTF-8, slashes kept: equal keys give equal URLs, different keys
        different ones. A key with a ``.`` or ``..`` segment is refused, since clients resolve those away.
        """
