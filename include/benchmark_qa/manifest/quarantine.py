"""What is left out of a manifest, object by object, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import BinaryIO

import orjson

from include.benchmark_qa.manifest.model import Problem

QUARANTINE_NAME = "quarantine.jsonl"
_FIRST = 40


class Reason(StrEnum):
    """What kind of thing is wrong; counts in the index go by it."""

    NO_RULE = "no rule"
    UNSUPPORTED = "unsupported extension"
    HIDDEN = "hidden file"
    MARKER = "directory marker"
    EMPTY = "empty object"
    REPEATED = "listed twice"
    COMPANION = "describes no unit"
    KEY = "bad key"
    URL = "bad URL"
    TITLE = "bad title"
    CAPTURE = "missing capture"
    GROUP = "bad group"
    METADATA = "bad metadata"
    SIZE = "too big"

    @property
    def is_fault(self) -> bool:
        """Whether somebody should do something about it; listings are full of directory markers and hidden files."""
        return self not in {Reason.HIDDEN, Reason.MARKER}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an object or a unit: the kind of thing, the field, and one sentence that says what to do."""

    kind: Reason
    field: str
    reason: str


@dataclass(slots=True)
class Quarantine:
    """
    Writes one line of JSON for each object that is left out.

    :param file: where the objects are, the bucket's URI
    :param lines: an open binary file; left open
    """

    file: str
    lines: BinaryIO
    reasons: Counter[Reason] = field(default_factory=Counter)
    first: list[Problem] = field(default_factory=list)

    @property
    def objects(self) -> int:
        """How many objects are left out."""
        return self.reasons.total()

    @property
    def faults(self) -> int:
        """How many of them somebody should do something about."""
        return sum(count for reason, count in self.reasons.items() if reason.is_fault)

    def add(self, key: str, faults: Sequence[Fault]) -> None:
        """Leave one object out, for one or more faults; it counts under the first."""
        problem = Problem(
            file=self.file,
            key=key,
            field=", ".join(dict.fromkeys(fault.field for fault in faults)),
            reason="; ".join(dict.fromkeys(fault.reason for fault in faults)),
        )
        self.reasons[faults[0].kind] += 1
        if faults[0].kind.is_fault and len(self.first) < _FIRST:
            self.first.append(problem)
        self.lines.write(orjson.dumps(asdict(problem), default=str, option=orjson.OPT_APPEND_NEWLINE))

    def add_all(self, keys: Iterable[str], faults: Sequence[Fault]) -> None:
        """Leave out the objects of a unit."""
        for key in keys:
            self.add(key, faults)


def describe(problems: Iterable[Problem], count: int) -> str:
    """Return the problems line by line, under their number."""
    shown = [f"{problem.key!r}: {problem.field}: {problem.reason}" for problem in problems]
    more = [f"... and {count - len(shown)} more"] if count > len(shown) else []
    return "\n".join([f"{count} object(s) cannot be registered:", *shown, *more])
