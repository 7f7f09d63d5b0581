"""
What is known of the submissions of a project: which labels were scored, with what, and what came of it.

The ledger is one file per project, read and written whole. It holds what a pass may need of the submissions that wait;
the entries of units that have gone on are put away into files of their own, which it names (``ledger.archive``), so
that it grows with the work at hand. It is a memory and no truth: what it forgets is scored again, to the same result.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
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
    hints: tuple[str, ...] = ()

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
    truth, empty while nothing was submitted. ``archived`` are the files of entries that were put away, ``[name, number
    of entries]``, the oldest first; ``homes`` are the data hashes of units in production whose ground truth has another
    one, by that.
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
    archived: list[tuple[str, int]] = field(default_factory=list)
    homes: dict[str, str] = field(default_factory=dict)


class _File(msgspec.Struct):
    """A ledger, or a part of one, as it is stored; what an older file lacks is empty."""

    version: int
    settings_version: str = ""
    benchmark_project: str = ""
    submitted_until: str | None = None
    truth_until: str | None = None
    outstanding: list[str] = []
    entries: list[LedgerEntry] = []
    truths: list[TruthRow] = []
    acted: dict[str, str] = {}
    action_files: list[str] = []
    archived: list[tuple[str, int]] = []
    homes: dict[str, str] = {}


_DECODER = msgspec.json.Decoder(_File)
_KEYED = ("entries", "truths")


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
        "archived": ledger.archived,
        "homes": ledger.homes,
    }
    return _pack(content)


def load_ledger(content: bytes) -> Ledger:
    """Read what :func:`dump_ledger` wrote; an empty ledger when it is damaged or of another version."""
    found = _unpack(content)
    if found is None:
        return Ledger()
    ledger = Ledger(**{name: getattr(found, name) for name in Ledger.__slots__ if name not in _KEYED})
    ledger.entries = {entry.key: entry for entry in found.entries}
    ledger.truths = {one.data_hash: one for one in found.truths}
    return ledger


def dump_entries(entries: Iterable[LedgerEntry]) -> bytes:
    """Return the entries of one batch as bytes."""
    return _pack({"version": LEDGER_VERSION, "entries": sorted(entries, key=lambda entry: entry.key)})


def load_entries(content: bytes) -> list[LedgerEntry]:
    """Read what :func:`dump_entries` wrote; nothing when it is damaged or of another version."""
    found = _unpack(content)
    return found.entries if found else []


def _pack(content: dict[str, Any]) -> bytes:
    return gzip.compress(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), compresslevel=1, mtime=0)


def _unpack(content: bytes) -> _File | None:
    try:
        found = _DECODER.decode(gzip.decompress(content))
    except (msgspec.MsgspecError, ValueError, OSError, EOFError, zlib.error):
        return None
    return found if found.version == LEDGER_VERSION else None
