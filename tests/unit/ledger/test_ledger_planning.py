"""What a pass looks at, by the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.ledger.model import Ledger, LedgerEntry, TruthRow
from include.benchmark_qa.ledger.planning import (
    choose_gone,
    choose_waiting,
    current_entries,
    find_truths,
    keep_branches,
    merge,
    note_submitted,
    note_truths,
)
from include.benchmark_qa.submissions import Submission

NOW = "settings of today"


def moment(minute: int) -> str:
    return f"2026-03-01T12:{minute:02}:00.000001+00:00"


def submission(number: int = 0, **fields: Any) -> Submission:
    known = {"task_uuid": "t", "data_hash": f"d{number}", "data_title": "x.jpg", "annotator_email": "ann@x"}
    return Submission(**known | {"label_branch_name": "b", "label_hash": f"l{number}"} | fields)


def entry(number: int = 0, **fields: Any) -> LedgerEntry:
    one = submission(number)
    known = {name: getattr(one, name) for name in ("data_hash", "label_branch_name", "annotator_email", "data_title")}
    scored = {"submission_version": "s", "ground_truth_version": "g", "settings_version": NOW, "score": 0.9}
    edits = {"edited_at": moment(1), "seen_at": moment(1), "truth_edited_at": moment(0), "looked_at": moment(2)}
    state = {"task_uuid": "t", "label_hash": one.label_hash, "settled": True, "truth_hash": one.data_hash}
    return LedgerEntry(**known | scored | edits | state | fields)


def ledger(*entries: LedgerEntry) -> Ledger:
    truths = {f"d{number}": TruthRow(f"d{number}", f"item {number}", moment(0)) for number in range(5)}
    return Ledger(NOW, entries={one.key: one for one in entries}, truths=truths)


def row(number: int = 0, minute: int | None = 1, branch: str = "b") -> Any:
    edited_at = None if minute is None else moment(minute)
    item = f"item {number}"
    return SimpleNamespace(
        data_hash=f"d{number}", label_branch_name=branch, backing_item_uuid=item, edited_at=edited_at
    )


def chosen(known: Ledger, one: Submission, settings: str = NOW) -> list[Submission]:
    return choose_waiting(known, [one], find_truths(known, {one.data_hash}, no_items), settings)


def no_items(_: Any) -> Mapping[str, str | None]:
    return {}


def test_what_is_as_it_was_is_not_looked_at() -> None:
    assert chosen(ledger(entry()), submission()) == []


@pytest.mark.parametrize(
    ("change", "is_scored_whatever_it_is"),
    [
        (lambda known: known.entries.clear(), True),
        (lambda known: note_submitted(known, [row(minute=3)]), False),
        (lambda known: note_truths(known, [row(minute=3)]), False),
        (lambda known: known.entries.update({("d0", "b"): entry(label_hash="another")}), False),
        (lambda known: known.entries.update({("d0", "b"): entry(settled=False)}), False),
        (lambda known: known.entries.update({("d0", "b"): entry(settings_version="of yesterday")}), True),
        (lambda known: known.entries.update({("d0", "b"): entry(truth_hash="d1")}), False),
        (lambda known: known.truths.clear(), False),
    ],
)
def test_what_changed_is_looked_at(change: Callable[[Ledger], None], is_scored_whatever_it_is: bool) -> None:
    known = ledger(entry())
    change(known)
    [one] = chosen(known, submission())
    assert (one.submission_version == "") is is_scored_whatever_it_is
    assert one.label_hash == "l0"


@pytest.mark.parametrize("edited", [row(minute=1), row(minute=0), row(minute=None), row(1, 3), row(0, 3, "main")])
def test_edits_that_are_known_or_of_others_change_nothing(edited: Any) -> None:
    known = ledger(entry())
    note_submitted(known, [edited])
    assert chosen(known, submission()) == []


def test_an_edit_stays_to_be_looked_at_until_it_was_although_no_listing_tells_of_it_again() -> None:
    known = ledger(entry())
    note_submitted(known, [row(minute=3)])
    merge(known, [entry(looked_at=moment(2), edited_at=moment(2))])  # a look that began before the edit
    assert len(chosen(known, submission())) == 1
    assert current_entries(known, [submission()]) is None
    merge(known, [entry(looked_at=moment(4), edited_at=moment(3))])
    assert chosen(known, submission()) == []
    assert current_entries(known, [submission()]) == [
        entry(looked_at=moment(4), edited_at=moment(3), seen_at=moment(3))
    ]


def test_a_look_that_finds_the_same_labels_keeps_the_score() -> None:
    known = ledger(entry())
    note_submitted(known, [row(minute=3)])
    look = entry(settings_version="", score=None, edited_at=moment(3), looked_at=moment(4))
    merge(known, [look])
    assert known.entries["d0", "b"] == replace(look, settings_version=NOW, score=0.9, seen_at=moment(3))


def test_a_look_without_a_score_to_keep_is_forgotten() -> None:
    known = ledger()
    merge(known, [entry(settings_version="", score=None)])
    assert known.entries == {}


def test_older_results_do_not_replace_newer_ones() -> None:
    known = ledger(entry(score=0.5, looked_at=moment(9)))
    merge(known, [entry(score=0.1, looked_at=moment(8))])
    assert known.entries["d0", "b"].score == 0.5


def test_a_branch_that_is_gone_is_forgotten() -> None:
    known = ledger(entry())
    merge(known, [entry(submission_version="", looked_at=moment(9))])
    assert known.entries == {}


def test_units_that_left_the_stage_are_scored_again_for_other_truth_or_settings_only() -> None:
    known = ledger(entry(0), entry(1))
    note_submitted(known, [row(0, 3)])
    assert choose_gone(known, [], NOW) == []
    note_truths(known, [row(1, 3)])
    [one] = choose_gone(known, [], NOW)
    assert (one.data_hash, one.truth_hash, one.truth_edited_at, one.is_waiting) == ("d1", "d1", moment(3), False)
    assert choose_gone(known, [submission(1)], NOW) == []
    assert {one.data_hash for one in choose_gone(known, [], "other settings")} == {"d0", "d1"}


def test_branches_that_nobody_works_on_any_more_are_forgotten_where_the_unit_waits() -> None:
    known = ledger(entry(0), entry(0, label_branch_name="old"), entry(1, label_branch_name="old"))
    keep_branches(known, [submission(0)])
    assert set(known.entries) == {("d0", "b"), ("d1", "old")}


def test_a_unit_under_another_data_hash_is_found_by_its_file_and_remembered() -> None:
    known = ledger()
    assert find_truths(known, {"x"}, lambda asked: dict.fromkeys(asked, "item 2")) == {"x": known.truths["d2"]}
    remembering = ledger(entry(0, data_hash="x", truth_hash="d2"))
    assert find_truths(remembering, {"x"}, no_items)["x"].data_hash == "d2"
    assert find_truths(known, {"y"}, lambda asked: dict.fromkeys(asked)) == {}


@given(
    minutes=st.lists(st.integers(2, 9), min_size=1, max_size=6),
    looks=st.lists(st.integers(2, 9), max_size=6),
    rng=st.randoms(),
)
def test_the_last_edit_is_always_looked_at(minutes: list[int], looks: list[int], rng: Any) -> None:
    """Edits are seen, and looks come back, in any order: nothing is to be done exactly when the last edit was seen."""
    known = ledger(entry())
    events: list[Callable[[], None]] = [
        lambda minute=minute: note_submitted(known, [row(minute=minute)])  # type: ignore[misc]
        for minute in minutes
    ]
    # A look at minute m finds the labels of the last edit up to then.
    found = {look: max([1, *(minute for minute in minutes if minute <= look)]) for look in looks}
    events += [
        lambda look=look: merge(known, [entry(looked_at=moment(look), edited_at=moment(found[look]))])  # type: ignore[misc]
        for look in looks
    ]
    rng.shuffle(events)
    for event in events:
        event()
    assert (chosen(known, submission()) == []) is (max(found.values(), default=1) == max(minutes))
