"""Entries of units that have gone on: files that are never changed, each unit counting as the latest of them has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate

from include.benchmark_qa.ledger.model import Ledger, LedgerEntry
from include.benchmark_qa.ledger.planning import has_other_terms

# So many files are no burden to whoever needs all of them.
MOST_FILES = 20


def gone_units(ledger: Ledger, at_hand: Collection[str]) -> list[str]:
    """
    Return the units whose entries can be put away, or that are being annotated anew: those with nothing to be done.

    :param at_hand: data hashes of the units that wait in the scored stage, or are about to be looked at
    """
    stale = {
        entry.data_hash for entry in ledger.entries.values() if has_other_terms(ledger, entry, ledger.settings_version)
    }
    return sorted({data_hash for data_hash, _ in ledger.entries} - stale - set(at_hand))


def take_out(ledger: Ledger, data_hashes: Collection[str]) -> list[LedgerEntry]:
    """Take the entries of units out of a ledger, and note what it must know of them all the same."""
    units = set(data_hashes)
    taken = [entry for entry in ledger.entries.values() if entry.data_hash in units]
    for entry in taken:
        del ledger.entries[entry.key]
        if entry.truth_hash and entry.truth_hash != entry.data_hash:
            ledger.homes[entry.truth_hash] = entry.data_hash
    return taken


def latest_of_units(files: Iterable[Sequence[LedgerEntry]]) -> list[LedgerEntry]:
    """Return the entries of each unit as the last of the files that have any tells them."""
    units: dict[str, list[LedgerEntry]] = {}
    for entries in files:
        own = defaultdict(list)
        for entry in entries:
            own[entry.data_hash].append(entry)
        units |= own
    return [entry for entries in units.values() for entry in entries]


def to_merge(sizes: Sequence[int]) -> int:
    """
    Return from which file on the files are to be merged into one; their number, where none are.

    Merged is what is no larger than all after it together, so that an entry is written anew a few times, however many
    there will be.

    >>> to_merge([900, 100, 60, 50]), to_merge([900, 500])
    (1, 2)
    """
    after = list(accumulate(reversed(sizes), initial=0))[-2::-1]
    return next((place for place, (own, rest) in enumerate(zip(sizes, after, strict=True)) if own <= rest), len(sizes))
