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
