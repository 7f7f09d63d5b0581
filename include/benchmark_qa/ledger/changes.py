"""Whether anything happened since the last pass that a pass must see to, by what listings tell without labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from include.benchmark_qa.ledger.model import Ledger
from include.benchmark_qa.ledger.planning import EditedRow, choose_waiting, find_truths, note_submitted, note_truths
from include.benchmark_qa.submissions import UNREADABLE, Submission


def find_change(
    ledger: Ledger,
    waiting: Sequence[Submission],
    edited: Iterable[EditedRow],
    truths: Iterable[EditedRow],
) -> str:
    """
    Return what changed since the ledger was written, in words; empty for nothing. The ledger takes the edits in.

    :param waiting: the submissions of the tasks that wait in the scored stage
    :param edited: label rows of the production project, edited since the ledger's ``submitted_until``
    :param truths: label rows of the benchmark project, edited since the ledger's ``truth_until``
    """
    known = dict(ledger.truths)
    note_truths(ledger, truths)
    if ledger.truths != known:
        return "ground truth was edited"
    note_submitted(ledger, edited)
    homes = find_truths(ledger, {one.data_hash for one in waiting}, _no_items)
    chosen = choose_waiting(ledger, waiting, homes, ledger.settings_version)
    new = [one for one in chosen if not _is_given_up(ledger, one)]
    return f"{len(new)} submission(s) are new or were edited" if new else ""


def _is_given_up(ledger: Ledger, one: Submission) -> bool:
    """Say whether Encord could not hand out these labels: asked for again with other work, never for their own sake."""
    entry = ledger.entries.get((one.data_hash, one.label_branch_name))
    is_unread = entry and UNREADABLE in (entry.submission_version, entry.ground_truth_version)
    return bool(entry and is_unread and entry.seen_at == entry.edited_at)


def _no_items(_data_hashes: Collection[str]) -> Mapping[str, str | None]:
    # A unit without known ground truth has gained some only where the benchmark project's listing changed.
    return {}
