from __future__ import annotations

from datetime import timedelta

import pytest

from include.benchmark_qa.results.exhaustion import RunningOut, read_running_out
from include.benchmark_qa.results.report import read_report
from include.benchmark_qa.results.scorecard import render_scorecard
from include.benchmark_qa.work_queue import WorkQueue
from tests.unit.results.result_samples import GOOD, NOON, Scored

KNOWN = [f"data-{number}" for number in range(10)]


def queue(real_waiting, *, real_units=100, after=timedelta(hours=1)):
    return WorkQueue(NOON + after, 3, real_waiting, len(KNOWN), real_units)


def by_person(**counts):
    """Return the submissions of people who have seen so many known units."""
    return [Scored(person, unit, GOOD, submitted_at=NOON) for person, count in counts.items() for unit in range(count)]


def test_whoever_has_too_few_unseen_units_for_his_part_is_named(opened):
    # 100 real units to 10 known: a known unit is enough for 10 real tasks. 60 wait for two people: 30 each.
    with opened(*by_person(ann=8, bob=6)) as scores:
        assert read_running_out(scores, KNOWN, queue(60)) == [RunningOut("ann", 2, 30)]


def test_a_unit_is_enough_for_its_share_and_not_for_one_task_more(opened):
    with opened(*by_person(ann=8)) as scores:
        assert read_running_out(scores, KNOWN, queue(20)) == []
        assert read_running_out(scores, KNOWN, queue(21)) == [RunningOut("ann", 2, 21)]


def test_work_that_was_done_since_tasks_came_changes_nothing(opened):
    later = [Scored("ann", unit, GOOD, submitted_at=NOON + timedelta(hours=2)) for unit in range(8)]
    with opened(*later) as scores:
        assert read_running_out(scores, KNOWN, queue(60)) == []
        assert read_running_out(scores, KNOWN, queue(60, after=timedelta(hours=3))) == [RunningOut("ann", 2, 60)]


@pytest.mark.parametrize("real_waiting", [0, 500])
def test_without_submissions_or_without_work_nobody_runs_out(opened, real_waiting):
    with opened(*by_person(ann=10) if not real_waiting else ()) as scores:
        assert read_running_out(scores, KNOWN, queue(real_waiting)) == []


def test_the_sentence_says_who_and_how_many():
    assert str(RunningOut("ann@x.org", 4, 60)) == "ann@x.org has 4 known units left and about 60 real tasks to come"
    assert str(RunningOut("ann", 0, 1)).startswith("ann has no known units left")


def test_the_scorecard_shows_the_share_and_who_runs_out(write):
    submissions, verdicts = write(*by_person(ann=8))
    report = read_report([submissions], [verdicts], benchmark_units=KNOWN, queue=queue(57))
    page = render_scorecard(report, campaign="Streets", as_of="now", pass_mark=0.8)
    assert "<b>5 %</b>of 60 waiting tasks known" in page
    assert "Known units run out" in page
    assert "about 57" in page
    assert "Known units run out" not in render_scorecard(
        read_report([submissions], [verdicts], benchmark_units=KNOWN), campaign="Streets", as_of="now", pass_mark=0.8
    )
