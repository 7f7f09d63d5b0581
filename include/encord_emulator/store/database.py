"""One SQLite database, one connection, one transaction a request."""

from __future__ import annotations

import fcntl
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from include.encord_emulator.errors import invalid
from include.encord_emulator.store.tables import METADATA

Record = dict[str, Any]
IN_LIST_LIMIT = 5000
"""Values in one SQL ``IN``; SQLite's own limit is 32,766 variables a statement."""


def _tables_version() -> int:
    """Return a number that changes with the tables."""
    columns = [f"{table.name}.{column.name}" for table in METADATA.sorted_tables for column in table.columns]
    return zlib.crc32(" ".join(columns).encode()) & 0x7FFFFFFF


TABLES_VERSION = _tables_version()


class HasConnection(Protocol):
    """Whatever carries the transaction of a request."""

    connection: sa.Connection


class Database:
    """
    The emulator's state.

    :param db: path of the SQLite file, or ``":memory:"``.
    :raises ApiError: the file was written with other tables than this version has, or another emulator uses it.
    """

    def __init__(self, db: str) -> None:
        if db != ":memory:":
            Path(db).parent.mkdir(parents=True, exist_ok=True)
        self._held = None if db == ":memory:" else _hold(db)
        self._lock = threading.Lock()
        self._engine = sa.create_engine(
            f"sqlite:///{db}",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
        )
        try:
            self._prepare(db)
        except sa.exc.DatabaseError as error:
            raise invalid(f"{db}: {error.orig}") from None

    def _prepare(self, db: str) -> None:
        with self._engine.begin() as connection:
            # In WAL mode NORMAL survives the death of the process, only not that of the machine.
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            written = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if sa.inspect(connection).get_table_names() and written != TABLES_VERSION:
                raise invalid(
                    f"{db} was written by another version of the emulator: delete it (for the demo: make clean), "
                    "or name another file"
                )
            connection.exec_driver_sql(f"PRAGMA user_version={TABLES_VERSION}")
            METADATA.create_all(connection)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Yield a connection whose changes are kept together, or, if the block raises, not at all."""
        with self._lock, self._engine.begin() as connection:
            yield connection

    def clear(self) -> None:
        """Empty every table."""
        with self.transaction() as connection:
            for table in METADATA.sorted_tables:
                connection.execute(table.delete())

    def close(self) -> None:
        """Release the file."""
        self._engine.dispose()
        if self._held is not None:
            self._held.close()


def _hold(db: str) -> BinaryIO:
    """Keep a second emulator off a file: each of them has its switches and its rate limits in memory."""
    file = Path(db).open("ab")  # noqa: SIM115 - open for as long as the database
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise invalid(f"{db} is in use by another emulator") from None
    except OSError:  # a file system that knows no locks
        return file
    return file


def fetch(connection: sa.Connection, statement: sa.Select[Any]) -> list[Record]:
    """Return all rows of a query."""
    result = connection.execute(statement)
    # SQLAlchemy's keys are a subclass of str, which orjson does not take for keys.
    names = [str(name) for name in result.keys()]  # noqa: SIM118 - not a mapping
    return [dict(zip(names, row, strict=True)) for row in result]


def fetch_one(connection: sa.Connection, statement: sa.Select[Any]) -> Record | None:
    """Return the first row of a query, or ``None``."""
    return next(iter(fetch(connection, statement.limit(1))), None)


def fetch_in(
    connection: sa.Connection, statement: sa.Select[Any], column: sa.Column[Any], values: Sequence[str]
) -> list[Record]:
    """Return the rows whose ``column`` is among ``values``, however many these are."""
    found: list[Record] = []
    for start in range(0, len(values), IN_LIST_LIMIT):
        found += fetch(connection, statement.where(column.in_(values[start : start + IN_LIST_LIMIT])))
    return found


def insert(connection: sa.Connection, table: sa.Table, records: Sequence[Mapping[str, Any]]) -> None:
    """Insert records, all with the same keys; none is fine."""
    if records:
        connection.execute(table.insert(), list(records))


def update_in(
    connection: sa.Connection, table: sa.Table, column: str, values: Sequence[str], changes: Mapping[str, Any]
) -> None:
    """Give the rows whose ``column`` is among ``values`` the same ``changes``."""
    for start in range(0, len(values), IN_LIST_LIMIT):
        chosen = table.c[column].in_(values[start : start + IN_LIST_LIMIT])
        connection.execute(table.update().where(chosen).values(**changes))


def delete_in(connection: sa.Connection, table: sa.Table, column: str, values: Sequence[str]) -> None:
    """Delete the rows whose ``column`` is among ``values``."""
    for start in range(0, len(values), IN_LIST_LIMIT):
        chosen = table.c[column].in_(values[start : start + IN_LIST_LIMIT])
        connection.execute(table.delete().where(chosen))
