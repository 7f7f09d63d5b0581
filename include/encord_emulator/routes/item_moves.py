"""Moving items to another folder or another place in the cloud, deleting them, and what uses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid, not_found
from include.encord_emulator.store.data_groups import group_layout
from include.encord_emulator.store.database import Record, fetch_in, update_in
from include.encord_emulator.store.dataset_rows import remove_rows
from include.encord_emulator.store.folders import mirrors, require_folder
from include.encord_emulator.store.integrations import require_integration
from include.encord_emulator.store.items import (
    delete_items,
    items_of_folder,
    require_item_of_path,
    require_items,
)
from include.encord_emulator.store.tables import DATA_ROWS, DATASETS, FOLDERS, ITEMS
from include.encord_emulator.wire.payload import Name, Payload, Uuid

routes = Routes()


class ItemMove(Payload):
    """``MoveItemsPayload``."""

    item_uuids: list[Uuid]
    new_parent_uuid: Uuid
    allow_synced_dataset_move: bool = False


@routes.on("POST", "storage/folders/{folder}/items/move")
def move_items(call: Call) -> Any:
    """Move items; those that leave a folder that a dataset mirrors leave the dataset, if the request allows it."""
    folder, given = require_folder(call, call.path_uuid("folder")), call.read(ItemMove)
    items = items_of_folder(call, folder, given.item_uuids)
    target = require_folder(call, given.new_parent_uuid)["uuid"]
    uuids = [item["uuid"] for item in items]
    if any(item["parent_item"] for item in items):
        raise invalid("Frames of a group are moved with their group only.")
    if (dataset_hash := mirrors(call, [folder["uuid"]]).get(folder["uuid"])) and target != folder["uuid"]:
        mirrored = sa.select(DATA_ROWS).where(DATA_ROWS.c.dataset_hash == dataset_hash)
        rows = fetch_in(call.connection, mirrored, DATA_ROWS.c.item_uuid, uuids)
        if rows and not given.allow_synced_dataset_move:
            raise invalid(f"{len(rows)} data units of the mirror dataset {dataset_hash} would be removed.")
        remove_rows(call, dataset_hash, [row["data_hash"] for row in rows])
    update_in(call.connection, ITEMS, "uuid", uuids, {"folder": target, "edited_at": call.now})


class ItemDeletion(Payload):
    """``DeleteItemsPayload``."""

    child_uuids: list[Uuid]
    remove_unused_frames: bool = True


@routes.on("POST", "storage/folders/{folder}/items/delete")
def remove_items(call: Call) -> Any:
    folder, given = require_folder(call, call.path_uuid("folder")), call.read(ItemDeletion)
    items = items_of_folder(call, folder, list(dict.fromkeys(given.child_uuids)))
    if any(item["parent_item"] for item in items):
        raise invalid("Frames of a group are deleted with their group only.")
    removed = delete_items(call, items, keep_frames=not given.remove_unused_frames)
    return {"removedItemsCount": removed, "removedFoldersCount": 0}


class SummaryQuery(Payload):
    """``_GetItemSummaryParams``."""

    include_group_layout: bool = False


@routes.on("GET", "storage/folders/{folder}/items/{item}/summary")
def item_summary(call: Call) -> Any:
    item, asked = require_item_of_path(call), call.arguments(SummaryQuery)
    groups = require_items(call, [item["parent_item"]]) if item["parent_item"] else []
    datasets = list(_datasets_of(call, item))
    return {
        "frameInGroups": len(groups),
        "accessibleGroupItems": [_short(call, group) for group in groups],
        "usedInDatasets": len(datasets),
        "accessibleDatasets": datasets,
        "groupLayout": group_layout(call, item) if asked.include_group_layout else None,
    }


def _short(call: Call, item: Record) -> dict[str, Any]:
    folder = call.fetch_one(sa.select(FOLDERS.c.name).where(FOLDERS.c.uuid == item["folder"]))
    return {
        "uuid": item["uuid"],
        "name": item["name"],
        "parentUuid": item["folder"],
        "parentName": folder["name"] if folder else "",
        "itemType": item["item_type"],
    }


def _datasets_of(call: Call, item: Record) -> Iterator[dict[str, Any]]:
    """Yield a ``DatasetShortInfo`` for each dataset with rows of the item."""
    used = sa.select(DATA_ROWS).where(DATA_ROWS.c.item_uuid == item["uuid"]).order_by(DATA_ROWS.c.seq)
    rows = call.fetch(used)
    hashes = list(dict.fromkeys(row["dataset_hash"] for row in rows))
    for dataset in fetch_in(call.connection, sa.select(DATASETS), DATASETS.c.dataset_hash, hashes):
        own = [row for row in rows if row["dataset_hash"] == dataset["dataset_hash"]]
        yield {
            "datasetHash": dataset["dataset_hash"],
            "backingFolderUuid": dataset["backing_folder"],
            "title": dataset["title"],
            "dataHashes": [row["data_hash"] for row in own],
            "dataUnitsCreatedAt": own[0]["created_at"],
        }


class Migration(Payload):
    """``StorageItemsMigratePayload``: new URLs by item or by old URL; ``null`` leaves the URL as it is."""

    urls_map: dict[Name, Name | None] = Field(default_factory=dict)
    items_map: dict[Uuid, Name | None] = Field(default_factory=dict)
    from_integration_hash: Uuid | None = None
    to_integration_hash: Uuid | None = None
    validate_access: bool = False
    skip_missing: bool = False


@routes.on("POST", "storage/items/migrate-storage")
def migrate_items(call: Call) -> Any:
    """Give items another URL or integration; access cannot be checked here, as nothing is fetched."""
    given = call.read(Migration)
    if given.to_integration_hash is not None:
        require_integration(call, given.to_integration_hash)
    for column, urls in ((ITEMS.c.uuid, given.items_map), (ITEMS.c.url, given.urls_map)):
        found = fetch_in(call.connection, sa.select(ITEMS), column, list(urls))
        missing = set(urls) - {item[column.name] for item in found}
        if missing and not given.skip_missing:
            raise not_found("storage item", min(missing))
        for item in found:
            _migrate(call, item, urls[item[column.name]], given)


def _migrate(call: Call, item: Record, url: str | None, given: Migration) -> None:
    if given.from_integration_hash not in {None, item["integration"]}:
        return
    changes: dict[str, Any] = {"edited_at": call.now}
    if url is not None:
        changes |= {"url": url, "url_key": url}
    if given.to_integration_hash is not None:
        changes["integration"] = given.to_integration_hash
    call.connection.execute(ITEMS.update().where(ITEMS.c.uuid == item["uuid"]).values(**changes))
