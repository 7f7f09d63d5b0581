"""What came of actions: written after them, one line each, and kept in the ledger by the action's key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from include.benchmark_qa.ledger.actions import ActionRecord, dump_lines, read_lines
from include.benchmark_qa.ledger.model import Ledger
from include.benchmark_qa.ledger.moments import stamp


class Outcome(StrEnum):
    """
    What came of an action.

    ``REFUSED`` is not tried again before something changed; ``FAILED`` is tried again by the next pass; ``WITHDRAWN``
    no longer holds, and may come again.
    """

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


_RECORDED = "recorded"
_SETTLED = frozenset({Outcome.DONE, Outcome.REFUSED, Outcome.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What came of one action, and why, where that is not plain."""

    record: ActionRecord
    outcome: Outcome
    why: str = ""


def dump_results(results: Iterable[ActionResult], at: datetime) -> bytes:
    """Return what came of actions as JSON, one a line."""
    return dump_lines(
        {
            "key": one.record.key,
            "at": stamp(at),
            "outcome": one.outcome.value,
            "why": one.why,
            "action": one.record.action,
            "target": one.record.target,
            "state": one.record.state,
        }
        for one in results
    )


def take_lines(ledger: Ledger, name: str, content: bytes) -> None:
    """Note in the ledger what a file of records or outcomes says; damaged lines are passed over."""
    for line in read_lines(content):
        outcome = str(line.get("outcome", _RECORDED))
        what = f"{line.get('action', '')} {line.get('target', '')}".strip()
        status = _RECORDED if outcome == Outcome.FAILED else outcome
        is_final = status in (Outcome.DONE, Outcome.WITHDRAWN)
        ledger.acted[line["key"]] = status if is_final else _mark(status, what, str(line.get("state", "")))
    ledger.action_files.append(name)


def is_done(ledger: Ledger, record: ActionRecord) -> bool:
    """
    Say whether there is nothing to do: it was done, or it was refused and nothing changed since.

    What was recorded, and not noted as done, was done when the task is no longer as it was at that moment.
    """
    status, _, state = _parts(ledger.acted.get(record.key, Outcome.WITHDRAWN))
    if status == Outcome.REFUSED:
        return ledger.acted[record.key] == _mark(Outcome.REFUSED, record.what, record.state)
    return status == Outcome.DONE or (status == _RECORDED and state != record.state)


def is_recorded(ledger: Ledger, record: ActionRecord) -> bool:
    """Say whether exactly this was recorded already, and has no outcome."""
    return ledger.acted.get(record.key) == _mark(_RECORDED, record.what, record.state)


def pending(ledger: Ledger) -> dict[str, str]:
    """Return what was recorded and has no outcome yet, ``{key: state}``."""
    parts = {key: _parts(mark) for key, mark in ledger.acted.items()}
    return {key: state for key, (status, _, state) in parts.items() if status not in _SETTLED}


def is_withdrawn(ledger: Ledger, key: str) -> bool:
    """Say whether an action was never recorded, or no longer holds."""
    return _parts(ledger.acted.get(key, Outcome.WITHDRAWN))[0] == Outcome.WITHDRAWN


def _mark(status: str, what: str, state: str) -> str:
    """Return what the ledger keeps of an action."""
    return f"{status}\t{what}\t{state}"


def _parts(mark: str) -> tuple[str, str, str]:
    status, _, rest = mark.partition("\t")
    what, _, state = rest.rpartition("\t")
    return status, what, state
