from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scipy.special import betaincc

from include.benchmark_qa.decisions import wilson_interval


class Trend(StrEnum):
    """Whether the last submissions went better than those before."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE_SHOWN = "no difference shown"


@dataclass(frozen=True, slots=True)
class PassTrend:
    """
    The last submissions of an annotator against those before.

    ``*_interval`` are 95 % Wilson intervals of the pass rates; ``difference_interval`` is Newcombe's of the recent
    rate minus the earlier one.
    """

    direction: Trend
    recent_passes: int
    recent: int
    recent_interval: tuple[float, float]
    earlier_passes: int
    earlier: int
    earlier_interval: tuple[float, float]
    difference_interval: tuple[float, float]


def jeffreys_probability(passes: int, n: int, target: float) -> float:
    """
    Return the probability that the true pass rate is at least ``target``, given ``passes`` of ``n``.

    The posterior under Jeffreys' prior is Beta(passes + 1/2, n - passes + 1/2) (L. D. Brown, T. T. Cai and
    A. DasGupta, Interval estimation for a binomial proportion, 2001). With no trials it is what the prior says.

    :param passes: successes, 0 to n.
    :param n: trials.
    :param target: in [0, 1].
    :return: in [0, 1]; 1 for a target of 0, 0 for a target of 1.
    :raises ValueError: for counts or a target outside these ranges.

    >>> round(jeffreys_probability(48, 50, 0.8), 3)
    0.999
    """
    if not 0 <= passes <= n:
        raise ValueError(f"passes must be between 0 and n = {n}, not {passes}")
    if not 0 <= target <= 1:
        raise ValueError(f"target must be between 0 and 1, not {target}")
    return float(betaincc(passes + 0.5, n - passes + 0.5, target))


def newcombe_interval(
    passes: int, n: int, other_passes: int, other_n: int, confidence: float = 0.95
) -> tuple[float, float]:
    """
    Return the interval of the difference of two independent shares, ``passes / n`` minus ``other_passes / other_n``.

    Newcombe's hybrid score interval: with the Wilson intervals (l, u) and (l', u') of the shares p and p',
    (p - p') - sqrt((p - l)² + (u' - p')²) to (p - p') + sqrt((u - p)² + (p' - l')²)
    (R. G. Newcombe, Interval estimation for the difference between independent proportions, 1998, method 10).

    :param passes: successes of the first share, 0 to n; likewise ``other_passes``.
    :param n: trials; where one share has none, the interval says nothing, (-1, 1).
    :param confidence: in (0, 1).
    :return: lower and upper end in [-1, 1].
    :raises ValueError: for counts or a confidence outside these ranges.

    >>> [round(end, 4) for end in newcombe_interval(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    low, high = wilson_interval(passes, n, confidence)
    other_low, other_high = wilson_interval(other_passes, other_n, confidence)
    if n == 0 or other_n == 0:
        return -1.0, 1.0
    share, other = passes / n, other_passes / other_n
    lower = share - other - math.hypot(share - low, other_high - other)
    upper = share - other + math.hypot(high - share, other - other_low)
    return max(-1.0, lower), min(1.0, upper)


def pass_trend(passed: Sequence[bool], window: int) -> PassTrend:
    """
    Compare the last ``window`` submissions with all before them.

    ``better`` when Newcombe's 95 % interval of the difference of the pass rates lies above 0, ``worse`` when it lies
    below, else ``no difference shown``: that two Wilson intervals do not overlap would be a harder test than 95 %
    asks for (N. Schenker and J. F. Gentleman, On judging the significance of differences by examining the overlap
    between confidence intervals, 2001). Too few submissions on one side show no difference.

    :param passed: the scored submissions, oldest first; the order within the window and before it does not matter.
    :param window: how many of the last ones are recent, at least 1.
    :raises ValueError: for a smaller window.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, not {window}")
    recent, earlier = passed[-window:], passed[:-window]
    recent_passes, earlier_passes = sum(map(bool, recent)), sum(map(bool, earlier))
    difference = newcombe_interval(recent_passes, len(recent), earlier_passes, len(earlier))
    return PassTrend(
        _direction(difference),
        recent_passes,
        len(recent),
        wilson_interval(recent_passes, len(recent)),
        earlier_passes,
        len(earlier),
        wilson_interval(earlier_passes, len(earlier)),
        difference,
    )


def _direction(difference: tuple[float, float]) -> Trend:
    low, high = difference
    if low > 0:
        return Trend.BETTER
    return Trend.WORSE if high < 0 else Trend.NO_DIFFERENCE_SHOWN
