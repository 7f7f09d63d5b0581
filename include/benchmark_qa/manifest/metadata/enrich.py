"""Units get the metadata that must be looked up: sidecars, tables, and what the objects themselves say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from include.benchmark_qa.manifest.metadata.settings import MetadataSettings
from include.benchmark_qa.manifest.model import Problem, Unit


class ObjectReader(Protocol):
    """The bucket, as far as metadata needs it; may be asked from several threads."""

    def read(self, key: str) -> bytes:
        """Return an object's content."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return ``length`` bytes from byte ``start``, or as many as there are."""

    def exists(self, key: str) -> bool:
        """Tell whether there is an object of exactly this key."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A unit as its rule's templates made it, the sizes of its objects in bytes, and what is to be looked up."""

    unit: Unit
    sizes: tuple[int, ...]
    settings: MetadataSettings


class Enricher:
    """
    Looks up the metadata of units, many at a time.

    :param reader: the bucket
    :param uri: of the bucket, for problems
    :param workers: how many objects are read at once
    """

    def __init__(self, reader: ObjectReader, uri: str, *, workers: int = 16) -> None:
        self._reader = reader
        self._uri = uri
        self._workers = workers

    def enrich(self, drafts: Sequence[Draft]) -> list[Unit | tuple[Problem, ...]]:
        """Return for each draft, in order, its unit with metadata, or why it cannot have any."""
        raise NotImplementedError
