"""What a look at the labels of a batch says: which submissions are as they were scored, and which are to be scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from include.benchmark_qa.ledger.facts import ScoreFacts
from include.benchmark_qa.ledger.model import BranchKey, LedgerEntry
from include.benchmark_qa.ledger.moments import is_settled, stamp
from include.benchmark_qa.scoring.versions import labels_version
from include.benchmark_qa.submissions import UNREADABLE, Submission


class SavedLabels(Protocol):
    """Labels with the last edit that was told before they were read; ``adapters.labels.SavedLabels`` has it."""

    @property
    def label_row(self) -> Mapping[str, Any]: ...
    @property
    def edited_at(self) -> str | None: ...
    @property
    def problem(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Look:
    """
    One submission with both label rows, None where nothing was ever saved, and what the ledger gets to know.

    ``problem`` says why one of the two could not be read.
    """

    submission: Submission
    ground_truth: Mapping[str, Any] | None
    submitted: Mapping[str, Any] | None
    entry: LedgerEntry
    problem: str = ""

    @property
    def is_new(self) -> bool:
        """Whether these labels were not scored with each other yet, under the same settings."""
        one, entry = self.submission, self.entry
        versions = (one.submission_version, one.ground_truth_version)
        return versions != (entry.submission_version, entry.ground_truth_version)


def look_at(
    submissions: Iterable[Submission],
    submitted: Mapping[BranchKey, SavedLabels],
    truths: Mapping[str, SavedLabels],
    looked_at: datetime,
) -> list[Look]:
    """
    Return a look at each submission whose labels are there.

    :param submitted: labels by data hash and branch; of submissions that were ever saved
    :param truths: ground truth by its data hash in the benchmark project
    :param looked_at: a moment before the labels were read, with a time zone
    """
    versions = {data_hash: _version(saved) for data_hash, saved in truths.items()}
    looks = []
    for one in submissions:
        saved = submitted.get((one.data_hash, one.label_branch_name))
        if one.label_hash and saved is None:
            continue
        truth = truths.get(one.truth_hash or "")
        version = versions[one.truth_hash or ""] if truth else labels_version(None)
        entry = _entry(one, saved, truth, version, looked_at)
        problem = (saved.problem if saved else "") or (truth.problem if truth else "")
        looks.append(Look(one, truth.label_row if truth else None, saved.label_row if saved else None, entry, problem))
    return looks


def gone_entries(submissions: Sequence[Submission], looks: Iterable[Look], looked_at: datetime) -> list[LedgerEntry]:
    """
    Return what to tell the ledger of branches that are no longer there, of tasks that have left the stage.

    Those of tasks that wait are left for the next pass: nobody is judged by labels that could not be read.
    """
    there = {look.entry.key for look in looks}
    gone = [one for one in submissions if (one.data_hash, one.label_branch_name) not in there and not one.is_waiting]
    return [replace(_entry(one, None, None, "", looked_at), submission_version="") for one in gone]


def with_scores(
    looks: Iterable[Look], facts: Mapping[BranchKey, ScoreFacts], settings_version: str
) -> list[LedgerEntry]:
    """Return the entries of looks, with the scores of those that were scored."""
    return [
        _with_score(look.entry, facts[look.entry.key], settings_version) if look.is_new else look.entry
        for look in looks
    ]


def _with_score(entry: LedgerEntry, facts: ScoreFacts, settings_version: str) -> LedgerEntry:
    return replace(
        entry,
        settings_version=settings_version,
        score=facts.score,
        passed=facts.passed,
        not_computed=facts.not_computed,
        hints=facts.hints,
    )


def _entry(
    one: Submission, saved: SavedLabels | None, truth: SavedLabels | None, truth_version: str, looked_at: datetime
) -> LedgerEntry:
    edited_at = saved.edited_at if saved else None
    truth_edited_at = truth.edited_at if truth else one.truth_edited_at
    return LedgerEntry(
        data_hash=one.data_hash,
        label_branch_name=one.label_branch_name,
        annotator_email=one.annotator_email,
        data_title=one.data_title,
        task_uuid=one.task_uuid,
        label_hash=one.label_hash,
        edited_at=edited_at,
        seen_at=edited_at,
        settled=all(is_settled(side.edited_at, looked_at) and not side.problem for side in (saved, truth) if side),
        truth_hash=one.truth_hash,
        truth_edited_at=truth_edited_at,
        looked_at=stamp(looked_at),
        submission_version=_version(saved),
        ground_truth_version=truth_version,
    )


def _version(saved: SavedLabels | None) -> str:
    return UNREADABLE if saved and saved.problem else labels_version(saved.label_row if saved else None)
