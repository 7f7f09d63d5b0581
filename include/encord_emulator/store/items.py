"""Storage items: finding them, and what goes with them when they are deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import forbidden, invalid
from include.encord_emulator.store.database import Record, delete_in, fetch_in, update_in
from include.encord_emulator.store.dataset_rows import remove_rows
from include.encord_emulator.store.folders import require_folder
from include.encord_emulator.store.tables import DATA_ROWS, GROUP_MEMBERS, ITEMS, MEDIA


def require_items(call: Call, uuids: Sequence[str]) -> list[Record]:
    """Return items in the order asked for, or refuse with 403 naming the first that is not there."""
    rows = fetch_in(call.connection, sa.select(ITEMS), ITEMS.c.uuid, list(dict.fromkeys(uuids)))
    found = {row["uuid"]: row for row in _placed(call, rows)}
    for uuid in uuids:
        if uuid not in found:
            raise forbidden(f"You have no access to storage item {uuid}.")
    return [found[uuid] for uuid in uuids]


def _placed(call: Call, items: list[Record]) -> list[Record]:
    """Give the frames of groups, which are in no folder of their own, the folder of their group."""
    parents = [item["parent_item"] for item in items if item["folder"] is None]
    rows = fetch_in(call.connection, sa.select(ITEMS.c.uuid, ITEMS.c.folder), ITEMS.c.uuid, parents)
    folders = {row["uuid"]: row["folder"] for row in rows}
    return [item | {"folder": item["folder"] or folders.get(item["parent_item"])} for item in items]


def items_of_folder(call: Call, folder: Record, uuids: Sequence[str]) -> list[Record]:
    """Return items that must be in a folder; an item of another one is refused with 400."""
    items = require_items(call, uuids)
    for item in items:
        if item["folder"] != folder["uuid"]:
            raise invalid(f"Storage item {item['uuid']} is not in folder {folder['uuid']}.")
    return items


def require_item_of_path(call: Call) -> Record:
    """Return the item of the path, which must be in the folder of the path."""
    folder = require_folder(call, call.path_uuid("folder"))
    return items_of_folder(call, folder, [call.path_uuid("item")])[0]


def children_of_item(call: Call, item: Record) -> list[Record]:
    """Return the frames of an image group or series, or the members of a data group, in order."""
    if item["item_type"] == "group":
        members = sa.select(GROUP_MEMBERS.c.item_uuid).where(GROUP_MEMBERS.c.group_uuid == item["uuid"])
        return require_items(call, [row["item_uuid"] for row in call.fetch(members.order_by(GROUP_MEMBERS.c.seq))])
    frames = sa.select(ITEMS).where(ITEMS.c.parent_item == item["uuid"]).order_by(ITEMS.c.seq)
    return [frame | {"folder": item["folder"]} for frame in call.fetch(frames)]


def merged_metadata(call: Call, before: dict[str, Any] | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return client metadata after an update, which ``client_metadata_patch`` tells."""
    return (before or {}) | given if call.switches["client_metadata_patch"] == "merge" else given


def delete_items(call: Call, items: Sequence[Record], *, keep_frames: bool = False) -> int:
    """
    Delete items as ``delete_used_item`` tells; return how many there were.

    :param keep_frames: leave the frames of image groups and series, as items of the folder.
    """
    uuids = [item["uuid"] for item in items]
    used = _used(call, uuids)
    if used and call.switches["delete_used_item"] == "refuse":
        raise invalid(f"{len(used)} items are in datasets or data groups, the first is {min(used)}.")
    if call.switches["delete_used_item"] == "tombstone":
        update_in(call.connection, ITEMS, "uuid", sorted(used), {"tombstone": 1, "edited_at": call.now})
        uuids = [uuid for uuid in uuids if uuid not in used]
    _remove(call, uuids, keep_frames=keep_frames)
    return len(items)


def _used(call: Call, uuids: Sequence[str]) -> set[str]:
    """Return which items back a dataset row, or are in a data group that is not itself to go."""
    rows = fetch_in(call.connection, sa.select(DATA_ROWS.c.item_uuid), DATA_ROWS.c.item_uuid, uuids)
    in_datasets = {row["item_uuid"] for row in rows}
    going = set(uuids) - in_datasets
    members = fetch_in(call.connection, sa.select(GROUP_MEMBERS), GROUP_MEMBERS.c.item_uuid, uuids)
    return in_datasets | {row["item_uuid"] for row in members if row["group_uuid"] not in going}


def _remove(call: Call, uuids: Sequence[str], *, keep_frames: bool) -> None:
    """Delete items with their rows, their bytes, their frames and the data groups they are in."""
    if not uuids:
        return
    rows: dict[str, list[str]] = {}
    for row in fetch_in(call.connection, sa.select(DATA_ROWS), DATA_ROWS.c.item_uuid, uuids):
        rows.setdefault(row["dataset_hash"], []).append(row["data_hash"])
    for dataset_hash, data_hashes in rows.items():
        remove_rows(call, dataset_hash, data_hashes)
    groups = fetch_in(call.connection, sa.select(GROUP_MEMBERS.c.group_uuid), GROUP_MEMBERS.c.item_uuid, uuids)
    unused = _release_frames(call, uuids, keep=keep_frames)
    delete_in(call.connection, GROUP_MEMBERS, "group_uuid", uuids)
    delete_in(call.connection, GROUP_MEMBERS, "item_uuid", uuids)
    delete_in(call.connection, MEDIA, "item_uuid", uuids)
    delete_in(call.connection, ITEMS, "uuid", uuids)
    _remove(call, sorted({row["group_uuid"] for row in groups}.union(unused)), keep_frames=keep_frames)


def _release_frames(call: Call, groups: Sequence[str], *, keep: bool) -> list[str]:
    """Make items of the folder of the frames that are kept or used elsewhere; return the others."""
    frames = fetch_in(call.connection, sa.select(ITEMS), ITEMS.c.parent_item, groups)
    used = _used(call, [frame["uuid"] for frame in frames])
    for frame in _placed(call, frames):
        if keep or frame["uuid"] in used:
            changes = {"folder": frame["folder"], "parent_item": None}
            call.connection.execute(ITEMS.update().where(ITEMS.c.uuid == frame["uuid"]).values(**changes))
    return [] if keep else [frame["uuid"] for frame in frames if frame["uuid"] not in used]
