"""The title, description and date filters that all v2 listings share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from include.encord_emulator.wire.payload import Moment, Payload

if TYPE_CHECKING:
    import sqlalchemy as sa

Like = Annotated[str, Field(max_length=1000)]
"""A pattern for SQL's LIKE; SQLite refuses those above 50,000 bytes."""


class ListingFilters(Payload):
    """What the listings of datasets, ontologies and projects take; ``like`` is SQL's."""

    title_eq: str | None = None
    title_like: Like | None = None
    desc_eq: str | None = None
    desc_like: Like | None = None
    description_eq: str | None = None
    description_like: Like | None = None
    created_before: Moment | None = None
    created_after: Moment | None = None
    edited_before: Moment | None = None
    edited_after: Moment | None = None
    include_org_access: bool = False

    def conditions(self, table: sa.Table) -> Iterator[sa.ColumnElement[bool]]:
        """Yield what a row of ``table`` must fulfil."""
        columns: dict[str, sa.Column[Any]] = {
            "title": table.c.title, "desc": table.c.description, "description": table.c.description,
        }  # fmt: skip
        for name, column in columns.items():
            if (text := getattr(self, f"{name}_eq")) is not None:
                yield column == text
            if (text := getattr(self, f"{name}_like")) is not None:
                yield column.like(text)
        for name, column in (("created", table.c.created_at), ("edited", table.c.edited_at)):
            if (moment := getattr(self, f"{name}_before")) is not None:
                yield column < moment
            if (moment := getattr(self, f"{name}_after")) is not None:
                yield column > moment
