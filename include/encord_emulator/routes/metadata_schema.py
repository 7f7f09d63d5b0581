"""The organisation's schema of client metadata, under its present call and the deprecated one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.tables import METADATA_SCHEMAS
from include.encord_emulator.wire.metadata_schema import MetadataSchema, OldMetadataSchema, from_old, to_old
from include.encord_emulator.wire.organisation import ORGANISATION_ID

routes = Routes()


def _schema(call: Call) -> Record | None:
    return call.fetch_one(sa.select(METADATA_SCHEMAS))


def _keep(call: Call, document: dict[str, Any]) -> None:
    """Replace the schema as a whole: Encord's documentation warns that an import overwrites the present one."""
    changes = {"document": document, "edited_at": call.now}
    if _schema(call) is None:
        call.insert(METADATA_SCHEMAS, {"uuid": str(uuid4()), "created_at": call.now} | changes)
    else:
        call.connection.execute(METADATA_SCHEMAS.update().values(**changes))


@routes.on("GET", "organisation/client-metadata-schema-v2")
def get_schema(call: Call) -> Any:
    schema = _schema(call)
    return schema["document"] if schema else None


@routes.on("POST", "organisation/client-metadata-schema-v2")
def set_schema(call: Call) -> Any:
    _keep(call, call.read(MetadataSchema).model_dump())


@routes.on("GET", "organisation/client-metadata-schema")
def get_old_schema(call: Call) -> Any:
    schema = _schema(call)
    if schema is None:
        return None
    types = {key: to_old(option) for key, option in schema["document"].items()}
    return {
        "uuid": schema["uuid"],
        "metadataSchema": {key: old_type for key, old_type in types.items() if old_type is not None},
        "organisationId": ORGANISATION_ID,
        "createdAt": schema["created_at"],
        "updatedAt": schema["edited_at"],
    }


@routes.on("POST", "organisation/client-metadata-schema")
def set_old_schema(call: Call) -> Any:
    types, before = call.read(OldMetadataSchema).root, (_schema(call) or {"document": {}})["document"]
    try:
        _keep(call, {key: from_old(key, old_type, before.get(key, {})) for key, old_type in types.items()})
    except ValueError as error:
        raise invalid(str(error)) from None
