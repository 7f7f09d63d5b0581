"""Entries of units that have gone on are put away, and are there when they are needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from include.benchmark_qa.ledger.archive import MOST_FILES, gone_units
from include.benchmark_qa.ledger.model import Ledger, LedgerEntry
from include.benchmark_qa.ledger.planning import benchmark_units
from include.benchmark_qa.ledger.store import LedgerStore
from include.object_storage import open_bucket
from tests.unit.ledger.test_ledger_planning import entry, ledger


@pytest.fixture
def store(tmp_path: Path) -> LedgerStore:
    return LedgerStore(open_bucket(str(tmp_path)), "project")


def by_unit(entries: list[LedgerEntry]) -> list[LedgerEntry]:
    return sorted(entries, key=lambda one: one.key)


def test_what_was_put_away_is_found_in_another_pass_and_comes_back(store: LedgerStore) -> None:
    known = ledger(entry(0), entry(1), entry(2))
    store.put_away(known, ["d0", "d2"])
    store.write(known)
    later = store.read()
    assert list(later.entries) == [("d1", "b")]
    assert by_unit(store.archived(later)) == [entry(0), entry(2)]
    store.bring_back(later)
    assert later.entries == ledger(entry(0), entry(1), entry(2)).entries
    assert later.archived == []


def test_a_pass_that_is_killed_before_the_ledger_is_written_has_put_nothing_away(store: LedgerStore) -> None:
    known = ledger(entry(0), entry(1))
    store.write(known)
    store.put_away(known, ["d0"])
    later = store.read()
    assert later.entries == ledger(entry(0), entry(1)).entries
    assert store.archived(later) == []


def test_of_a_unit_that_was_put_away_twice_the_later_entries_count(store: LedgerStore) -> None:
    known = ledger(entry(0, score=0.1), entry(1))
    store.put_away(known, ["d0"])
    known.entries |= ledger(entry(0, score=0.9)).entries
    assert store.archived(known) == []  # the unit is back
    store.put_away(known, ["d0"])
    assert [one.score for one in store.archived(known)] == [0.9]


def test_many_files_are_merged_and_lose_nothing(store: LedgerStore) -> None:
    known = ledger(entry(0, score=0.0))
    for number in range(3 * MOST_FILES):
        known.entries |= ledger(entry(number), entry(0, score=float(number))).entries
        store.put_away(known, [f"d{number}", "d0"])
        assert len(known.archived) <= MOST_FILES
    found = {one.data_hash: one.score for one in store.archived(known)}
    assert len(found) == 3 * MOST_FILES
    assert found["d0"] == 3 * MOST_FILES - 1


def test_a_file_that_is_gone_is_as_forgotten(store: LedgerStore, tmp_path: Path) -> None:
    known = ledger(entry(0))
    store.put_away(known, ["d0"])
    [file] = (tmp_path / "scores/ledger/archive").rglob("*.gz")
    file.unlink()
    assert store.archived(known) == []


def test_units_with_something_to_do_are_not_put_away() -> None:
    known = ledger(entry(0), entry(1), entry(2))
    assert gone_units(known, {"d1"}) == ["d0", "d2"]
    known.settings_version = "other settings"
    assert gone_units(known, {"d1"}) == []


def test_units_in_the_archive_are_known_by_their_hash_in_production(store: LedgerStore) -> None:
    known = ledger(entry(0))
    [one] = known.entries.values()
    home = next(iter(known.truths.values()))
    known.truths = {"truth": replace(home, data_hash="truth")}
    known.entries = {one.key: replace(one, truth_hash="truth")}
    store.put_away(known, [one.data_hash])
    store.write(known)
    assert benchmark_units(store.read()) == [one.data_hash]


def test_a_ledger_that_knows_of_no_archive_is_read_as_it_is(store: LedgerStore) -> None:
    known = ledger(entry(0))
    assert (known.archived, known.homes) == ([], {})
    store.write(known)
    assert store.read() == known != Ledger()
