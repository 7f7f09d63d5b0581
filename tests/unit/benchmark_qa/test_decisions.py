from __future__ import annotations

import pytest

from include.benchmark_qa.decisions import Decision, decide, wilson_interval


@pytest.mark.parametrize(
    ("passes", "n", "low", "high"),
    [
        (5, 5, 0.566, 1.0),
        (9, 10, 0.596, 0.982),
        (18, 20, 0.699, 0.972),
        (48, 50, 0.865, 0.989),
        (19, 38, 0.3485, 0.6515),
    ],
)
def test_wilson_intervals_of_the_table(passes, n, low, high):
    assert wilson_interval(passes, n) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize("n", [1, 7, 100])
def test_the_ends_of_none_and_all_are_exact(n):
    assert wilson_interval(0, n)[0] == 0.0
    assert wilson_interval(n, n)[1] == 1.0


def test_no_trials_say_nothing():
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_more_confidence_is_a_wider_interval():
    low, high = wilson_interval(9, 10, confidence=0.99)
    assert low < wilson_interval(9, 10)[0]
    assert high > wilson_interval(9, 10)[1]


@pytest.mark.parametrize(("passes", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts_are_refused(passes, n):
    with pytest.raises(ValueError, match="between 0 and n = 5"):
        wilson_interval(passes, n)


@pytest.mark.parametrize(
    ("passes", "n", "decision"),
    [
        (48, 50, Decision.PASS),
        (18, 20, Decision.UNDECIDED),
        (19, 38, Decision.FAIL),
        (0, 9, Decision.UNDECIDED),
        (0, 10, Decision.FAIL),
        (0, 0, Decision.UNDECIDED),
    ],
)
def test_decision_in_three_states(passes, n, decision):
    assert decide(passes, n, required_pass_rate=0.8, min_tasks=10) is decision


def test_min_tasks_holds_back_a_certain_pass():
    assert decide(50, 50, required_pass_rate=0.8, min_tasks=51) is Decision.UNDECIDED
