"""What was asked of the API, kept with the state, so that tests can count calls over a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.store.database import fetch
from include.encord_emulator.store.tables import REQUESTS

KEPT = 50_000
"""Requests that are remembered; older ones are forgotten, so that a long run stays small."""
PAGE = 10_000
_PRUNE_EVERY = 1_000


@dataclass(slots=True)
class Entry:
    """
    One API request.

    :param target: path and query, as they were signed.
    :param route: the call without its ids: ``POST projects/{project}/priorities``, or ``labelrow PUT``.
    :param status: HTTP status; ``None`` when the connection was closed before anything happened.
    """

    method: str
    path: str
    at: str
    target: str = ""
    route: str = ""
    query_type: str | None = None
    query_method: str | None = None
    user: str | None = None
    signature: str | None = None
    status: int | None = None

    @property
    def line(self) -> str:
        """The request in one line, for fault rules: ``GET /v2/public/...``, ``POST /public labelrow PUT``."""
        query = f" {self.query_type} {self.query_method}" if self.query_type else ""
        return f"{self.method} {self.path}{query}"


def write(connection: sa.Connection, entry: Entry) -> None:
    """Add a request; in the transaction of the request itself where that one is kept."""
    values = {name: getattr(entry, name) for name in entry.__slots__ if name != "target"}
    inserted = connection.execute(REQUESTS.insert().values(**values)).inserted_primary_key
    number = int(inserted[0]) if inserted else 0
    if number % _PRUNE_EVERY == 0:
        connection.execute(REQUESTS.delete().where(REQUESTS.c.seq <= number - KEPT))


def read(connection: sa.Connection, after: int) -> list[dict[str, Any]]:
    """Return the requests with a number above ``after``, oldest first, at most ``PAGE``."""
    statement = sa.select(REQUESTS).where(REQUESTS.c.seq > after).order_by(REQUESTS.c.seq).limit(PAGE)
    return [{"n": row.pop("seq"), **row} for row in fetch(connection, statement)]


def counts(connection: sa.Connection, after: int = 0) -> dict[str, int]:
    """Return how often each call was made with a number above ``after``, the most frequent first."""
    times = sa.func.count().label("times")
    statement = sa.select(REQUESTS.c.route, times).where(REQUESTS.c.seq > after).group_by(REQUESTS.c.route)
    return {row["route"]: row["times"] for row in fetch(connection, statement.order_by(times.desc(), REQUESTS.c.route))}


def totals(connection: sa.Connection) -> dict[str, int]:
    """Return how many requests ever came, and of those still remembered how many were refused or are left out."""
    status = REQUESTS.c.status
    numbers = (
        sa.func.max(REQUESTS.c.seq),
        sa.func.count().filter(status >= 400),
        sa.func.count().filter(status == 501),
    )
    requests, refused, left_out = connection.execute(sa.select(*numbers)).one()
    return {"requests": int(requests or 0), "refused_requests": refused, "left_out_requests": left_out}
