"""Data groups: items that show other items side by side, in a layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.items import require_items
from include.encord_emulator.store.tables import GROUP_MEMBERS, ITEMS

NO_MEDIA = {
    "mime": None, "file_size": None, "width": None, "height": None, "fps": None, "duration": None, "frames": 1,
    "audio": None,
}  # fmt: skip


def make_group(
    call: Call,
    folder: Record,
    name: str | None,
    contents: Mapping[str, str],
    layout: Mapping[str, Any],
    client_metadata: Mapping[str, Any] | None,
    *,
    uuid: str | None = None,
) -> str:
    """
    Make a data group and return its uuid.

    :param contents: the members' uuids by the keys that the layout uses; they may lie in any folder.
    :param uuid: the group's own, where it is settled.
    :param layout: ``layout, layoutSettings, timeline`` as ``DataGroupShortInfo`` has them.
    """
    if not contents:
        raise invalid("A data group needs at least one item.")
    for item in require_items(call, list(contents.values())):
        if item["item_type"] == "group":
            raise invalid(f"Storage item {item['uuid']} is a data group, which cannot be in another.")
    uuid = uuid or str(uuid4())
    group = {
        "uuid": uuid,
        "folder": folder["uuid"],
        "item_type": "group",
        "name": name or f"Data group {uuid[:8]}",
        "url": None,
        "url_key": f"encord://groups/{uuid}",
        "client_metadata": client_metadata,
        "media": NO_MEDIA,
        "integration": None,
        "owner": call.user,
        "parent_item": None,
        "created_at": call.now,
        "edited_at": call.now,
        "layout": layout,
    }
    call.insert(ITEMS, group)
    members = [{"group_uuid": uuid, "key": key, "item_uuid": member} for key, member in contents.items()]
    call.insert(GROUP_MEMBERS, *members)
    return uuid


def group_layout(call: Call, item: Record) -> dict[str, Any] | None:
    """Return the ``DataGroupShortInfo`` of a data group, ``None`` for any other item."""
    if item["item_type"] != "group":
        return None
    members = sa.select(GROUP_MEMBERS).where(GROUP_MEMBERS.c.group_uuid == item["uuid"]).order_by(GROUP_MEMBERS.c.seq)
    contents = {row["key"]: {"uuid": row["item_uuid"]} for row in call.fetch(members)}
    return {"layoutContents": contents} | dict(item["layout"])


def grid_layout(keys: Sequence[str], direction: str = "row") -> dict[str, Any]:
    """Return a layout that halves the view until each key has a tile; how Encord draws its own grid is not known."""
    if len(keys) == 1:
        return {"type": "data_unit", "key": keys[0]}
    half, across = (len(keys) + 1) // 2, "column" if direction == "row" else "row"
    return {
        "direction": direction,
        "first": grid_layout(keys[:half], across),
        "second": grid_layout(keys[half:], across),
        "splitPercentage": 50.0,
    }


def carousel_layout(keys: Sequence[str]) -> dict[str, Any]:
    """Return a layout with all keys in one carousel; position and size are guesses."""
    return {"type": "data_unit_list", "keys": list(keys), "carouselPosition": "bottom", "carouselSize": 20.0}
