"""Time as the emulator keeps it: UTC, ISO 8601 with microseconds, so that text sorts like time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> str:
    """Return the present moment."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def shift(stamp: str, seconds: float) -> str:
    """Return ``stamp`` moved by ``seconds``, which may be negative."""
    return (datetime.fromisoformat(stamp) + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def seconds_between(start: str, end: str) -> float:
    """Return the seconds from ``start`` to ``end``."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def parse(text: str) -> str:
    """
    Return any ISO 8601 moment in the form kept here; one without a zone is taken as UTC.

    :raises ValueError: it is no moment, or so far out that UTC's calendar does not reach it.
    """
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        raise ValueError(f"{text!r} is outside the calendar") from None


def blob_stamp(stamp: str) -> str:
    """Return the form that label blobs carry, ``2023-03-21 10:25:48``."""
    return datetime.fromisoformat(stamp).strftime("%Y-%m-%d %H:%M:%S")


def long_stamp(stamp: str) -> str:
    """Return the form that single labels carry, ``Tue, 21 Mar 2023 11:21:51 GMT``."""
    return datetime.fromisoformat(stamp).strftime("%a, %d %b %Y %H:%M:%S GMT")


def unix(stamp: str) -> float:
    """Return the seconds since 1970."""
    return datetime.fromisoformat(stamp).timestamp()
