"""What was asked of the API, kept with the state, so that tests can count calls over a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.store.database import fetch
from include.encord_emulator.store.tables import REQUESTS

PAGE = 10_000


@dataclass(slots=True)
class Entry:
    """One API request; ``status`` is None when the connection was closed before anything happened."""

    method: str
    path: str
    at: str
    query_type: str | None = None
    query_method: str | None = None
    user: str | None = None
    signature: str | None = None
    status: int | None = None


def write(connection: sa.Connection, entry: Entry) -> None:
    """Add a request; in the transaction of the request itself where that one is kept."""
    values = {name: getattr(entry, name) for name in entry.__slots__}
    connection.execute(REQUESTS.insert().values(**values))


def read(connection: sa.Connection, after: int) -> list[dict[str, Any]]:
    """Return the requests with a number above ``after``, oldest first, at most ``PAGE``."""
    statement = sa.select(REQUESTS).where(REQUESTS.c.seq > after).order_by(REQUESTS.c.seq).limit(PAGE)
    return [{"n": row.pop("seq"), **row} for row in fetch(connection, statement)]


def counts(connection: sa.Connection) -> tuple[int, int]:
    """Return how many requests came and how many of them were refused."""
    refused = sa.func.count().filter(REQUESTS.c.status >= 400)
    total, refused_count = connection.execute(sa.select(sa.func.count(), refused).select_from(REQUESTS)).one()
    return int(total), int(refused_count)
