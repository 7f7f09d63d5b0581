from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from include.benchmark_qa import paths

if TYPE_CHECKING:
    from include.benchmark_qa.ledger.actions import ActionRecord
    from include.benchmark_qa.ledger.model import Ledger
    from include.benchmark_qa.ledger.outcomes import ActionResult
    from include.object_storage.protocol import Bucket


class ActionLog:
    """
    The append-only record of what is done in one project: files of JSON lines, none of which is ever changed.

    What is written is noted in the ledger at once.

    :param by: id of the run that acts
    """

    def __init__(self, workspace: Bucket, project_hash: str, ledger: Ledger, by: str) -> None:
        self._workspace = workspace
        self._folder = paths.actions(project_hash)
        self._ledger = ledger
        self._by = by

    def take_in(self) -> None:
        """Take into the ledger what a killed pass wrote, or another Dag."""
        from include.benchmark_qa.ledger.outcomes import take_lines

        known = set(self._ledger.action_files)
        for name in self._names():
            if name not in known:
                take_lines(self._ledger, name, self._workspace.read(self._folder + name))

    def record(self, records: Sequence[ActionRecord]) -> None:
        """Write what is about to be done. What a killed pass wrote and did not do needs no second record."""
        from include.benchmark_qa.ledger.actions import dump_records
        from include.benchmark_qa.ledger.outcomes import is_recorded

        if new := [replace(one, by=self._by) for one in records if not is_recorded(self._ledger, one)]:
            self._append(dump_records(new))

    def note(self, results: Sequence[ActionResult]) -> None:
        """Write what came of it."""
        from datetime import UTC, datetime

        from include.benchmark_qa.ledger.outcomes import dump_results

        if results:
            self._append(dump_results(results, datetime.now(UTC)))

    def find(self, keys: Collection[str]) -> list[ActionRecord]:
        """Return the last record of each key, where there is one."""
        from include.benchmark_qa.ledger.actions import load_records

        found: dict[str, ActionRecord] = {}
        for name in reversed(self._names()) if keys else ():
            lines = load_records(self._workspace.read(self._folder + name))
            found = {one.key: one for one in lines if one.key in keys} | found
            if len(found) == len(set(keys)):
                break
        return list(found.values())

    def _append(self, content: bytes) -> None:
        from datetime import UTC, datetime

        from include.benchmark_qa.ledger.actions import records_name
        from include.benchmark_qa.ledger.outcomes import take_lines

        name = records_name(content, datetime.now(UTC))
        self._workspace.write(self._folder + name, content)
        take_lines(self._ledger, name, content)

    def _names(self) -> list[str]:
        from include.object_storage import BucketNotFoundError

        try:
            keys = [key for batch in self._workspace.list(self._folder) for key in batch.keys]
        except BucketNotFoundError:  # a folder appears with the first write
            return []
        return sorted(key.removeprefix(self._folder) for key in keys)
