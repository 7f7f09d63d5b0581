"""What a listing is: columns of objects, and a summary small enough for XCom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class DataKind(StrEnum):
    """The two halves of a campaign's data: units with a known answer, and the real work."""

    BENCHMARK = "benchmark"
    PRODUCTION = "production"


class ObjectColumns(Protocol):
    """
    A batch of objects, column by column: row ``i`` of each column describes one object.

    Object storage hands out such batches; the domain only needs their shape and so knows no cloud.
    """

    @property
    def keys(self) -> Sequence[str]:
        """Keys below the bucket's URI, raw (not percent-encoded)."""

    @property
    def sizes(self) -> Sequence[int]:
        """Sizes in bytes."""

    @property
    def modified(self) -> Sequence[datetime]:
        """Times of last modification, with a time zone."""

    @property
    def etags(self) -> Sequence[str]:
        """Opaque version marks, without quotes; an object whose mark stays the same did not change."""


@dataclass(frozen=True, slots=True)
class ListingBatch:
    """Some rows of a stored listing; satisfies ``ObjectColumns`` and says to which half each row belongs."""

    keys: tuple[str, ...]
    sizes: tuple[int, ...]
    modified: tuple[datetime, ...]
    etags: tuple[str, ...]
    kinds: tuple[DataKind, ...]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(slots=True)
class ListingSummary:
    """How many objects of each kind a listing holds, and how many bytes they have."""

    objects: dict[DataKind, int] = field(default_factory=lambda: dict.fromkeys(DataKind, 0))
    bytes: dict[DataKind, int] = field(default_factory=lambda: dict.fromkeys(DataKind, 0))

    def add(self, kind: DataKind, sizes: Sequence[int]) -> None:
        """Count objects of these sizes in bytes."""
        self.objects[kind] += len(sizes)
        self.bytes[kind] += sum(sizes)

    def to_dict(self) -> dict[str, dict[str, int]]:
        """Return ``{kind: {"objects": n, "bytes": n}}``, plain enough for JSON and XCom."""
        return {kind.value: {"objects": self.objects[kind], "bytes": self.bytes[kind]} for kind in DataKind}
