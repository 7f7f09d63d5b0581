"""
What is known of the submissions of a project: which labels were scored, with what, and what came of it.

The ledger is one file per project, read and written whole, so that it never grows beyond what it describes. It is a
memory and no truth: what it forgets is scored again, to the same result.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

# Raise it when a field is added or changes its meaning; a ledger of another version is as none, and all is scored anew.
LEDGER_VERSION = 2

# Data hash and branch name.
BranchKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """
    One submission as it was last looked at, with its score.

    Moments are text, ISO 8601 in UTC with microseconds, which sorts like time; None where Encord tells none.
    ``edited_at`` and ``truth_edited_at`` are the last edits of the label rows whose labels were looked at,
    ``seen_at`` is the latest edit that a listing told of: a later one than ``edited_at`` is still to be looked at.
    ``settled`` is False when labels may have changed since without another ``edited_at`` to tell by. ``truth_hash``
    is the data hash of the ground truth. ``settings_version`` is empty for a look that found the labels unchanged:
    the score before holds; ``submission_version`` is empty where the branch is no longer there. ``hints`` are of failed
    submissions.
    """

    data_hash: str
    label_branch_name: str
    annotator_email: str
    data_title: str
    task_uuid: str
    label_hash: str | None
    edited_at: str | None
    seen_at: str | None
    settled: bool
    truth_hash: str | None
    truth_edited_at: str | None
    looked_at: str
    submission_version: str
    ground_truth_version: str
    settings_version: str = ""
    score: float | None = None
    passed: bool | None = None
    not_computed: str = ""
    hints: Sequence[str] = ()

    @property
    def key(self) -> BranchKey:
        """Data hash and branch."""
        return self.data_hash, self.label_branch_name


@dataclass(frozen=True, slots=True)
class TruthRow:
    """The label row of a benchmark unit: the storage item behind it, and when it was last edited."""

    data_hash: str
    item_uuid: str | None
    edited_at: str | None


@dataclass(slots=True)
class Ledger:
    """
    All that is remembered of one production project.

    ``submitted_until`` and ``truth_until`` are moments of Encord's clock up to which all edits were seen.
    ``outstanding`` are the batches whose results may not be in ``entries`` yet. ``acted`` maps what was acted on (see
    ``ledger.actions``) to the state of the task at that moment, or to what came of it (``ledger.outcomes``);
    ``action_files`` are the records already in it. ``benchmark_project`` is the hash of the project with the ground
    truth, empty while nothing was submitted.
    """

    settings_version: str = ""
    benchmark_project: str = ""
    submitted_until: str | None = None
    truth_until: str | None = None
    outstanding: list[str] = field(default_factory=list)
    entries: dict[BranchKey, LedgerEntry] = field(default_factory=dict)
    truths: dict[str, TruthRow] = field(default_factory=dict)
    acted: dict[str, str] = field(default_factory=dict)
    action_files: list[str] = field(default_factory=list)


def dump_ledger(ledger: Ledger) -> bytes:
    """Return a ledger as bytes; the same ledger gives the same bytes, whatever the order of its parts."""
    content = {
        "version": LEDGER_VERSION,
        "settings_version": ledger.settings_version,
        "benchmark_project": ledger.benchmark_project,
        "submitted_until": ledger.submitted_until,
        "truth_until": ledger.truth_until,
        "outstanding": sorted(ledger.outstanding),
        "entries": [ledger.entries[key] for key in sorted(ledger.entries)],
        "truths": [ledger.truths[key] for key in sorted(ledger.truths)],
        "acted": ledger.acted,
        "action_files": sorted(ledger.action_files),
    }
    return _pack(content)


def load_ledger(content: bytes) -> Ledger:
    """Read what :func:`dump_ledger` wrote; an empty ledger when it is damaged or of another version."""
    try:
        found = _unpack(content)
        ledger = Ledger(**{name: found[name] for name in Ledger.__slots__ if name not in ("entries", "truths")})
        ledger.entries = {entry.key: entry for entry in _entries(found["entries"])}
        ledger.truths = {one["data_hash"]: TruthRow(**one) for one in found["truths"]}
    except (ValueError, KeyError, TypeError, OSError, EOFError):
        return Ledger()
    return ledger


def dump_entries(entries: Iterable[LedgerEntry]) -> bytes:
    """Return the entries of one batch as bytes."""
    return _pack({"version": LEDGER_VERSION, "entries": sorted(entries, key=lambda entry: entry.key)})


def load_entries(content: bytes) -> list[LedgerEntry]:
    """Read what :func:`dump_entries` wrote; nothing when it is damaged or of another version."""
    try:
        return _entries(_unpack(content)["entries"])
    except (ValueError, KeyError, TypeError, OSError, EOFError):
        return []


def _entries(found: Iterable[dict[str, Any]]) -> list[LedgerEntry]:
    return [LedgerEntry(**one | {"hints": tuple(one["hints"])}) for one in found]


def _pack(content: dict[str, Any]) -> bytes:
    return gzip.compress(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), compresslevel=1, mtime=0)


def _unpack(content: bytes) -> dict[str, Any]:
    found = orjson.loads(gzip.decompress(content))
    if not isinstance(found, dict) or found.get("version") != LEDGER_VERSION:
        raise ValueError("a ledger of another version")
    return found
