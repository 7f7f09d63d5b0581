"""What a look at a batch's labels says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from include.benchmark_qa.ledger.facts import ScoreFacts
from include.benchmark_qa.ledger.looks import gone_entries, look_at, with_scores
from include.benchmark_qa.ledger.moments import stamp
from include.benchmark_qa.scoring.versions import labels_version
from tests.unit.benchmark_qa import scoring_samples as samples
from tests.unit.ledger.test_ledger_planning import submission

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
EDITED = "2026-03-01T12:00:00.000001+00:00"
TRUTH = samples.row(samples.pixel_box("a", 20, 10, 60, 20))
GIVEN = samples.row(samples.pixel_box("b", 22, 10, 60, 20))
ONE = submission(truth_hash="truth")


def saved(label_row: Any, edited_at: str | None = EDITED) -> Any:
    return SimpleNamespace(label_row=label_row, edited_at=edited_at, problem="")


def look(one: Any, given: Any = GIVEN, truth: Any = TRUTH) -> Any:
    [found] = look_at([one], {("d0", "b"): saved(given)}, {"truth": saved(truth)}, AT)
    return found


def test_a_submission_that_was_never_scored_is_new() -> None:
    found = look(ONE)
    assert found.is_new
    assert (found.submitted, found.ground_truth) == (GIVEN, TRUTH)
    assert (found.entry.submission_version, found.entry.ground_truth_version) == (
        labels_version(GIVEN),
        labels_version(TRUTH),
    )
    assert (found.entry.edited_at, found.entry.truth_edited_at, found.entry.looked_at) == (EDITED, EDITED, stamp(AT))
    assert found.entry.settled


def test_only_other_labels_on_either_side_make_it_new_again() -> None:
    known = replace(ONE, submission_version=labels_version(GIVEN), ground_truth_version=labels_version(TRUTH))
    assert not look(known).is_new
    assert look(known, given=TRUTH).is_new
    assert look(known, truth=GIVEN).is_new


def test_one_that_was_never_saved_is_empty_and_settled() -> None:
    [found] = look_at([replace(ONE, label_hash=None)], {}, {}, AT)
    assert (found.submitted, found.ground_truth, found.entry.settled) == (None, None, True)
    assert found.entry.submission_version == labels_version(None)


def test_labels_that_cannot_be_read_judge_nobody() -> None:
    assert look_at([ONE], {}, {"truth": saved(TRUTH)}, AT) == []
    assert gone_entries([ONE], [], AT) == []
    [gone] = gone_entries([replace(ONE, is_waiting=False)], [], AT)
    assert (gone.key, gone.submission_version) == (("d0", "b"), "")


def test_an_edit_on_either_side_that_is_told_roughly_is_not_settled() -> None:
    rough = saved(TRUTH, stamp(AT))
    for submitted, truth in ((saved(GIVEN), rough), (rough, saved(TRUTH)), (saved(GIVEN, None), saved(TRUTH))):
        [found] = look_at([ONE], {("d0", "b"): submitted}, {"truth": truth}, AT)
        assert not found.entry.settled


def test_scores_are_of_those_that_were_scored() -> None:
    known = replace(ONE, submission_version=labels_version(GIVEN), ground_truth_version=labels_version(TRUTH))
    facts = {("d0", "b"): ScoreFacts(0.5, False, "", ("Car outlined loosely",))}
    [entry] = with_scores([look(ONE)], facts, "settings")
    assert (entry.score, entry.passed, entry.hints, entry.settings_version) == (
        0.5,
        False,
        ("Car outlined loosely",),
        "settings",
    )
    [kept] = with_scores([look(known)], {}, "settings")
    assert (kept.score, kept.settings_version) == (None, "")
