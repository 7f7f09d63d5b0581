"""What a listing is: columns of objects, the places that they come from, and a summary small enough for XCom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class ListingError(ValueError):
    """A folder holds no complete listing, or a bucket listed what it may not; the message names folder or key."""


class DataKind(StrEnum):
    """The two halves of a campaign's data: units with a known answer, and the real work."""

    BENCHMARK = "benchmark"
    PRODUCTION = "production"


class ObjectColumns(Protocol):
    """A batch of objects as Arrow: key (raw, below the bucket's URI), size in bytes, modified in UTC, etag."""

    @property
    def arrow(self) -> pa.RecordBatch:
        """The columns."""


class PlannedShard(Protocol):
    """A part of a bucket: keys that begin with ``prefix``; ``is_level``: those without a further slash only."""

    @property
    def prefix(self) -> str: ...

    @property
    def is_level(self) -> bool: ...


class ListingSource(Protocol):
    """The bucket, as far as a listing needs it; may be asked from several threads."""

    @property
    def uri(self) -> str:
        """The address as a person would write it; holds no secret."""

    def shards(self, prefix: str) -> Sequence[PlannedShard]:
        """Return parts of the bucket that share no key and together are all keys that begin with ``prefix``."""

    # Any: a shard is read back from a stored plan, so it is none of the source's own class.
    def list_shard(self, shard: Any, *, start_after: str) -> Iterator[ObjectColumns]:
        """Yield the objects of a ``PlannedShard`` after a key, in one of the orders of ``KeyOrder``."""


@dataclass(frozen=True)
class ListingBatch:
    """
    Some rows of a stored listing, column by column; row ``i`` of each column is one object.

    ``arrow`` has the columns key, size (bytes), modified (UTC), etag and kind; the other attributes are the same as
    Python tuples, made when first asked for.
    """

    arrow: pa.RecordBatch

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

    @cached_property
    def kinds(self) -> tuple[DataKind, ...]:
        return tuple(DataKind(kind) for kind in self._values("kind"))

    def _values(self, column: str) -> tuple[Any, ...]:
        return tuple(self.arrow.column(column).to_pylist())

    def __len__(self) -> int:
        return self.arrow.num_rows


@dataclass(frozen=True, slots=True)
class Tally:
    """How many objects are listed, how many bytes they have, and how many objects the filters left out."""

    objects: int = 0
    bytes: int = 0
    filtered: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.objects + other.objects, self.bytes + other.bytes, self.filtered + other.filtered)

    def to_dict(self) -> dict[str, int]:
        """Return ``{"objects": n, "bytes": n, "filtered": n}``."""
        return {"objects": self.objects, "bytes": self.bytes, "filtered": self.filtered}


@dataclass(frozen=True, slots=True)
class ListingSummary:
    """What a listing holds of each kind."""

    tallies: Mapping[DataKind, Tally] = field(hash=False)

    def to_dict(self) -> dict[str, dict[str, int]]:
        """Return ``{kind: {"objects": n, "bytes": n, "filtered": n}}``, plain enough for JSON and XCom."""
        return {kind.value: tally.to_dict() for kind, tally in self.tallies.items()}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a listing is: objects listed so far, and shards of the bucket that are done."""

    objects: int
    shards_done: int
    shards: int

    def __str__(self) -> str:
        return f"{self.objects:,} objects, {self.shards_done} of {self.shards} parts"
