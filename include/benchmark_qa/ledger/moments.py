"""Moments as the ledger keeps them: text in UTC with microseconds, which sorts like time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# Edits become visible in any order around the moment they carry; what lies so near is asked for once more.
OVERLAP = timedelta(minutes=5)
# How far our clock may be off Encord's where an edit is told to the second only.
CLOCK_SKEW = timedelta(minutes=1)


def stamp(moment: datetime) -> str:
    """Return a moment as text; one without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def latest(*moments: str | None) -> str | None:
    """Return the latest moment, None where there is none."""
    return max((moment for moment in moments if moment is not None), default=None)


def edited_after(until: str | None) -> datetime | None:
    """Return from when on to ask for edits, given up to when all were seen; None for all."""
    return None if until is None else datetime.fromisoformat(until) - OVERLAP


def is_settled(edited_at: str | None, looked_at: datetime) -> bool:
    """
    Say whether an edit after a look must show another ``edited_at``.

    Where Encord tells fractions of a second, any edit does. Told to the second, two edits of one second look alike:
    only a look well after that second saw the last of them.
    """
    if edited_at is None:
        return False
    edited = datetime.fromisoformat(edited_at)
    return edited.microsecond != 0 or looked_at - edited > CLOCK_SKEW
