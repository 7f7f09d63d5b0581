"""Storage items: listing, search, reading and changing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import Field

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import ApiError
from include.encord_emulator.paging import offset_page, whole
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.folders import below, require_folder
from include.encord_emulator.store.items import (
    children_of_item,
    merged_metadata,
    require_item_of_path,
    require_items,
)
from include.encord_emulator.store.media import METADATA, granted_urls, signed_urls
from include.encord_emulator.store.projects import require_organisation_access
from include.encord_emulator.store.tables import DATA_ROWS, ITEMS
from include.encord_emulator.wire.payload import JsonObject, Name, Payload, Uuid
from include.encord_emulator.wire.storage import ItemType, Shown, item_dto

routes = Routes()


def item_dtos(call: Call, rows: Sequence[Record], *, signed: bool, with_metadata: bool = True) -> list[dict[str, Any]]:
    """Return items as the API shows them."""
    counted = sa.select(DATA_ROWS.c.item_uuid, sa.func.count().label("n")).group_by(DATA_ROWS.c.item_uuid)
    counts = fetch_in(call.connection, counted, DATA_ROWS.c.item_uuid, [row["uuid"] for row in rows])
    backed = {row["item_uuid"]: row["n"] for row in counts}
    urls = signed_urls(call, {row["uuid"]: row["url"] for row in rows}) if signed else {}
    return [
        item_dto(row, Shown(backed.get(row["uuid"], 0), urls.get(row["uuid"]), with_metadata=with_metadata))
        for row in rows
    ]


class ItemListing(Payload):
    """``ListItemsParams``."""

    search: str | None = None
    is_recursive: bool = False
    is_in_dataset: bool | None = None
    item_types: list[ItemType] = Field(default_factory=list)
    include_org_access: bool = False
    order: Literal["name", "createdAt"] = "name"
    desc: bool = False
    page_token: str | None = None
    page_size: int = Field(100, ge=1, le=1000)
    sign_urls: bool = False
    include_client_metadata: bool = True
    client_metadata_as_signed_url: bool = False

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return what an item must fulfil."""
        found: list[sa.ColumnElement[bool]] = []
        if self.search:
            found.append(ITEMS.c.name.contains(self.search, autoescape=True))
        if self.item_types:
            found.append(ITEMS.c.item_type.in_(self.item_types))
        if self.is_in_dataset is not None:
            linked = ITEMS.c.uuid.in_(sa.select(DATA_ROWS.c.item_uuid))
            found.append(linked if self.is_in_dataset else ~linked)
        return found


@routes.on("GET", "storage/folders/{folder}/items")
def list_items(call: Call) -> Any:
    folder, asked = require_folder(call, call.path_uuid("folder"))["uuid"], call.arguments(ItemListing)
    place = ITEMS.c.folder == folder
    return _item_page(call, asked, place | ITEMS.c.folder.in_(below([folder])) if asked.is_recursive else place)


@routes.on("GET", "storage/search/items")
def search_items(call: Call) -> Any:
    return _item_page(call, call.arguments(ItemListing), ITEMS.c.folder.is_not(None))


def _item_page(call: Call, asked: ItemListing, place: sa.ColumnElement[bool]) -> Any:
    if asked.include_org_access:
        require_organisation_access(call)
    column = ITEMS.c.name if asked.order == "name" else ITEMS.c.seq
    ordered = (
        sa.select(ITEMS)
        .where(place, *asked.conditions())
        .order_by(column.desc() if asked.desc else column, ITEMS.c.seq)
    )
    rows, token = offset_page(call, ordered, asked.page_size)
    by_url = asked.include_client_metadata and asked.client_metadata_as_signed_url
    inline = asked.include_client_metadata and not by_url
    shown = item_dtos(call, rows, signed=asked.sign_urls, with_metadata=inline)
    if by_url:
        urls = granted_urls(call, METADATA, [row["uuid"] for row in rows])
        shown = [item | {"clientMetadata": "", "clientMetadataSignedUrl": urls[item["uuid"]]} for item in shown]
    return {"results": shown, "nextPageToken": token}


class ItemQuery(Payload):
    """``GetItemParams``."""

    sign_url: bool = False


@routes.on("GET", "storage/items/{item}")
def get_item(call: Call) -> Any:
    rows = require_items(call, [call.path_uuid("item")])
    return item_dtos(call, rows, signed=call.arguments(ItemQuery).sign_url)[0]


class ItemsQuery(Payload):
    """``GetItemsBulkPayload``."""

    item_uuids: list[Uuid]
    sign_urls: bool = False


@routes.on("POST", "storage/items/get-bulk")
def get_items(call: Call) -> Any:
    asked = call.read(ItemsQuery)
    return whole(item_dtos(call, require_items(call, asked.item_uuids), signed=asked.sign_urls))


class ChildrenQuery(Payload):
    """``GetChildItemsParams``."""

    sign_urls: bool = False


@routes.on("GET", "storage/folders/{folder}/items/{item}/child-items")
def get_children(call: Call) -> Any:
    children = children_of_item(call, require_item_of_path(call))
    return whole(item_dtos(call, children, signed=call.arguments(ChildrenQuery).sign_urls))


class ItemPatch(Payload):
    """``PatchItemPayload``: what is absent stays."""

    name: Name | None = None
    description: str | None = None
    client_metadata: JsonObject | None = None
    timeseries_settings: Any = None
    scene_view_settings: Any = None
    scene_layout: Any = None


class ItemPatches(Payload):
    """``PatchItemsBulkPayload``."""

    item_patches: dict[Uuid, ItemPatch]


@routes.on("PATCH", "storage/folders/{folder}/items/{item}")
def patch_item(call: Call) -> Any:
    item = require_item_of_path(call)
    return item_dtos(call, [_patched(call, item, call.read(ItemPatch))], signed=False)[0]


@routes.on("PATCH", "storage/items/patch-bulk")
def patch_items(call: Call) -> Any:
    patches = call.read(ItemPatches).item_patches
    items = require_items(call, list(patches))
    return whole(item_dtos(call, [_patched(call, item, patches[item["uuid"]]) for item in items], signed=False))


def _patched(call: Call, item: Record, patch: ItemPatch) -> Record:
    """Change an item; a description is taken and not kept, as the SDK says of Encord."""
    if patch.model_fields_set & {"timeseries_settings", "scene_view_settings", "scene_layout"}:
        raise ApiError(501, "Settings of time series and scenes are not emulated.")
    changes: dict[str, Any] = {"edited_at": call.now}
    if patch.name is not None:
        changes["name"] = patch.name
    if patch.client_metadata is not None:
        changes["client_metadata"] = merged_metadata(call, item["client_metadata"], patch.client_metadata)
    call.connection.execute(ITEMS.update().where(ITEMS.c.uuid == item["uuid"]).values(**changes))
    return item | changes
