"""What a pass must look at: submissions that are new, edited on either side, or scored under other settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from include.benchmark_qa.ledger.model import Ledger, LedgerEntry, TruthRow
from include.benchmark_qa.ledger.moments import latest
from include.benchmark_qa.submissions import Submission


class EditedRow(Protocol):
    """What a listing tells of a label row; ``adapters.labels.LabelRow`` has it."""

    @property
    def data_hash(self) -> str: ...
    @property
    def label_branch_name(self) -> str: ...
    @property
    def backing_item_uuid(self) -> str | None: ...
    @property
    def edited_at(self) -> str | None: ...


def note_submitted(ledger: Ledger, rows: Iterable[EditedRow]) -> None:
    """Note the edits that a listing of the production project tells of."""
    for row in rows:
        ledger.submitted_until = latest(ledger.submitted_until, row.edited_at)
        entry = ledger.entries.get((row.data_hash, row.label_branch_name))
        if entry and entry.seen_at != (seen_at := latest(entry.seen_at, row.edited_at)):
            ledger.entries[entry.key] = replace(entry, seen_at=seen_at)


def note_truths(ledger: Ledger, rows: Iterable[EditedRow]) -> None:
    """Note the ground truth's rows that a listing of the benchmark project tells of."""
    for row in rows:
        ledger.truth_until = latest(ledger.truth_until, row.edited_at)
        known = ledger.truths.get(row.data_hash)
        edited_at = latest(known.edited_at if known else None, row.edited_at)
        ledger.truths[row.data_hash] = TruthRow(row.data_hash, row.backing_item_uuid, edited_at)


def benchmark_units(ledger: Ledger) -> list[str]:
    """Return the data hashes of all units with ground truth; those of the production project where they are known."""
    here = {entry.truth_hash: entry.data_hash for entry in ledger.entries.values() if entry.truth_hash}
    known = ledger.homes | here
    return sorted({known.get(data_hash, data_hash) for data_hash in ledger.truths})


def find_truths(
    ledger: Ledger, data_hashes: Collection[str], items: Callable[[Collection[str]], Mapping[str, str | None]]
) -> dict[str, TruthRow]:
    """
    Return the ground truth's rows of units by the units' data hashes, where there are such.

    :param items: gives the storage items of data hashes; asked only for units whose own hash is not known there.
    """
    before = {entry.data_hash: entry.truth_hash for entry in ledger.entries.values()}
    homes = {one: one if one in ledger.truths else before.get(one) for one in data_hashes}
    if missing := [one for one, home in homes.items() if home is None]:
        by_item = {row.item_uuid: row.data_hash for row in ledger.truths.values() if row.item_uuid}
        homes |= {data_hash: by_item.get(item or "") for data_hash, item in items(missing).items()}
    return {one: ledger.truths[home] for one, home in homes.items() if home in ledger.truths}


def needs_a_look(ledger: Ledger, entry: LedgerEntry, settings_version: str) -> bool:
    """Say whether a submission or its ground truth was edited since its score, or whether the settings changed."""
    return entry.seen_at != entry.edited_at or not entry.settled or has_other_terms(ledger, entry, settings_version)


def has_other_terms(ledger: Ledger, entry: LedgerEntry, settings_version: str) -> bool:
    """Say whether the ground truth was edited since a submission's score, or whether the settings changed."""
    truth = ledger.truths.get(entry.truth_hash or "")
    truth_edited_at = truth.edited_at if truth else None
    return entry.settings_version != settings_version or truth_edited_at != entry.truth_edited_at


def keep_branches(ledger: Ledger, waiting: Sequence[Submission]) -> None:
    """Forget the branches of waiting units that none of their annotators works on any more."""
    units = {one.data_hash for one in waiting}
    current = {(one.data_hash, one.label_branch_name) for one in waiting}
    for key in [key for key in ledger.entries if key[0] in units and key not in current]:
        del ledger.entries[key]


