"""The ledger and its records as files."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from include.benchmark_qa.ledger.actions import OPEN, ActionRecord, dump_records, load_records, records_name
from include.benchmark_qa.ledger.model import Ledger, dump_entries, dump_ledger, load_entries, load_ledger
from include.benchmark_qa.ledger.moments import edited_after, is_settled, latest, stamp
from include.benchmark_qa.ledger.outcomes import (
    ActionResult,
    Outcome,
    dump_results,
    is_done,
    is_recorded,
    pending,
    take_lines,
)
from include.benchmark_qa.ledger.store import LedgerStore
from include.object_storage import open_bucket
from tests.unit.ledger.test_ledger_planning import entry, ledger

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
RECORD = ActionRecord("key", stamp(AT), "reject", "", ("ann@x",), "t", "d", "x.jpg", "t at one", "why")


def test_a_ledger_comes_back_as_it_was_and_its_order_does_not_matter() -> None:
    full = ledger(entry(0, hints=("one", "two")), entry(1, label_hash=None, edited_at=None))
    full.submitted_until, full.outstanding, full.acted = stamp(AT), ["b", "a"], {"key": "state"}
    content = dump_ledger(full)
    back = load_ledger(content)
    assert back.entries == full.entries
    assert back.truths == full.truths
    assert (back.submitted_until, back.acted, back.settings_version) == (
        stamp(AT),
        {"key": "state"},
        "settings of today",
    )
    back.entries = dict(reversed(back.entries.items()))
    assert dump_ledger(back) == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b"no json"),
        gzip.compress(b"[]"),
        gzip.compress(json.dumps({"version": 0}).encode()),
    ],
    ids=["empty", "no gzip", "no JSON", "no mapping", "another version"],
)
def test_what_cannot_be_read_is_as_nothing(content: bytes) -> None:
    assert load_ledger(content) == Ledger()
    assert load_entries(content) == []


def test_a_truncated_ledger_is_as_nothing() -> None:
    assert load_ledger(dump_ledger(ledger(entry()))[:-20]) == Ledger()


def test_the_store_writes_only_what_changed_and_takes_batches_in_once(tmp_path: Path) -> None:
    store = LedgerStore(open_bucket(str(tmp_path / "workspace")), "project")
    empty = store.read()
    store.write(empty)
    assert not (tmp_path / "workspace").exists()
    store.write_batch("one", [entry()])
    empty.outstanding = ["one", "two"]
    assert store.take_in(empty, empty.outstanding) == [entry()]
    assert (empty.outstanding, list(empty.entries)) == (["two"], [("d0", "b")])
    store.write(empty)
    assert store.read() == empty
    assert dump_entries([entry(1), entry(0)]) == dump_entries([entry(0), entry(1)])


def known_of(*files: bytes) -> Ledger:
    known = Ledger()
    for number, content in enumerate(files):
        take_lines(known, f"file {number}", content)
    return known


def came_of(outcome: Outcome, record: ActionRecord = RECORD) -> bytes:
    return dump_results([ActionResult(record, outcome, "why")], AT)


def test_what_was_done_is_not_done_again_and_what_was_only_recorded_is() -> None:
    assert not is_done(Ledger(), RECORD)
    known = known_of(dump_records([RECORD]) + b"damaged\n[]\n")
    assert not is_done(known, RECORD)  # the task is as it was: somebody was killed before they acted
    assert is_done(known, replace(RECORD, state="t at another time"))
    assert (is_recorded(known, RECORD), is_recorded(known, replace(RECORD, action="approve"))) == (True, False)
    assert pending(known) == {"key": "t at one"}
    known = known_of(dump_records([RECORD]), came_of(Outcome.DONE))
    assert is_done(known, RECORD)
    assert (pending(known), known.action_files) == ({}, ["file 0", "file 1"])


def test_what_was_refused_is_tried_again_only_when_something_changed() -> None:
    move = replace(RECORD, action="move", target="Expert review")
    known = known_of(dump_records([move]), came_of(Outcome.REFUSED, move))
    assert is_done(known, move)
    assert not is_done(known, replace(move, target="Annotate"))
    assert not is_done(known, replace(move, state="t at another time"))
    assert pending(known) == {}


def test_what_failed_or_no_longer_holds_comes_again() -> None:
    notice = replace(RECORD, action="notify", state=OPEN)
    failed = known_of(dump_records([notice]), came_of(Outcome.FAILED, notice))
    assert (is_done(failed, notice), pending(failed)) == (False, {"key": OPEN})
    withdrawn = known_of(dump_records([notice]), came_of(Outcome.DONE, notice), came_of(Outcome.WITHDRAWN, notice))
    assert (is_done(withdrawn, notice), pending(withdrawn)) == (False, {})


def test_records_come_back_as_they_were_among_outcomes() -> None:
    full = replace(RECORD, hints=(("ann@x", ("one", "two")),), scores=({"score": 0.5},))
    damaged = b'{"key": "other"}\n{"key": "x", "hints": 3, "who": []}\n'
    [back] = load_records(came_of(Outcome.DONE) + damaged + dump_records([full]))
    assert (back.hints, back.who, list(back.scores)) == (full.hints, full.who, list(full.scores))


def test_records_are_named_by_time_and_content() -> None:
    content = dump_records([RECORD])
    assert records_name(content, AT) == records_name(content, AT)
    assert records_name(content, AT).startswith("20260301T123000.000000-")
    assert records_name(content, AT) < records_name(content, AT + timedelta(seconds=1))
    assert records_name(b"other", AT) != records_name(content, AT)


def test_moments_are_text_that_sorts_like_time() -> None:
    paris = timezone(timedelta(hours=1))
    assert (
        stamp(AT.astimezone(paris)) == stamp(AT) == stamp(AT.replace(tzinfo=None)) == "2026-03-01T12:30:00.000000+00:00"
    )
    assert stamp(AT) < stamp(AT + timedelta(microseconds=1))
    assert latest(None, stamp(AT), None) == stamp(AT)
    assert latest(None) is None
    assert edited_after(None) is None
    assert edited_after(stamp(AT)) == AT - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("edited", "seconds_later", "settled"),
    [(AT, 0, False), (AT, 59, False), (AT, 61, True), (AT.replace(microsecond=5), 0, True), (None, 0, False)],
)
def test_an_edit_told_to_the_second_is_settled_after_a_while(
    edited: datetime | None, seconds_later: int, settled: bool
) -> None:
    told = stamp(edited) if edited else None
    assert is_settled(told, AT + timedelta(seconds=seconds_later)) is settled
