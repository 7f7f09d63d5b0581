"""Everything one running emulator holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from include.encord_emulator.faults import Faults
from include.encord_emulator.seed import apply_seed, ensure_shipped_templates
from include.encord_emulator.store.database import Database
from include.encord_emulator.switches import Switches

if TYPE_CHECKING:
    import sqlalchemy as sa


class World:
    """
    State, switches and fault rules.

    :param state: path of the SQLite file, or ``":memory:"``.
    :param seed: a seed document, applied unless its contents are there already.
    """

    def __init__(self, state: str = ":memory:", seed: dict[str, Any] | None = None) -> None:
        self.database = Database(state)
        self.switches = Switches()
        self.faults = Faults()
        self._initial_seed = seed or {}
        self._start()

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Yield a connection; see ``Database.transaction``."""
        with self.database.transaction() as connection:
            yield connection

    def seed(self, document: dict[str, Any]) -> None:
        """Add what a seed document names and the state lacks."""
        with self.transaction() as connection:
            apply_seed(connection, document)
            self.switches.change(connection, document.get("switches") or {})

    def reset(self) -> None:
        """Go back to the state of a first start, with the seed it was given."""
        self.faults.remove()
        self.database.clear()
        self._start()

    def _start(self) -> None:
        with self.transaction() as connection:
            ensure_shipped_templates(connection)
            self.switches.load(connection)
        self.seed(self._initial_seed)
