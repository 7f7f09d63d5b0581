"""Cloud integrations."""

from __future__ import annotations

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import not_found
from include.encord_emulator.store.tables import INTEGRATIONS


def require_integration(call: Call, uuid: str) -> None:
    """Refuse with 404 an integration that is not there."""
    if call.fetch_one(sa.select(INTEGRATIONS.c.uuid).where(INTEGRATIONS.c.uuid == uuid)) is None:
        raise not_found("cloud integration", uuid)


def is_strict(call: Call, uuid: str | None) -> bool:
    """Tell whether an integration is for clients only: Encord then cannot read the files, people's browsers can."""
    found = call.fetch_one(sa.select(INTEGRATIONS.c.is_strict).where(INTEGRATIONS.c.uuid == uuid)) if uuid else None
    return found is not None and bool(found["is_strict"])
