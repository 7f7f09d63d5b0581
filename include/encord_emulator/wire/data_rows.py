"""Dataset rows as the legacy protocol shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from include.encord_emulator.store.database import HasConnection, Record
from include.encord_emulator.store.units import children_of
from include.encord_emulator.wire.payload import Payload

STORAGE_LOCATION = 4
"""S3 compatible; the field is a leftover at Encord too."""


class AccessSettings(Payload):
    """``DatasetAccessSettings``."""

    fetch_client_metadata: bool = False
    fetch_rows: bool = True


def row_dtos(call: HasConnection, units: Sequence[Record], *, with_metadata: bool = False) -> list[dict[str, Any]]:
    """Return units as ``DataRow``s, without signed URLs."""
    children = children_of(call.connection, units)
    return [_row_dto(unit, children.get(unit["item_uuid"]), with_metadata) for unit in units]


def _row_dto(unit: Record, children: list[Record] | None, with_metadata: bool) -> dict[str, Any]:
    media = unit["media"]
    return {
        "data_hash": unit["data_hash"],
        "data_title": unit["title"],
        "data_type": unit["data_type"].upper(),
        "created_at": unit["created_at"],
        "last_edited_at": unit["edited_at"],
        "width": media["width"],
        "height": media["height"],
        "file_link": unit["url"],
        "file_size": media["file_size"],
        "file_type": media["mime"],
        "storage_location": STORAGE_LOCATION,
        "frames_per_second": media["fps"],
        "duration": media["duration"],
        "client_metadata": unit["client_metadata"] if with_metadata else None,
        "signed_url": None,
        "is_optimised_image_group": unit["item_type"] == "imageSequence" if children is not None else None,
        "backing_item_uuid": unit["item_uuid"],
        "images_data": [_image_data(child) for child in children] if children is not None else None,
    }


def _image_data(child: Record) -> dict[str, Any]:
    """Return a frame of an image group as rows carry it, which is not how label metadata does."""
    return {
        "image_hash": child["uuid"],
        "title": child["name"],
        "file_link": child["url"],
        "file_type": child["media"]["mime"],
        "file_size": child["media"]["file_size"],
        "storage_location": STORAGE_LOCATION,
        "created_at": child["created_at"],
        "last_edited_at": child["edited_at"],
        "height": child["media"]["height"],
        "width": child["media"]["width"],
        "signed_url": None,
    }