def choose_waiting(
    ledger: Ledger, waiting: Iterable[Submission], truths: Mapping[str, TruthRow], settings_version: str
) -> list[Submission]:
    """
    Return the submissions to look at of those that wait in the scored stage.

    Each carries where its ground truth is and, where its score holds unless labels changed, what it was scored with.
    """
    chosen = []
    for one in waiting:
        entry = ledger.entries.get((one.data_hash, one.label_branch_name))
        truth = truths.get(one.data_hash)
        if entry and not _is_other(entry, one, truth) and not needs_a_look(ledger, entry, settings_version):
            continue
        chosen.append(_completed(one, entry, truth, settings_version))
    return chosen


def choose_gone(ledger: Ledger, waiting: Iterable[Submission], settings_version: str) -> list[Submission]:
    """
    Return the submissions to score again of those whose tasks have left the stage.

    Their scores stand for what was submitted: only other ground truth or other settings change them. The caller leaves
    out units that are being annotated anew.
    """
    here = {one.data_hash for one in waiting}
    chosen = []
    for entry in ledger.entries.values():
        if entry.data_hash not in here and has_other_terms(ledger, entry, settings_version):
            truth = ledger.truths.get(entry.truth_hash or "")
            chosen.append(_completed(_submission(entry), entry, truth, settings_version))
    return chosen


def current_entries(ledger: Ledger, submissions: Sequence[Submission]) -> list[LedgerEntry] | None:
    """Return the scores of a task's submissions, or None while one of them must still be looked at."""
    found: list[LedgerEntry] = []
    for one in submissions:
        entry = ledger.entries.get((one.data_hash, one.label_branch_name))
        if entry is None or entry.label_hash != one.label_hash or entry.seen_at != entry.edited_at:
            return None
        if has_other_terms(ledger, entry, ledger.settings_version):
            return None
        found.append(entry)
    return found


def merge(ledger: Ledger, looked: Iterable[LedgerEntry]) -> None:
    """Take the results of a batch into the ledger; older ones than it holds, and empty looks, change nothing."""
    for one in looked:
        before = ledger.entries.get(one.key)
        if before and before.looked_at > one.looked_at:
            continue
        if not one.submission_version:
            ledger.entries.pop(one.key, None)
            continue
        if one.settings_version:
            entry = one
        elif before and _versions(before) == _versions(one):
            entry = _with_score_of(one, before)
        else:
            continue
        ledger.entries[one.key] = replace(entry, seen_at=latest(one.edited_at, before.seen_at if before else None))


def _versions(entry: LedgerEntry) -> tuple[str, str]:
    return entry.submission_version, entry.ground_truth_version


def _with_score_of(looked: LedgerEntry, before: LedgerEntry) -> LedgerEntry:
    return replace(
        looked,
        settings_version=before.settings_version,
        score=before.score,
        passed=before.passed,
        not_computed=before.not_computed,
        hints=before.hints,
    )


def _is_other(entry: LedgerEntry, one: Submission, truth: TruthRow | None) -> bool:
    """Say whether a submission, or its ground truth, is another than the one that was looked at."""
    return entry.label_hash != one.label_hash or entry.truth_hash != (truth.data_hash if truth else None)


def _completed(one: Submission, entry: LedgerEntry | None, truth: TruthRow | None, settings_version: str) -> Submission:
    if truth:
        one = replace(one, truth_hash=truth.data_hash, truth_edited_at=truth.edited_at)
    if entry is None or entry.settings_version != settings_version:
        return one
    versions = {name: getattr(entry, name) for name in ("submission_version", "ground_truth_version")}
    return replace(one, **versions)


def _submission(entry: LedgerEntry) -> Submission:
    return Submission(
        task_uuid=entry.task_uuid,
        data_hash=entry.data_hash,
        data_title=entry.data_title,
        annotator_email=entry.annotator_email,
        label_branch_name=entry.label_branch_name,
        label_hash=entry.label_hash,
        is_waiting=False,
    )
