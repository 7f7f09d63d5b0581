"""What was done about tasks and annotators, and why, for people who read no files of records."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, replace

import orjson

from include.benchmark_qa.ledger.actions import ActionRecord, load_records, read_lines


@dataclass(frozen=True, slots=True)
class ActionLine:
    """
    One action: when, what, of which file or annotator, because of whom and why, and what came of it.

    ``outcome`` is ``done``, ``refused``, ``failed``, ``withdrawn``, ``would do`` for a dry run, or ``begun`` for what
    has no outcome yet; ``note`` says why it was not done.
    """

    at: str
    what: str
    name: str
    who: tuple[str, ...]
    reason: str
    outcome: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Actions:
    """The last actions, latest first; ``counts`` of all, by action and outcome; ``planned`` by a dry run."""

    last: tuple[ActionLine, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    planned: tuple[ActionLine, ...] = ()


@dataclass(slots=True)
class ActionHistory:
    """
    Each action once, by the key of its record, with its last outcome.

    ``files`` are the names of the files that are in it.
    """

    files: set[str] = field(default_factory=set)
    lines: dict[str, ActionLine] = field(default_factory=dict)

    def take(self, name: str, content: bytes) -> None:
        """Take in a file of records and outcomes; files come in the order in which they were written."""
        self.files.add(name)
        for record in load_records(content):
            self.lines[record.key] = _line(record, "begun")
        for line in read_lines(content):
            if line["key"] in self.lines and "outcome" in line:
                outcome, note, at = (str(line.get(one, "")) for one in ("outcome", "why", "at"))
                known = self.lines[line["key"]]
                self.lines[line["key"]] = replace(known, at=_moment(at), outcome=outcome, note=note)


def dump_history(history: ActionHistory) -> bytes:
    """Return a history as bytes."""
    lines = {key: astuple(line) for key, line in history.lines.items()}
    return gzip.compress(orjson.dumps({"files": sorted(history.files), "lines": lines}), compresslevel=1, mtime=0)


def load_history(content: bytes) -> ActionHistory:
    """Read what :func:`dump_history` wrote; an empty history when it is damaged."""
    try:
        found = orjson.loads(gzip.decompress(content))
        lines = {key: _loaded(*line) for key, line in found["lines"].items()}
        return ActionHistory(set(found["files"]), lines)
    except (ValueError, KeyError, TypeError, OSError, EOFError):
        return ActionHistory()


def read_actions(history: ActionHistory, dry_runs: Iterable[bytes] = (), *, most: int = 100) -> Actions:
    """
    Return what the page shows.

    :param dry_runs: what the last dry runs would have done
    """
    lines = sorted(history.lines.values(), key=lambda one: (one.at, one.what, one.name), reverse=True)
    counts = Counter(f"{one.what}: {one.outcome}" for one in lines)
    planned = [_line(one, "would do") for content in dry_runs for one in load_records(content)]
    return Actions(tuple(lines[:most]), tuple(sorted(counts.items())), tuple(planned[:most]))


def _line(record: ActionRecord, outcome: str) -> ActionLine:
    return ActionLine(_moment(record.at), record.what, record.name, record.who, record.reason, outcome)


def _loaded(at: str, what: str, name: str, who: Iterable[str], reason: str, outcome: str, note: str) -> ActionLine:
    return ActionLine(at, what, name, tuple(who), reason, outcome, note)


def _moment(at: str) -> str:
    return at[:19].replace("T", " ")
