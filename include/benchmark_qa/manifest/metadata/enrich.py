"""Units get the metadata that must be looked up: sidecars, tables, and what the objects themselves say."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from include.benchmark_qa.manifest.metadata.client_metadata import Source, combine
from include.benchmark_qa.manifest.metadata.media import MEDIA_FIELDS, read_media
from include.benchmark_qa.manifest.metadata.reader import ObjectReader, UnreadableError
from include.benchmark_qa.manifest.metadata.settings import MetadataSettings, TableSettings
from include.benchmark_qa.manifest.metadata.sidecars import read_sidecar
from include.benchmark_qa.manifest.metadata.tables import MetadataTable, UnusedRows, load_table
from include.benchmark_qa.manifest.model import Problem, Unit, UnitType

__all__ = ["Draft", "Enricher", "ObjectReader", "UnusedRows"]

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Draft:
    """A unit as its rule's templates made it, the sizes of its objects in bytes, and what is to be looked up."""

    unit: Unit
    sizes: tuple[int, ...]
    settings: MetadataSettings

    @property
    def source_key(self) -> str:
        """What tables and sidecars know the unit by."""
        return str(self.unit.client_metadata["source_key"])


@dataclass(frozen=True, slots=True)
class _Object:
    type: UnitType
    key: str
    size: int


class Enricher:
    """
    Looks up the metadata of units, many at a time.

    Files that cannot be read become problems; errors of the bucket itself (network, permission) are raised.

    :param reader: the bucket
    :param uri: of the bucket, for problems
    :param workers: how many objects are read at once
    """

    def __init__(self, reader: ObjectReader, uri: str, *, workers: int = 16) -> None:
        self._reader = reader
        self._uri = uri
        self._workers = workers
        self._tables: dict[TableSettings, MetadataTable] = {}

    def enrich(self, drafts: Sequence[Draft]) -> list[Unit | tuple[Problem, ...]]:
        """
        Return for each draft, in order, its unit with metadata, or why it cannot have any.

        :raises ManifestError: a table cannot be read at all
        """
        sources = self._table_sources(drafts)
        objects = [_objects(draft) for draft in drafts]
        with ThreadPoolExecutor(self._workers) as pool:
            sidecars = self._parallel(pool, self._sidecar, [draft for draft in drafts if draft.settings.sidecar])
            for draft, of_draft in zip(drafts, sources, strict=True):
                of_draft += [next(sidecars)] if draft.settings.sidecar else []
            media = self._parallel(pool, self._media, [one for of_draft in objects for one in of_draft])
            return [
                _with_media(combine(draft.unit, draft.settings.frames, of_draft), list(islice(media, len(files))))
                for draft, of_draft, files in zip(drafts, sources, objects, strict=True)
            ]

    def unused_rows(self) -> tuple[UnusedRows, ...]:
        """Return of each table that has rows for none of the units so far, how many and the first."""
        return tuple(unused for table in self._tables.values() if (unused := table.unused_rows()).count)

    def _table_sources(self, drafts: Sequence[Draft]) -> list[list[Source]]:
        """Return for each draft what its table says of it, if it has one and is in it."""
        keys: dict[TableSettings, list[str]] = {}
        for draft in drafts:
            if draft.settings.table is not None:
                keys.setdefault(draft.settings.table, []).append(draft.source_key)
        rows = {table: self._table(table).look_up(wanted) for table, wanted in keys.items()}
        found = [rows[draft.settings.table].get(draft.source_key) if draft.settings.table else None for draft in drafts]
        return [
            [] if row is None or draft.settings.table is None else [Source(self._file(draft.settings.table.path), row)]
            for draft, row in zip(drafts, found, strict=True)
        ]

    def _table(self, settings: TableSettings) -> MetadataTable:
        if settings not in self._tables:
            self._tables[settings] = load_table(settings, self._reader)
        return self._tables[settings]

    def _sidecar(self, draft: Draft) -> Source:
        key = f"{draft.source_key}{draft.settings.sidecar}"
        try:
            return Source(self._file(key), read_sidecar(self._reader, key))
        except UnreadableError as error:
            return Source(self._file(key), error)

    def _media(self, one: _Object) -> dict[str, Any] | Problem:
        try:
            return read_media(one.type, self._reader, one.key, one.size)
        except UnreadableError as error:
            return Problem(self._uri, one.key, MEDIA_FIELDS[one.type], str(error))

    def _file(self, path: str) -> str:
        return path if path.startswith("/") else f"{self._uri}/{path}"

    def _parallel(
        self, pool: ThreadPoolExecutor, function: Callable[[_Argument], _Result], arguments: Iterable[_Argument]
    ) -> Iterator[_Result]:
        """Yield the results in order, keeping a few calls for each worker ahead."""
        waiting: deque[Future[_Result]] = deque()
        for argument in arguments:
            waiting.append(pool.submit(function, argument))
            if len(waiting) > 4 * self._workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _objects(draft: Draft) -> list[_Object]:
    """Return the objects that must be looked into for a draft."""
    if not draft.settings.media or draft.unit.type not in MEDIA_FIELDS:
        return []
    pairs = zip(draft.unit.source_keys, draft.sizes, strict=True)
    return [_Object(draft.unit.type, key, size) for key, size in pairs]


def _with_media(
    unit: Unit | tuple[Problem, ...], media: Sequence[dict[str, Any] | Problem]
) -> Unit | tuple[Problem, ...]:
    problems = tuple(one for one in media if isinstance(one, Problem))
    if not isinstance(unit, Unit):
        return unit + problems
    if not media:
        return unit
    return problems or replace(unit, media=tuple(one for one in media if not isinstance(one, Problem)))
