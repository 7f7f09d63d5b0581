"""Everything one running emulator holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.faults import Faults
from include.encord_emulator.limits import RateLimiter
from include.encord_emulator.seeding.apply import add_shipped_templates, apply_seed
from include.encord_emulator.seeding.document import Seed, parse_seed
from include.encord_emulator.store.database import Database
from include.encord_emulator.switches import Switches

if TYPE_CHECKING:
    import sqlalchemy as sa

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OWNER = "seed@encord-emulator.invalid"
"""Who made what comes from a seed that names no admin."""


class World:
    """
    State, switches and fault rules.

    :param db: path of the SQLite file, or ``":memory:"``.
    :param seeds: seeds that are applied at the first start and after a reset; what is there already stays.
    :param switches: settings that win over those of seeds.
    :param hosts: names under which the control plane answers.
    """

    def __init__(
        self, db: str = ":memory:", seeds: Sequence[Seed] = (), switches: dict[str, Any] | None = None,
        hosts: frozenset[str] = LOOPBACK,
    ) -> None:  # fmt: skip
        self.database = Database(db)
        self.switches = Switches()
        self.faults = Faults()
        self.rate = RateLimiter()
        self.hosts = hosts
        self._seeds = seeds
        self._settings = switches or {}
        self._start()

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Yield a connection; see ``Database.transaction``."""
        with self.database.transaction() as connection:
            yield connection

    def seed(self, document: Any) -> None:
        """Add what a seed document names and the state lacks; its files are looked for in the working directory."""
        seed = parse_seed(document, Path.cwd())
        try:
            with self.transaction() as connection:
                self._apply(connection, seed)
        except Exception:
            with self.transaction() as connection:
                self.switches.load(connection)
            raise

    def reset(self) -> None:
        """Go back to the state of a first start, with the seeds it was given."""
        self.faults.remove()
        self.rate = RateLimiter()
        self.database.clear()
        self._start()

    def _start(self) -> None:
        with self.transaction() as connection:
            add_shipped_templates(connection)
            self.switches.load(connection)
            self.switches.change(connection, self._settings)
            for seed in self._seeds:
                self._apply(connection, seed)

    def _apply(self, connection: sa.Connection, seed: Seed) -> None:
        self.switches.change(connection, seed.switches | self._settings)
        owner = next((user.email for user in seed.users if user.role == "admin"), OWNER)
        apply_seed(Call(connection, owner, clock.now(), self.switches), seed)
