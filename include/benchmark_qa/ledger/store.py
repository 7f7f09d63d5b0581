"""Where the ledger lies in the campaign's workspace."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from include.benchmark_qa import paths
from include.benchmark_qa.ledger.archive import MOST_FILES, latest_of_units, take_out, to_merge
from include.benchmark_qa.ledger.cursor import digest
from include.benchmark_qa.ledger.model import Ledger, LedgerEntry, dump_entries, dump_ledger, load_entries, load_ledger
from include.benchmark_qa.ledger.planning import merge
from include.benchmark_qa.workspace import Workspace


class LedgerStore:
    """The ledger of one project; written only where it changed."""

    def __init__(self, workspace: Workspace, project_hash: str) -> None:
        self._workspace = workspace
        self._project_hash = project_hash
        self._key = paths.ledger(project_hash)
        self._stored: bytes | None = None

    def read(self) -> Ledger:
        """Return the ledger; an empty one where there is none, or none that can be read."""
        self._stored = self._content()
        return load_ledger(self._stored)

    def digest(self) -> str:
        """Return a digest of the ledger, as it was read here or as it is; the same until another one is stored."""
        return digest(self._content() if self._stored is None else self._stored)

    def write(self, ledger: Ledger) -> None:
        """Store the ledger, whole."""
        content = dump_ledger(ledger)
        before = dump_ledger(Ledger()) if self._stored == b"" else self._stored
        if content != before:
            self._workspace.write(self._key, content)
            self._stored = content

    def take_in(self, ledger: Ledger, batches: Iterable[str]) -> list[LedgerEntry]:
        """Take the results of batches, by name, into a ledger; return them. Those that are not there stay expected."""
        taken: list[LedgerEntry] = []
        for name in sorted(set(batches)):
            if self._workspace.exists(key := paths.ledger_part(name)):
                entries = load_entries(self._workspace.read(key))
                merge(ledger, entries)
                taken += entries
                ledger.outstanding = [one for one in ledger.outstanding if one != name]
        return taken

    def write_batch(self, name: str, entries: Iterable[LedgerEntry]) -> str:
        """Store the results of one batch for the ledger to take in; return the key."""
        key = paths.ledger_part(name)
        self._workspace.write(key, dump_entries(entries))
        return key

    def put_away(self, ledger: Ledger, data_hashes: Collection[str]) -> None:
        """Move the entries of units into the archive; it holds once the ledger is written."""
        if entries := take_out(ledger, data_hashes):
            ledger.archived.append(self._write_archive(entries))
        if len(ledger.archived) > MOST_FILES:
            start = to_merge([size for _, size in ledger.archived])
            merged = latest_of_units(map(self._read_archive, ledger.archived[start:]))
            ledger.archived[start:] = [self._write_archive(merged)]

    def archived(self, ledger: Ledger) -> list[LedgerEntry]:
        """Return all entries that were put away, but those of units that came back."""
        here = {data_hash for data_hash, _ in ledger.entries}
        return [one for one in latest_of_units(map(self._read_archive, ledger.archived)) if one.data_hash not in here]

    def bring_back(self, ledger: Ledger) -> None:
        """Take everything out of the archive, as when ground truth or settings changed."""
        ledger.entries |= {entry.key: entry for entry in self.archived(ledger)}
        ledger.archived = []

    def _content(self) -> bytes:
        return self._workspace.read(self._key) if self._workspace.exists(self._key) else b""

    def _write_archive(self, entries: Sequence[LedgerEntry]) -> tuple[str, int]:
        content = dump_entries(entries)
        name = digest(content)
        self._workspace.write(paths.ledger_archive(self._project_hash, name), content)
        return name, len(entries)

    def _read_archive(self, file: tuple[str, int]) -> list[LedgerEntry]:
        key = paths.ledger_archive(self._project_hash, file[0])
        return load_entries(self._workspace.read(key)) if self._workspace.exists(key) else []
