"""The title, description and date filters that all v2 listings share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from include.encord_emulator import clock
from include.encord_emulator.call import Call

if TYPE_CHECKING:
    import sqlalchemy as sa


def listing_filters(call: Call, table: sa.Table) -> Iterable[sa.ColumnElement[bool]]:
    """Yield the conditions of the query string; ``like`` is SQL's."""
    columns: dict[str, sa.Column[Any]] = {
        "title": table.c.title, "desc": table.c.description, "description": table.c.description,
    }  # fmt: skip
    for name, column in columns.items():
        if (text := call.query.get(f"{name}Eq")) is not None:
            yield column == text
        if (text := call.query.get(f"{name}Like")) is not None:
            yield column.like(text)
    for name, column in (("created", table.c.created_at), ("edited", table.c.edited_at)):
        if (text := call.query.get(f"{name}Before")) is not None:
            yield column < clock.normalise(text, f"{name}Before")
        if (text := call.query.get(f"{name}After")) is not None:
            yield column > clock.normalise(text, f"{name}After")
