from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from include.benchmark_qa.decisions import wilson_interval
from include.benchmark_qa.statistics.pass_rates import Trend, jeffreys_probability, newcombe_interval, pass_trend

COUNTS = st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("passes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_of_newcombe_1998_single_proportion_table_1(passes, n, low, high):
    assert wilson_interval(passes, n) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None)
@given(COUNTS.filter(lambda one: one[1] > 0), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_intervals_as_in_statsmodels(counts, confidence):
    expected = proportion_confint(*counts, alpha=1 - confidence, method="wilson")
    assert wilson_interval(*counts, confidence) == pytest.approx(expected, abs=1e-12)


# Brown, Cai and DasGupta (2001), table 5: equal-tailed 95 % Jeffreys intervals, in three digits.
@pytest.mark.parametrize(
    ("passes", "n", "low", "high"), [(5, 10, 0.224, 0.776), (4, 10, 0.153, 0.696), (3, 10, 0.093, 0.606)]
)
def test_jeffreys_intervals_of_the_literature_hold_what_they_say(passes, n, low, high):
    assert jeffreys_probability(passes, n, low) == pytest.approx(0.975, abs=1e-3)
    assert jeffreys_probability(passes, n, high) == pytest.approx(0.025, abs=1e-3)


@settings(deadline=None)
@given(COUNTS, st.floats(0, 1))
def test_jeffreys_probability_is_the_tail_of_its_beta(counts, target):
    passes, n = counts
    found = jeffreys_probability(passes, n, target)
    assert found == pytest.approx(beta(passes + 0.5, n - passes + 0.5).sf(target), abs=1e-12)
    assert 0 <= found <= 1


@settings(deadline=None)
@given(COUNTS.filter(lambda one: 0 < one[0] < one[1]))
def test_jeffreys_probability_at_the_ends_of_statsmodels_interval(counts):
    low, high = proportion_confint(*counts, alpha=0.05, method="jeffreys")
    assert jeffreys_probability(*counts, low) == pytest.approx(0.975, abs=1e-9)
    assert jeffreys_probability(*counts, high) == pytest.approx(0.025, abs=1e-9)


def test_jeffreys_probability_of_a_target_that_nobody_or_everybody_reaches():
    assert jeffreys_probability(0, 10, 0.0) == 1.0
    assert jeffreys_probability(10, 10, 1.0) == 0.0


@pytest.mark.parametrize(("passes", "n", "target"), [(-1, 5, 0.5), (6, 5, 0.5), (1, 5, 1.5), (1, 5, math.nan)])
def test_impossible_input_of_jeffreys_is_refused(passes, n, target):
    with pytest.raises(ValueError, match="must be between"):
        jeffreys_probability(passes, n, target)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_intervals_of_his_table_2(counts, low, high):
    assert newcombe_interval(*counts) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None)
@given(COUNTS.filter(lambda one: one[1] > 0), COUNTS.filter(lambda one: one[1] > 0))
def test_newcombe_intervals_as_in_statsmodels(first, second):
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert newcombe_interval(*first, *second) == pytest.approx(expected, abs=1e-9)


@given(COUNTS, COUNTS)
def test_swapping_the_shares_turns_the_interval_over(first, second):
    low, high = newcombe_interval(*first, *second)
    assert newcombe_interval(*second, *first) == pytest.approx((-high, -low), abs=1e-12)
    assert -1 <= low <= high <= 1


@pytest.mark.parametrize(
    ("passed", "direction"),
    [
        ([False] * 10 + [True] * 10, Trend.BETTER),
        ([True] * 10 + [False] * 10, Trend.WORSE),
        ([True, False] * 10, Trend.NO_DIFFERENCE_SHOWN),
        ([True] * 5, Trend.NO_DIFFERENCE_SHOWN),
        ([], Trend.NO_DIFFERENCE_SHOWN),
    ],
)
def test_trend_in_three_states(passed, direction):
    assert pass_trend(passed, window=10).direction is direction


def test_a_trend_that_overlapping_wilson_intervals_would_miss():
    trend = pass_trend([True] * 48 + [False] * 32 + [True] * 56 + [False] * 14, window=70)
    assert trend.recent_interval[0] < trend.earlier_interval[1]
    assert trend.direction is Trend.BETTER


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 70))
def test_the_order_within_the_window_and_before_it_does_not_matter(passed, window):
    ordered = sorted(passed[:-window]) + sorted(passed[-window:])
    trend = pass_trend(passed, window)
    assert trend == pass_trend(ordered, window)
    assert trend.recent + trend.earlier == len(passed)
    assert trend.recent_passes + trend.earlier_passes == sum(passed)


def test_a_window_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        pass_trend([True], window=0)
