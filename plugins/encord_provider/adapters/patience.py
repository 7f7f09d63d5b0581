"""What to do when Encord is busy: come back when it says so."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")

RATE_LIMIT = frozenset({"RateLimitExceededError"})
"""Nothing was done: safe to ask again, whatever was asked."""
PASSING = RATE_LIMIT | {"RequestException", "TimeOutError", "UnknownException"}
"""Faults of the way to Encord, or of Encord itself: the next look may find them gone."""


def is_one_of(error: Exception, names: frozenset[str]) -> bool:
    """Tell whether an error is one of the SDK's of these names, without importing the SDK."""
    return type(error).__name__ in names


def pause_after(error: Exception, pause: float) -> float:
    """Return after how many seconds to ask again: what Encord asks for, or ``pause`` if that is longer."""
    return max(pause, float(getattr(error, "retry_after", None) or 0))


def patiently(call: Callable[[], T], *, pause: float, end_time: float, passing: frozenset[str] = RATE_LIMIT) -> T:
    """
    Return what a call returns, asking again after faults that pass.

    :param pause: seconds between two tries, or longer if Encord says so
    :param end_time: after this, in seconds since the epoch, a fault is raised
    :param passing: names of the faults after which the call may be repeated
    """
    while True:
        try:
            return call()
        except Exception as error:
            wait = pause_after(error, pause)
            if not is_one_of(error, passing) or time.time() + wait >= end_time:
                raise
            log.warning("Encord did not answer, asking again in %.0f s: %s", wait, error)
            time.sleep(wait)
