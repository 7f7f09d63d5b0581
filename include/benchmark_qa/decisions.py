from __future__ import annotations

import math
from enum import StrEnum
from statistics import NormalDist


class Decision(StrEnum):
    """What is known of an annotator: good enough, not good enough, or not enough seen to say."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    UNDECIDED = "UNDECIDED"


def wilson_interval(passes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """
    Return the Wilson score interval of a share of passes (E. B. Wilson, 1927).

    With z the normal quantile of the confidence and p = passes / n:
    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n).

    :param passes: successes, 0 to n.
    :param n: trials; with none the interval says nothing, (0, 1).
    :param confidence: in (0, 1).
    :return: lower and upper end in [0, 1].
    :raises ValueError: for counts or a confidence outside these ranges.

    >>> [round(end, 3) for end in wilson_interval(9, 10)]
    [0.596, 0.982]
    """
    if not 0 <= passes <= n:
        raise ValueError(f"passes must be between 0 and n = {n}, not {passes}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, not {confidence}")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, shrink = passes / n, 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / shrink
    # The ends of 0/n and n/n are 0 and 1 on paper; rounding must not say otherwise.
    return (0.0 if passes == 0 else max(0.0, centre - half)), (1.0 if passes == n else min(1.0, centre + half))


def decide(passes: int, n: int, required_pass_rate: float = 0.8, min_tasks: int = 10) -> Decision:
    """
    Decide on an annotator from ``passes`` of ``n`` scored submissions.

    PASS when the whole 95 % Wilson interval is at or above the required rate, FAIL when it is below, else UNDECIDED;
    and UNDECIDED as long as fewer than ``min_tasks`` are scored.
    """
    low, high = wilson_interval(passes, n)
    if n < min_tasks:
        return Decision.UNDECIDED
    if low >= required_pass_rate:
        return Decision.PASS
    return Decision.FAIL if high < required_pass_rate else Decision.UNDECIDED
