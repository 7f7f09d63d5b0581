from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from encord.exceptions import AuthenticationError, RateLimitExceededError, UnknownException

from encord_provider.adapters import patience
from encord_provider.adapters.patience import (
    JITTER,
    LONGEST_PAUSE,
    LONGEST_RETRY_AFTER,
    PASSING,
    patiently,
    pause_after,
)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Take the place of sleeping; return how long it would have been."""
    pauses: list[float] = []
    monkeypatch.setattr(patience, "time", SimpleNamespace(sleep=pauses.append, time=time.time))
    return pauses


def failing(*errors: Exception) -> Any:
    """Return a call that raises these errors, one a time, and then returns."""
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


@pytest.mark.parametrize(
    ("error", "failures", "least"),
    [
        (UnknownException("503"), 1, 2.0),
        (UnknownException("503"), 3, 8.0),
        (UnknownException("503"), 1000, LONGEST_PAUSE),
        (RateLimitExceededError(retry_after=30), 1, 30.0),
        (RateLimitExceededError(retry_after=3), 3, 8.0),
        (RateLimitExceededError(), 2, 4.0),
        (RateLimitExceededError(retry_after=10**9), 1, LONGEST_RETRY_AFTER),
    ],
)
def test_a_pause_grows_or_is_what_encord_asks_for(error: Exception, failures: int, least: float) -> None:
    pauses = [pause_after(error, 2.0, failures) for _ in range(50)]
    assert least <= min(pauses) < max(pauses) <= least * (1 + JITTER)


def test_a_long_interval_is_not_cut_short_by_the_longest_pause() -> None:
    assert pause_after(UnknownException("503"), 2 * LONGEST_PAUSE, 5) >= 2 * LONGEST_PAUSE


def test_a_storm_is_waited_out_with_growing_pauses(slept: list[float]) -> None:
    storm = [UnknownException("503") for _ in range(4)]
    assert patiently(failing(*storm), pause=1.0, end_time=time.time() + 600, passing=PASSING) == "done"
    assert [int(pause / (1 + JITTER)) <= 2**step <= pause for step, pause in enumerate(slept)] == [True] * 4


def test_a_fault_is_raised_when_its_pause_would_last_too_long(slept: list[float]) -> None:
    with pytest.raises(RateLimitExceededError):
        patiently(failing(RateLimitExceededError(retry_after=60)), pause=1.0, end_time=time.time() + 30)
    assert slept == []


@pytest.mark.parametrize("error", [AuthenticationError("no"), ValueError("no")])
def test_what_does_not_pass_is_raised_at_once(slept: list[float], error: Exception) -> None:
    with pytest.raises(type(error)):
        patiently(failing(error), pause=1.0, end_time=time.time() + 600, passing=PASSING)
    assert slept == []


def test_what_may_not_be_repeated_is_raised_at_once(slept: list[float]) -> None:
    with pytest.raises(UnknownException):
        patiently(failing(UnknownException("503")), pause=1.0, end_time=time.time() + 600)
    assert slept == []
