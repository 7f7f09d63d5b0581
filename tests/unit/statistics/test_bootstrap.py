from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from include.benchmark_qa.statistics import bootstrap as ours
from include.benchmark_qa.statistics.bootstrap import bootstrap_interval

ROUND_SCORES = st.lists(st.floats(0, 1).map(lambda score: round(score, 3)), min_size=2, max_size=30)


@settings(deadline=None)
@given(ROUND_SCORES.filter(lambda scores: len(set(scores)) > 1), st.sampled_from([0.9, 0.95]))
def test_bca_intervals_as_in_scipy_from_the_same_draws(scores, confidence):
    resamples = 999
    ordered = np.sort(np.array(scores))
    expected = bootstrap(
        (ordered,),
        np.mean,
        n_resamples=resamples,
        confidence_level=confidence,
        method="BCa",
        rng=np.random.default_rng(ours._seed(ordered)),
    ).confidence_interval
    assert bootstrap_interval(scores, confidence, resamples) == pytest.approx(tuple(expected), abs=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_the_order_does_not_matter_and_the_interval_holds_together(scores, random):
    shuffled = list(scores)
    random.shuffle(shuffled)
    low, high = bootstrap_interval(scores, resamples=200)
    assert (low, high) == bootstrap_interval(shuffled, resamples=200)
    assert min(scores) <= low <= high <= max(scores)


def test_drawing_in_parts_changes_nothing(monkeypatch):
    scores = np.random.default_rng(1).random(50)
    at_once = bootstrap_interval(scores)
    monkeypatch.setattr(ours, "DRAWS_AT_ONCE", 777)
    assert bootstrap_interval(scores) == at_once


def test_the_interval_holds_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    samples = rng.beta(8, 2, (300, 40))  # mean 0.8
    held = [low <= 0.8 <= high for low, high in (bootstrap_interval(sample, resamples=500) for sample in samples)]
    assert 0.90 <= np.mean(held) <= 0.99


@pytest.mark.parametrize("shape", [(8, 2), (0.3, 3), (2, 2)])
def test_of_many_scores_the_interval_is_that_of_very_many_draws(shape):
    scores = np.random.default_rng(3).beta(*shape, ours.MOST_DRAWN + 1)
    low, high = bootstrap_interval(scores)
    ends = bootstrap(
        (scores,), np.mean, n_resamples=20_000, method="BCa", batch=500, rng=np.random.default_rng(4)
    ).confidence_interval
    assert (low, high) == pytest.approx(tuple(ends), abs=0.03 * (high - low))
    assert (low, high) == bootstrap_interval(scores[::-1])


@pytest.mark.parametrize("scores", [[], [0.7], [math.nan, 0.7], [math.nan] * 5])
def test_fewer_than_two_scores_have_no_interval(scores):
    assert bootstrap_interval(scores) is None


def test_scores_that_were_not_computed_are_left_out():
    assert bootstrap_interval([0.5, math.nan, 0.9, 1.0]) == bootstrap_interval([0.5, 0.9, 1.0])


def test_equal_scores_have_an_interval_without_width():
    assert bootstrap_interval([0.1] * 7) == (0.1, 0.1)


def test_a_few_draws_that_all_lie_on_one_side_still_have_an_interval():
    low, high = bootstrap_interval([0.0] + [1.0] * 40, resamples=1)
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize("changed", [{"confidence": 1.0}, {"confidence": math.nan}, {"resamples": 0}])
def test_impossible_settings_are_refused(changed):
    with pytest.raises(ValueError, match="confidence must be"):
        bootstrap_interval([0.1, 0.2], **changed)


def test_infinite_scores_are_refused():
    with pytest.raises(ValueError, match="finite"):
        bootstrap_interval([0.1, math.inf])
