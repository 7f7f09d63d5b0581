"""The import of one kind's units: look, ask for what is missing, look again, ask once more, and say what came of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from encord_provider.adapters.import_plan import (
    Parts,
    Piece,
    Progress,
    compress,
    count,
    expand,
    merge,
    pack,
    read_progress,
    write_progress,
)
from encord_provider.adapters.patience import patiently

if TYPE_CHECKING:
    from encord_provider.adapters.folder_contents import FolderContents
    from encord_provider.adapters.import_manifest import Manifest
    from encord_provider.adapters.job_ledger import JobLedger
    from encord_provider.adapters.storage import StorageAdapter
    from encord_provider.adapters.transfer import Started, Transfer
    from include.benchmark_qa.manifest.model import Unit

log = logging.getLogger(__name__)
Job: TypeAlias = tuple[str, str]
"""Folder uuid and job uuid."""
ATTEMPTS = 2
"""How often a unit is asked for before it is given up."""
_REFUSALS = frozenset({"InvalidArgumentsError", "PayloadTooLargeError"})
_MOST_REFUSED = 1_000


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a unit: its item if the folder has one, and whether this run had to ask for it."""

    shard: str
    unit: Unit
    item: UUID | None
    was_asked: bool


@dataclass
class KindImport:
    """
    Brings the units of one kind into their folder, in steps of which any may be the last that a process lives to do.

    :param progress_key: where in the workspace the progress is kept
    :param pause: seconds between two tries when Encord is asked too often
    :param timeout: how long to try then, in seconds
    """

    kind: str
    manifest: Manifest
    folder_uuid: str
    progress_key: str
    storage: StorageAdapter
    ledger: JobLedger
    transfer: Transfer
    pause: float
    timeout: float
    _contents: FolderContents | None = field(default=None, repr=False)

    def left_over(self) -> list[Job]:
        """Return the folder's jobs, of whichever run, that Encord has not finished with."""
        return [(self.folder_uuid, job) for job in self.ledger.open_jobs(self.folder_uuid) if not self._close(job)]

    def begin(self) -> None:
        """
        Look at the folder, and plan what to ask for; no job may be left over.

        What an earlier attempt of the same run asked for counts as asked for by the run.
        """
        self.transfer.settle(self.folder_uuid)
        before = read_progress(self.manifest.workspace, self.progress_key)
        progress = Progress(self.manifest.digest)
        missing, nameless = self._look()
        progress.asked = missing
        if before and not before.finished and before.manifest == progress.manifest:
            progress.asked = merge(before.asked, missing)
        self._plan(progress, merge(missing, nameless) if self.transfer.adds_metadata else missing)
        asked, units = count(missing), sum(info.units for info in self.manifest.index.shards)
        log.info("%s: %d of %d units to register, %d are there already", self.kind, asked, units, units - asked)

    def advance(self, slots: int) -> list[Job]:
        """
        Do what can be done now; return the jobs to wait for, none when all is done.

        :param slots: how many jobs may be in flight
        """
        progress = self._progress
        while True:
            self._close_ended(progress)
            self._start_waiting(progress, slots)
            if jobs := [(self.folder_uuid, piece.job) for piece in progress.pieces if piece.job and not piece.closed]:
                return jobs
            if any(not piece.closed for piece in progress.pieces):
                return []  # no slot is free
            if not progress.pieces or progress.attempt >= ATTEMPTS:
                return []
            self._plan_again(progress)

    def fates(self) -> Iterator[Fate]:
        """Yield what became of each unit, shard by shard."""
        asked = self._progress.asked
        for shard in self.manifest.shards:
            units = self.manifest.units(shard)
            was_asked = set(expand(asked.get(shard, [])))
            for place, (unit, (item, _)) in enumerate(zip(units, self._find(units), strict=True)):
                yield Fate(shard, unit, item, place in was_asked)

    def errors(self) -> dict[str, str]:
        """Return what Encord said of URLs, the last sentence of each; under the empty URL what it said in general."""
        sentences: dict[str, str] = {}
        for piece in self._progress.pieces:
            sentences.update((url, sentence) for url, sentence in piece.errors)
            sentences.update(self.ledger.errors(self.folder_uuid, piece.job) if piece.job else ())
        return sentences

    def finish(self) -> None:
        """Write down that the report is written, so that a later attempt begins anew."""
        self._progress.finished = True
        self._save()

    @cached_property
    def _progress(self) -> Progress:
        progress = read_progress(self.manifest.workspace, self.progress_key)
        if progress is None or progress.manifest != self.manifest.digest:
            raise LookupError(f"{self.progress_key}: no import of this manifest is under way; clear the task")
        return progress

    def _save(self) -> None:
        write_progress(self.manifest.workspace, self.progress_key, self._progress)

    def _plan(self, progress: Progress, missing: Parts) -> None:
        everything = [Piece(missing)] if missing else []
        progress.pieces = everything if self.transfer.takes_everything else pack(missing, self.manifest.shards)
        progress.attempt += 1
        self.__dict__["_progress"] = progress
        self._save()

    def _plan_again(self, progress: Progress) -> None:
        self.transfer.settle(self.folder_uuid)
        missing, _ = self._look()
        if missing:
            log.info("%s: asking once more for %d units that did not come", self.kind, count(missing))
            self._plan(progress, missing)
        else:
            progress.attempt = ATTEMPTS

    def _look(self) -> tuple[Parts, Parts]:
        """Return the units that the folder lacks, and those that it holds without our metadata."""
        self._contents = None
        missing: Parts = {}
        nameless: Parts = {}
        for shard in self.manifest.shards:
            found = self._find(self.manifest.units(shard))
            if places := compress(place for place, (item, _) in enumerate(found) if item is None):
                missing[shard] = places
            if places := compress(place for place, (item, is_ours) in enumerate(found) if item and not is_ours):
                nameless[shard] = places
        return missing, nameless

    def _find(self, units: Sequence[Unit]) -> list[tuple[UUID | None, bool]]:
        """Return the item of each unit, and whether it carries our metadata."""
        if self._contents is None:
            self._contents = self.storage.contents(self.folder_uuid)
        items = self._contents.by_source([unit.client_metadata["source_key"] for unit in units])
        found = [(item, item is not None) for item in items]
        lost = [place for place, item in enumerate(items) if item is None and not units[place].type.is_group]
        wanted = [(place, url) for place in lost for url in self.transfer.urls(units[place])]
        for (place, _), item in zip(wanted, self._contents.by_url([url for _, url in wanted]), strict=True):
            if item is not None:
                found[place] = (item, False)
        return found

    def _close_ended(self, progress: Progress) -> None:
        for piece in progress.pieces:
            if piece.job and not piece.closed and self._close(piece.job):
                piece.closed = True
                self._save()

    def _close(self, job: str) -> bool:
        """Write down the end of a job, if it has come."""
        state = self.storage.job_state(self.folder_uuid, job)
        if state.is_terminal:
            self.ledger.close(self.folder_uuid, job, state.errors)
        return state.is_terminal

    def _start_waiting(self, progress: Progress, slots: int) -> None:
        while waiting := next((piece for piece in progress.pieces if not piece.job and not piece.closed), None):
            if sum(bool(piece.job) and not piece.closed for piece in progress.pieces) >= slots:
                return
            self._start(progress, waiting)
            self._save()

    def _start(self, progress: Progress, piece: Piece) -> None:
        units = [] if self.transfer.takes_everything else self._units(piece)
        self._contents = None  # it will be another's
        try:
            started: Started = patiently(
                lambda: self.transfer.start(self.folder_uuid, units),
                pause=self.pause,
                end_time=time.time() + self.timeout,
            )
        except Exception as error:
            if type(error).__name__ not in _REFUSALS:
                raise
            self._split(progress, piece, units, error)
            return
        if started.job:
            self.ledger.remember(self.folder_uuid, started.job)
            piece.job = started.job
            log.info("%s: started job %s of %d units", self.kind, started.job, count(piece.parts))
        else:
            piece.closed, piece.errors = True, [list(pair) for pair in started.errors]

    def _units(self, piece: Piece) -> list[Unit]:
        units: list[Unit] = []
        for shard, ranges in piece.parts.items():
            held = self.manifest.units(shard)
            units += [held[place] for place in expand(ranges)]
        return units

    def _split(self, progress: Progress, piece: Piece, units: Sequence[Unit], error: Exception) -> None:
        """Ask for each half of what was refused, until it is clear which units are to blame."""
        if halves := None if self.transfer.takes_everything else piece.halves():
            place = progress.pieces.index(piece)
            progress.pieces[place : place + 1] = halves
            return
        piece.closed, piece.errors = True, [[units[0].object_urls[0] if units else "", str(error)]]
        if sum(bool(one.errors) for one in progress.pieces) > _MOST_REFUSED:
            raise error
