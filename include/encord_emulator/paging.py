"""Pages: ``{"results": [...], "nextPageToken": token or null}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from include.encord_emulator.call import Call
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import Record

if TYPE_CHECKING:
    import sqlalchemy as sa

KEY = "seq"
"""Every table has it; it rises with age."""
LONGEST_TOKEN = 18
"""Digits; more do not fit SQLite's integers."""


def whole(results: Sequence[Any]) -> dict[str, Any]:
    """Return a listing in one page."""
    return {"results": list(results), "nextPageToken": None}


def offset_page(call: Call, statement: sa.Select[Any], size: int) -> tuple[list[Record], str | None]:
    """Return one page and the token of the next, counted from the start of the listing."""
    start = _number(call)
    rows = call.fetch(statement.offset(start).limit(size + 1))
    return rows[:size], str(start + size) if len(rows) > size else None


def queue_page(call: Call, statement: sa.Select[Any], key: sa.ColumnElement[Any]) -> tuple[list[Record], str | None]:
    """
    Return one page of a listing that may shrink between two pages.

    Under ``task_paging: keyset`` the token is the last key seen, so nothing is missed; under ``offset`` it is a count,
    and entries slip through when earlier ones leave.
    """
    size = int(call.switches["page_size"])
    statement = statement.order_by(key)
    if call.switches["task_paging"] == "offset":
        return offset_page(call, statement, size)
    rows = call.fetch(statement.where(key > _number(call)).limit(size + 1))
    return rows[:size], str(rows[size - 1][KEY]) if len(rows) > size else None


def _number(call: Call) -> int:
    token = call.query.get("pageToken") or "0"
    if not token.isdecimal() or len(token) > LONGEST_TOKEN:
        raise invalid(f"pageToken: {token!r} is not one of ours")
    return int(token)
