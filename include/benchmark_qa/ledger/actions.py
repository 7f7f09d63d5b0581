"""
Records of what is done about tasks and annotators, and why; by them nothing is done twice.

A record is written before its action, and a line with the outcome after it. What is killed in between is finished by
the next pass, which knows by the task's state that it was not done; a task that came back unchanged has another state,
and is left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from include.benchmark_qa.hints import MOST_HINTS
from include.benchmark_qa.ledger.model import LedgerEntry
from include.benchmark_qa.ledger.moments import stamp
from include.benchmark_qa.policy import AnnotatorAction, TaskAction

# The state of what has none in Encord that would tell whether it was done: it is looked for, or done again.
OPEN = "open"
# How keys of actions that are not on tasks begin.
ISSUE, PERSON = "issue:", "person:"


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """
    One action: ``who`` and ``what``, ``why``, the scores that caused it with their versions, and when.

    ``key`` tells one (submissions, verdict) from another; ``state`` is the task's at that moment. ``target`` is the
    stage of a ``move``, the pathway of a ``proceed``, the notifier of a ``notify``; ``by`` is the run that did it.
    """

    key: str
    at: str
    action: str
    target: str
    who: tuple[str, ...]
    task_uuid: str
    data_hash: str
    data_title: str
    state: str
    reason: str
    scores: tuple[dict[str, Any], ...] = ()
    hints: tuple[tuple[str, tuple[str, ...]], ...] = ()
    by: str = ""

    @property
    def name(self) -> str:
        """What a person knows it by: the file, or the annotator."""
        return self.data_title or ", ".join(self.who)

    @property
    def what(self) -> str:
        """The action with its target, in words."""
        return f"{self.action} {self.target}".strip()


def task_record(action: TaskAction, entries: Sequence[LedgerEntry], state: str, at: datetime) -> ActionRecord:
    """
    Return the record of an action on a task.

    :param entries: the scores of all its submissions
    :param state: what changes whenever the task moves, such as its uuid with its last update
    """
    ordered = sorted(entries, key=lambda entry: (entry.annotator_email, entry.label_branch_name))
    versions = [[entry.annotator_email, entry.submission_version] for entry in ordered]
    return ActionRecord(
        key=_digest(["task", ordered[0].data_hash, versions, action.verdict]),
        at=stamp(at),
        action=action.action,
        target=action.target,
        who=tuple(entry.annotator_email for entry in ordered),
        task_uuid=action.task_uuid,
        data_hash=ordered[0].data_hash,
        data_title=action.data_title,
        state=state,
        reason=action.reason,
        scores=tuple(map(_score, ordered)),
        hints=action.hints,
    )


def issue_records(action: TaskAction, entries: Sequence[LedgerEntry], at: datetime) -> list[ActionRecord]:
    """Return a record for each failed submission of a task whose hints are to be an issue on its data unit."""
    hints = dict(action.hints) if action.issue else {}
    return [
        ActionRecord(
            key=ISSUE + _digest([entry.data_hash, entry.annotator_email, entry.submission_version, action.verdict]),
            at=stamp(at),
            action="issue",
            target="",
            who=(entry.annotator_email,),
            task_uuid=action.task_uuid,
            data_hash=entry.data_hash,
            data_title=action.data_title,
            state=OPEN,
            reason=action.reason,
            scores=(_score(entry),),
            hints=((entry.annotator_email, tuple(hints[entry.annotator_email][:MOST_HINTS])),),
        )
        for entry in entries
        if entry.passed is False and entry.annotator_email in hints
    ]


def annotator_record(
    action: AnnotatorAction, what: str, target: str, entries: Iterable[LedgerEntry], at: datetime
) -> ActionRecord:
    """
    Return the record of an action about an annotator.

    :param what: ``notify``, or the policy's action
    :param target: who is told: a notifier's import path
    """
    own = [entry for entry in entries if entry.annotator_email == action.annotator_email and entry.score is not None]
    return ActionRecord(
        key=person_key(action.annotator_email, what, target),
        at=stamp(at),
        action=what,
        target=target,
        who=(action.annotator_email,),
        task_uuid="",
        data_hash="",
        data_title="",
        state=OPEN,
        reason=action.reason,
        scores=tuple(_score(entry) for entry in sorted(own, key=lambda entry: entry.key)),
    )


def person_key(email: str, what: str, target: str) -> str:
    """Return the key of an action about an annotator: once for each decision on them."""
    return PERSON + _digest([email, what, target])


def dump_records(records: Sequence[ActionRecord]) -> bytes:
    """Return records as JSON, one a line; the same records give the same bytes."""
    return dump_lines(map(asdict, records))


def dump_lines(content: Iterable[Mapping[str, Any]]) -> bytes:
    """Return JSON objects, one a line."""
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in content)


def load_records(content: bytes) -> list[ActionRecord]:
    """Read what :func:`dump_records` wrote; other lines, and damaged ones, are passed over."""
    records = []
    for line in read_lines(content):
        if "outcome" not in line:
            with contextlib.suppress(KeyError, TypeError, ValueError):
                records.append(_record(line))
    return records


def read_lines(content: bytes) -> list[dict[str, Any]]:
    """Return the lines of a file of records or outcomes; damaged ones are passed over."""
    found = []
    for line in content.splitlines():
        try:
            one = orjson.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict) and isinstance(one.get("key"), str):
            found.append(one)
    return found


def records_name(content: bytes, at: datetime) -> str:
    """Return a file name for lines written at a moment; names sort by time, and no two writers share one."""
    return f"{at:%Y%m%dT%H%M%S.%f}-{hashlib.sha256(content).hexdigest()[:12]}.jsonl"


def _record(line: Mapping[str, Any]) -> ActionRecord:
    fields = {name: line[name] for name in ActionRecord.__slots__ if name in line}
    hints = tuple((who, tuple(said)) for who, said in line["hints"])
    return ActionRecord(**fields | {"who": tuple(line["who"]), "hints": hints})


def _score(entry: LedgerEntry) -> dict[str, Any]:
    facts: Mapping[str, Any] = asdict(entry)
    names = ("annotator_email", "label_branch_name", "data_hash", "score", "passed", "not_computed")
    versions = ("submission_version", "ground_truth_version", "settings_version")
    return {name: facts[name] for name in (*names, *versions)}


def _digest(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content)).hexdigest()[:24]
