"""The one protocol that every kind of bucket follows: list, read, write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_SIZE = 1000


def object_schema() -> pa.Schema:
    """Return the columns of an ``ObjectBatch``: key, size in bytes, time of last modification in UTC, etag."""
    import pyarrow as pa

    columns: dict[str, pa.DataType] = {
        "key": pa.string(),
        "size": pa.int64(),
        "modified": pa.timestamp("us", tz="UTC"),
        "etag": pa.string(),
    }
    return pa.schema(columns)


@dataclass(frozen=True)
class ObjectBatch:
    """
    Some objects, column by column; row ``i`` of each column is one object.

    ``arrow`` has the columns of ``object_schema``; the other attributes are the same as Python tuples, made when
    first asked for. Keys are raw and relative to the bucket's URI, sizes in bytes, times in UTC, etags without quotes.
    """

    arrow: pa.RecordBatch

    @classmethod
    def of(
        cls, keys: Sequence[str], sizes: Sequence[int], modified: Sequence[datetime], etags: Sequence[str]
    ) -> ObjectBatch:
        """Return the batch of four columns of equal length."""
        import pyarrow as pa

        return cls(
            pa.RecordBatch.from_arrays(
                [
                    pa.array(column, type=field.type)
                    for column, field in zip((keys, sizes, modified, etags), object_schema(), strict=True)
                ],
                schema=object_schema(),
            )
        )

    @classmethod
    def joined(cls, batches: Sequence[ObjectBatch]) -> ObjectBatch:
        """Return the rows of all batches, one after the other."""
        import pyarrow as pa

        rows = pa.Table.from_batches([batch.arrow for batch in batches], schema=object_schema())
        found = rows.combine_chunks().to_batches()
        return cls(found[0]) if found else cls.of((), (), (), ())

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return self._values("key")

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return self._values("size")

    @cached_property
    def modified(self) -> tuple[datetime, ...]:
        return self._values("modified")

    @cached_property
    def etags(self) -> tuple[str, ...]:
        return self._values("etag")

    def _values(self, column: str) -> tuple[Any, ...]:
        return tuple(self.arrow.column(column).to_pylist())

    def __len__(self) -> int:
        return self.arrow.num_rows


@dataclass(frozen=True, slots=True)
class Level:
    """What lies directly below a prefix: prefixes that end in a slash, and objects without a further slash."""

    prefixes: tuple[str, ...]
    objects: ObjectBatch


@dataclass(frozen=True, slots=True)
class Shard:
    """
    A part of a listing that no other shard of its plan shares a key with.

    ``prefix`` is a plain string prefix of keys. ``is_level``: only the objects of the level directly below it.
    """

    prefix: str
    is_level: bool = False


@runtime_checkable
class Bucket(Protocol):
    """
    A place that holds objects under keys.

    Keys are relative to ``uri``: of ``s3://bucket/raw``, key ``a.jpg`` is the object ``raw/a.jpg``. All
    methods raise errors of ``include.object_storage.errors`` and of no client library. Methods may be called from
    several threads.
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
        Yield the objects whose key begins with ``prefix``, in non-empty batches, in byte order of their keys.

        Some of Azure's accounts have an order of their own: folder by folder.

        :param modified_from: leave out what was last modified before; inclusive, with a time zone.
        :param modified_until: leave out what was last modified at or after; exclusive, with a time zone.
        """

    def shards(self, prefix: str = "") -> tuple[Shard, ...]:
        """Return parts of the listing of ``prefix`` that can be listed at the same time; together they are all."""

    def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
        """Yield a shard's objects in byte order of their keys, those after the key ``start_after`` only."""

    def read(self, key: str) -> bytes:
        """Return an object's content."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return ``length`` bytes from byte ``start``, or as many as there are; empty when it begins at the end."""

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        """Store an object, whole or not at all, replacing what was there; a file is read to its end."""

    def create(self, key: str, data: bytes) -> bool:
        """
        Store an object unless the key has one, and tell whether it did; of several who try at once, one succeeds.

        An answer that was lost on the way may have said yes: who is told no may find that the content is its own. In a
        folder, who reads at the same moment may find less than the content. S3 needs ``If-None-Match``, which Amazon
        has had since 2024; a server that passes over it lets all succeed.
        """

    def exists(self, key: str) -> bool:
        """Tell whether there is an object of exactly this key."""

    @property
    def url_prefix(self) -> str:
        """What every URL begins with: ``url(key) == url_prefix + url_path(key)``."""

    def url(self, key: str) -> str:
        """
        Return the URL by which Encord is told of the object.

        The key is percent-encoded as UTF-8, slashes kept: equal keys give equal URLs, different keys
        different ones. A key with a ``.`` or ``..`` segment is refused, since clients resolve those away.
        """
