"""The present settings of the switches, and setting them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import fetch
from include.encord_emulator.store.tables import SWITCHES
from include.encord_emulator.switch_table import TABLE, Switch, Value

_BY_NAME = {switch.name: switch for switch in TABLE}


class Switches(Mapping[str, Any]):
    """The present settings: a mapping, kept in the database."""

    def __init__(self) -> None:
        self._set: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Any:
        return self._set.get(name, _BY_NAME[name].default)

    def __iter__(self) -> Iterator[str]:
        return iter(_BY_NAME)

    def __len__(self) -> int:
        return len(_BY_NAME)

    def load(self, connection: sa.Connection) -> None:
        """Read the settings back, after a restart or a reset."""
        self._set = {row["name"]: row["value"] for row in fetch(connection, sa.select(SWITCHES))}

    def change(self, connection: sa.Connection, wanted: Mapping[str, Any]) -> None:
        """Set switches by name; one wrong name or value changes nothing."""
        settings = {name: _switch(name).check(value) for name, value in wanted.items()}
        for name, value in settings.items():
            connection.execute(SWITCHES.delete().where(SWITCHES.c.name == name))
            connection.execute(SWITCHES.insert().values(name=name, value=value))
        self.load(connection)


def from_text(settings: Mapping[str, str]) -> dict[str, Any]:
    """Return settings as the command line gives them, in words, as values."""
    return {name: _switch(name).from_text(text) for name, text in settings.items()}


def _switch(name: str) -> Switch:
    if name not in _BY_NAME:
        raise invalid(f"switch {name!r} is unknown; there are {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def describe() -> str:
    """Return the table for people, in Markdown."""
    rows = (
        (f"`{switch.name}`", switch.choices, switch.shown_default, switch.evidence, switch.meaning) for switch in TABLE
    )
    head = ("switch", "values", "default", "evidence", "meaning"), ("---",) * 5
    return "\n".join(f"| {' | '.join(row)} |" for row in (*head, *rows))
