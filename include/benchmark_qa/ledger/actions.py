"""
Records of what was done about tasks and annotators, and why; by them nothing is done twice.

A record is written before its action. What is killed in between is acted on by the next pass, which knows by the
task's state that it was not; a task that came back unchanged has another state, and is left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from include.benchmark_qa.ledger.model import Ledger, LedgerEntry
from include.benchmark_qa.ledger.moments import stamp
from include.benchmark_qa.policy import AnnotatorAction, TaskAction

# Acted on by whoever reads the records: Encord's stages have no such action.
PLANNED_ONLY = "planned"
ACTED = "acted"
# The state of a task that was acted on for certain.
DONE = "done"


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """
    One action: ``who`` and ``what``, ``why``, the scores that caused it with their versions, and when.

    ``key`` tells one (submissions, verdict) from another; ``state`` is the task's at that moment. ``mode`` is ``acted``
    for what is asked of Encord at once, else ``planned``.
    """

    key: str
    at: str
    mode: str
    action: str
    target: str
    who: tuple[str, ...]
    task_uuid: str
    data_hash: str
    data_title: str
    state: str
    reason: str
    scores: tuple[dict[str, Any], ...]
    hints: tuple[tuple[str, tuple[str, ...]], ...] = ()
    issue: bool = False


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
        mode=ACTED,
        action=action.action,
        target=action.target,
        who=tuple(entry.annotator_email for entry in ordered),
        task_uuid=action.task_uuid,
        data_hash=ordered[0].data_hash,
        data_title=action.data_title,
        state=state,
        reason=action.reason,
        scores=tuple(_score(entry) for entry in ordered),
        hints=action.hints,
        issue=action.issue,
    )


def annotator_record(action: AnnotatorAction, entries: Iterable[LedgerEntry], at: datetime) -> ActionRecord:
    """Return the record of an action about an annotator: once for each annotator and action."""
    own = [entry for entry in entries if entry.annotator_email == action.annotator_email and entry.score is not None]
    return ActionRecord(
        key=_digest(["annotator", action.annotator_email, action.action]),
        at=stamp(at),
        mode=PLANNED_ONLY,
        action=action.action,
        target="",
        who=(action.annotator_email,),
        task_uuid="",
        data_hash="",
        data_title="",
        state=PLANNED_ONLY,
        reason=action.reason,
        scores=tuple(_score(entry) for entry in sorted(own, key=lambda entry: entry.key)),
    )


def is_done(ledger: Ledger, record: ActionRecord) -> bool:
    """Say whether this was done: known to be, or recorded, and the task is no longer as it was at that moment."""
    before = ledger.acted.get(record.key)
    return before in (DONE, PLANNED_ONLY) or (before is not None and before != record.state)


def note_done(ledger: Ledger, records: Iterable[ActionRecord]) -> None:
    """Note that Encord did what the records say."""
    ledger.acted |= {record.key: DONE for record in records if record.mode == ACTED}


def dump_records(records: Sequence[ActionRecord]) -> bytes:
    """Return records as JSON, one a line; the same records give the same bytes."""
    return b"".join(orjson.dumps(asdict(one), option=orjson.OPT_APPEND_NEWLINE) for one in records)


def records_name(content: bytes, at: datetime) -> str:
    """Return a file name for records that sorts by time, and that a repeat finds again."""
    return f"{at:%Y%m%dT%H%M%S}-{hashlib.sha256(content).hexdigest()[:12]}.jsonl"


def note_records(ledger: Ledger, name: str, content: bytes) -> None:
    """Note in the ledger what a file of records says was acted on; damaged lines are passed over."""
    for line in content.splitlines():
        try:
            record = orjson.loads(line)
            ledger.acted[str(record["key"])] = str(record["state"])
        except (ValueError, KeyError, TypeError):
            continue
    ledger.action_files.append(name)


def _score(entry: LedgerEntry) -> dict[str, Any]:
    facts: Mapping[str, Any] = asdict(entry)
    names = ("annotator_email", "label_branch_name", "data_hash", "score", "passed", "not_computed")
    versions = ("submission_version", "ground_truth_version", "settings_version")
    return {name: facts[name] for name in (*names, *versions)}


def _digest(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content)).hexdigest()[:24]
