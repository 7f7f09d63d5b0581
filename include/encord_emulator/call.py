"""One API request as a handler sees it, and the registry of handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.datastructures import QueryParams

from include.encord_emulator.errors import ApiError
from include.encord_emulator.store.database import Record, fetch, fetch_one, insert
from include.encord_emulator.wire.payload import P, query_document, read

if TYPE_CHECKING:
    import sqlalchemy as sa

LONG_POLL_LIMIT_S = 60
"""The longest that a client is kept waiting; the SDK gives up after 180 s without an answer."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """What a long poll returns while there is nothing to say: ask again in ``seconds``."""

    seconds: float


@dataclass(slots=True)
class Call:
    """
    A verified request inside its transaction.

    :param user: e-mail of the caller.
    :param now: the moment of the request, one for everything it does.
    :param waited: seconds since the request arrived, for long polls.
    :param resource_id: legacy only: the project or dataset the request is scoped to.
    :param uid: legacy only: ``values.uid``.
    :param base_url: scheme and host as the caller sees them, for the URLs that an answer holds.
    """

    connection: sa.Connection
    user: str
    now: str
    switches: Mapping[str, Any]
    path: Mapping[str, str] = field(default_factory=dict)
    query: QueryParams = field(default_factory=QueryParams)
    body: Any = None
    waited: float = 0.0
    resource_id: str = ""
    uid: Any = None
    base_url: str = ""

    def fetch(self, statement: sa.Select[Any]) -> list[Record]:
        return fetch(self.connection, statement)

    def fetch_one(self, statement: sa.Select[Any]) -> Record | None:
        return fetch_one(self.connection, statement)

    def insert(self, table: sa.Table, *records: Mapping[str, Any]) -> None:
        insert(self.connection, table, records)

    def path_uuid(self, name: str) -> str:
        """Return a uuid of the path in its usual spelling; anything else is refused with 422."""
        try:
            return str(UUID(self.path[name]))
        except ValueError:
            raise ApiError(422, f"path: {self.path[name]!r} is not a uuid ({name})") from None

    def read(self, model: type[P]) -> P:
        """Return the body as its model; what does not fit is refused with 422."""
        return read(model, self.body, "body")

    def arguments(self, model: type[P]) -> P:
        """Return the query string as its model; what does not fit is refused with 422."""
        return read(model, query_document(model, self.query), "query")


Handler = Callable[[Call], Any]


class Routes:
    """The handlers of one resource: v2 by method and path, legacy by query type and method."""

    def __init__(self) -> None:
        self.v2: list[tuple[str, str, Handler]] = []
        self.legacy: dict[tuple[str, str], Handler] = {}

    def on(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Register a handler for ``/v2/public/<path>``."""

        def register(handler: Handler) -> Handler:
            self.v2.append((method, path, handler))
            return handler

        return register

    def query(self, query_type: str, query_method: str) -> Callable[[Handler], Handler]:
        """Register a handler for a legacy query."""

        def register(handler: Handler) -> Handler:
            self.legacy[query_type, query_method] = handler
            return handler

        return register
