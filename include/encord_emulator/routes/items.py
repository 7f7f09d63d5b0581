"""Storage items: listing, search, reading and changing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import not_found
from include.encord_emulator.paging import offset_page, page_size, whole
from include.encord_emulator.routes.storage import require_folder
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.tables import DATA_ROWS, FOLDERS, ITEMS
from include.encord_emulator.wire.storage import item_dto

routes = Routes()


def require_items(call: Call, uuids: Sequence[str]) -> list[Record]:
    """Return items in the order asked for, or refuse with 404 naming the first that is not there."""
    rows = fetch_in(call.connection, sa.select(ITEMS), ITEMS.c.uuid, uuids)
    found = {row["uuid"]: row for row in rows}
    for uuid in uuids:
        if uuid not in found:
            raise not_found("storage item", uuid)
    return [found[uuid] for uuid in uuids]


@routes.on("GET", "storage/folders/{folder}/items")
def list_items(call: Call) -> Any:
    folders = [require_folder(call, call.path_uuid("folder"))["uuid"]]
    if call.flag("isRecursive"):
        folders += _folders_below(call, folders)
    return _item_page(call, ITEMS.c.folder.in_(folders))


@routes.on("GET", "storage/search/items")
def search_items(call: Call) -> Any:
    return _item_page(call, ITEMS.c.folder.is_not(None))


def _folders_below(call: Call, parents: list[str]) -> list[str]:
    children = [row["uuid"] for row in call.fetch(sa.select(FOLDERS.c.uuid).where(FOLDERS.c.parent.in_(parents)))]
    return children + (_folders_below(call, children) if children else [])


def _item_page(call: Call, condition: sa.ColumnElement[bool]) -> Any:
    statement = sa.select(ITEMS).where(condition)
    if search := call.query.get("search"):
        statement = statement.where(ITEMS.c.name.contains(search, autoescape=True))
    if types := call.listed("itemTypes"):
        statement = statement.where(ITEMS.c.item_type.in_(types))
    if call.query.get("isInDataset"):
        linked = ITEMS.c.uuid.in_(sa.select(DATA_ROWS.c.item_uuid))
        statement = statement.where(linked if call.flag("isInDataset") else ~linked)
    column = ITEMS.c.name if call.query.get("order") == "name" else ITEMS.c.seq
    ordered = statement.order_by(column.desc() if call.flag("desc") else column, ITEMS.c.seq)
    rows, token = offset_page(call, ordered, page_size(call))
    return {"results": item_dtos(call, rows, signed=call.flag("signUrls")), "nextPageToken": token}


def item_dtos(call: Call, rows: list[Record], *, signed: bool) -> list[dict[str, Any]]:
    """Return items as the API shows them."""
    counted = sa.select(DATA_ROWS.c.item_uuid, sa.func.count().label("n")).group_by(DATA_ROWS.c.item_uuid)
    counts = fetch_in(call.connection, counted, DATA_ROWS.c.item_uuid, [row["uuid"] for row in rows])
    backed = {row["item_uuid"]: row["n"] for row in counts}
    return [item_dto(row, backed=backed.get(row["uuid"], 0), signed=signed) for row in rows]


@routes.on("GET", "storage/items/{item}")
def get_item(call: Call) -> Any:
    rows = require_items(call, [call.path_uuid("item")])
    return item_dtos(call, rows, signed=call.flag("signUrl"))[0]


@routes.on("POST", "storage/items/get-bulk")
def get_items(call: Call) -> Any:
    rows = require_items(call, call.required("itemUuids"))
    return whole(item_dtos(call, rows, signed=bool(call.payload().get("signUrls"))))


@routes.on("GET", "storage/folders/{folder}/items/{item}/child-items")
def get_children(call: Call) -> Any:
    parent = require_items(call, [call.path_uuid("item")])[0]
    children = call.fetch(sa.select(ITEMS).where(ITEMS.c.parent_item == parent["uuid"]).order_by(ITEMS.c.seq))
    rows = [child | {"folder": parent["folder"]} for child in children]
    return whole(item_dtos(call, rows, signed=call.flag("getSignedUrls")))


@routes.on("PATCH", "storage/folders/{folder}/items/{item}")
def patch_item(call: Call) -> Any:
    return _patch(call, call.path_uuid("item"), call.payload())


@routes.on("PATCH", "storage/items/patch-bulk")
def patch_items(call: Call) -> Any:
    return whole([_patch(call, uuid, patch) for uuid, patch in call.required("itemPatches").items()])


def _patch(call: Call, uuid: str, patch: dict[str, Any]) -> dict[str, Any]:
    item = require_items(call, [uuid])[0]
    changes: dict[str, Any] = {"edited_at": call.now}
    if patch.get("name") is not None:
        changes["name"] = patch["name"]
    if (metadata := patch.get("clientMetadata")) is not None:
        changes["client_metadata"] = orjson.loads(metadata) if isinstance(metadata, str) else metadata
    call.connection.execute(ITEMS.update().where(ITEMS.c.uuid == uuid).values(**changes))
    return item_dtos(call, [item | changes], signed=False)[0]
