"""What was done about tasks and annotators, and why, for people who read no files of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

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


def read_actions(files: Iterable[bytes], dry_runs: Iterable[bytes] = (), *, most: int = 100) -> Actions:
    """
    Return what the records say, each action with the last outcome of its key.

    :param files: the files of records and outcomes, in the order in which they were written
    :param dry_runs: what the last dry runs would have done
    """
    records: dict[str, ActionRecord] = {}
    outcomes: dict[str, tuple[str, str, str]] = {}
    for content in files:
        for record in load_records(content):
            records[record.key] = record
            outcomes[record.key] = ("begun", "", record.at)
        for line in read_lines(content):
            if line["key"] in records and "outcome" in line:
                outcomes[line["key"]] = (str(line["outcome"]), str(line.get("why", "")), str(line["at"]))
    lines = [_line(record, *outcomes[key]) for key, record in records.items()]
    lines.sort(key=lambda one: (one.at, one.what, one.name), reverse=True)
    counts = Counter(f"{one.what}: {one.outcome}" for one in lines)
    planned = [_line(one, "would do", "", one.at) for content in dry_runs for one in load_records(content)]
    return Actions(tuple(lines[:most]), tuple(sorted(counts.items())), tuple(planned[:most]))


def _line(record: ActionRecord, outcome: str, note: str, at: str) -> ActionLine:
    when = at[:19].replace("T", " ")
    return ActionLine(when, record.what, record.name, record.who, record.reason, outcome, note)
