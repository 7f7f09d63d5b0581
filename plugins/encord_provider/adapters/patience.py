"""What to do when Encord is busy: come back when it says so, else later each time."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")

RATE_LIMIT = frozenset({"RateLimitExceededError"})
"""Nothing was done: safe to ask again, whatever was asked."""
PASSING = RATE_LIMIT | {"RequestException", "TimeOutError", "UnknownException"}
"""Faults of the way to Encord, or of Encord itself: the next look may find them gone."""

LONGEST_PAUSE = 600.0
"""Seconds to which pauses grow, so that the end of a long outage is noticed."""
LONGEST_RETRY_AFTER = 3600.0
"""Seconds that a Retry-After is believed: a wrong one must not stop a campaign for good."""
JITTER = 0.25
"""Share of a pause that is added by chance: many campaigns must not come back in the same moment."""


def is_one_of(error: Exception, names: frozenset[str]) -> bool:
    """Tell whether an error is one of the SDK's of these names, without importing the SDK."""
    return type(error).__name__ in names


def pause_after(error: Exception, pause: float, failures: int = 1) -> float:
    """
    Return after how many seconds to ask again.

    At least what Encord asks for by Retry-After, up to ``LONGEST_RETRY_AFTER``; else ``pause``, doubled with each
    failure in a row up to ``LONGEST_PAUSE``; and a little by chance.

    :param pause: seconds between two looks that go well
    :param failures: how many looks have failed in a row, this one included
    """
    grown = min(pause * 2.0 ** min(failures - 1, 32), max(pause, LONGEST_PAUSE))
    asked = min(float(getattr(error, "retry_after", None) or 0), LONGEST_RETRY_AFTER)
    return max(grown, asked) * random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret


def patiently(call: Callable[[], T], *, pause: float, end_time: float, passing: frozenset[str] = RATE_LIMIT) -> T:
    """
    Return what a call returns, asking again after faults that pass.

    :param pause: seconds before the second try; see :func:`pause_after`
    :param end_time: a fault whose pause would last beyond this, in seconds since the epoch, is raised
    :param passing: names of the faults after which the call may be repeated
    """
    failures = 0
    while True:
        try:
            return call()
        except Exception as error:
            failures += 1
            wait = pause_after(error, pause, failures)
            if not is_one_of(error, passing) or time.time() + wait >= end_time:
                raise
            log.warning("Encord did not answer, asking again in %.0f s: %s", wait, error)
            time.sleep(wait)
