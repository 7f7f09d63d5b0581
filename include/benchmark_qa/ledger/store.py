"""Where the ledger lies in the campaign's workspace."""

from __future__ import annotations

from collections.abc import Iterable

from include.benchmark_qa import paths
from include.benchmark_qa.ledger.cursor import digest
from include.benchmark_qa.ledger.model import Ledger, LedgerEntry, dump_entries, dump_ledger, load_entries, load_ledger
from include.benchmark_qa.ledger.planning import merge
from include.benchmark_qa.workspace import Workspace


class LedgerStore:
    """The ledger of one project; written only where it changed."""

    def __init__(self, workspace: Workspace, project_hash: str) -> None:
        self._workspace = workspace
        self._key = paths.ledger(project_hash)
        self._stored = b""

    def read(self) -> Ledger:
        """Return the ledger; an empty one where there is none, or none that can be read."""
        ledger = load_ledger(self._workspace.read(self._key) if self._workspace.exists(self._key) else b"")
        self._stored = dump_ledger(ledger)
        return ledger

    def digest(self) -> str:
        """Return a digest of the stored ledger, the same until somebody stores another one."""
        return digest(self._workspace.read(self._key) if self._workspace.exists(self._key) else b"")

    def write(self, ledger: Ledger) -> None:
        """Store the ledger, whole."""
        content = dump_ledger(ledger)
        if content != self._stored:
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
