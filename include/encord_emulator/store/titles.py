"""Titles, of which there may or may not be two alike."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import exists


def refuse_taken_title(call: Call, kind: str, column: sa.Column[Any], title: str) -> None:
    """Refuse a second thing of one title where the switch ``unique_titles`` says so; ``column`` has the titles."""
    if call.switches["unique_titles"] and call.fetch_one(sa.select(column).where(column == title)) is not None:
        raise exists(kind, title)
