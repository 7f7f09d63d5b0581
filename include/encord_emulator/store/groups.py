"""Groups of users, and what they may enter."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import not_found
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.tables import GROUPS


def require_group(call: Call, group_hash: str) -> Record:
    """Return a group of users, or refuse with 404."""
    group = call.fetch_one(sa.select(GROUPS).where(GROUPS.c.group_hash == group_hash))
    if group is None:
        raise not_found("group", group_hash)
    return group


def entity_groups(call: Call, table: sa.Table, key: dict[str, str]) -> list[Record]:
    """Return the groups that may enter what ``key`` names, each with its ``role``."""
    statement = sa.select(GROUPS, table.c.role).join(table, table.c.group_hash == GROUPS.c.group_hash)
    return call.fetch(statement.where(*(table.c[name] == value for name, value in key.items())).order_by(table.c.seq))


def admit_groups(call: Call, table: sa.Table, key: dict[str, str], groups: Sequence[str], role: int | str) -> None:
    """Let groups enter what ``key`` names; one that may already gets the new role."""
    for group_hash in dict.fromkeys(groups):
        require_group(call, group_hash)
        entry = key | {"group_hash": group_hash}
        call.connection.execute(table.delete().filter_by(**entry))
        call.insert(table, entry | {"role": role})


def dismiss_groups(call: Call, table: sa.Table, key: dict[str, str], groups: Sequence[str]) -> None:
    """Let groups enter no longer; those that could not anyway are passed over."""
    for group_hash in groups:
        call.connection.execute(table.delete().filter_by(**key, group_hash=group_hash))
