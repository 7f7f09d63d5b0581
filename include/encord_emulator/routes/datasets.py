"""Datasets, their rows, and linking items into them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import ApiError, exists, invalid, not_found
from include.encord_emulator.filters import ListingFilters
from include.encord_emulator.paging import whole
from include.encord_emulator.routes.items import require_items
from include.encord_emulator.routes.storage import make_folder
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.tables import DATA_ROWS, DATASETS
from include.encord_emulator.store.units import children_of, dataset_units
from include.encord_emulator.workflow.intake import take_in_dataset

routes = Routes()
STORAGE_LOCATION = 4
"""S3 compatible; the field is a leftover at Encord too."""


def require_dataset(call: Call, dataset_hash: str) -> Record:
    """Return a dataset, or refuse with 404."""
    dataset = call.fetch_one(sa.select(DATASETS).where(DATASETS.c.dataset_hash == dataset_hash))
    if dataset is None:
        raise not_found("dataset", dataset_hash)
    return dataset


@routes.on("POST", "datasets")
def create_dataset(call: Call) -> Any:
    body, title = call.payload(), call.required("title")
    same = sa.select(DATASETS).where(DATASETS.c.title == title)
    if call.switches["unique_titles"] and call.fetch_one(same) is not None:
        raise exists("dataset", title)
    folder = make_folder(call, title)["uuid"] if body.get("createBackingFolder") else None
    dataset = {
        "dataset_hash": str(uuid4()),
        "title": title,
        "description": body.get("description") or "",
        "backing_folder": folder,
        "owner": call.user,
        "created_at": call.now,
        "edited_at": call.now,
    }
    call.insert(DATASETS, dataset)
    return {"datasetUuid": dataset["dataset_hash"], "backingFolderUuid": folder}


@routes.on("GET", "datasets/list")
def list_datasets(call: Call) -> Any:
    statement = sa.select(DATASETS).where(*call.arguments(ListingFilters).conditions(DATASETS)).order_by(DATASETS.c.seq)
    return {"result": [_dataset_dto(dataset) for dataset in call.fetch(statement)]}


@routes.on("GET", "datasets/{dataset}/users")
def list_dataset_users(call: Call) -> Any:
    dataset = require_dataset(call, call.path_uuid("dataset"))
    user = {"datasetUuid": dataset["dataset_hash"], "userEmail": dataset["owner"], "userRole": 0}
    return whole([user] if dataset["owner"] else [])


@routes.query("dataset", "GET")
def get_dataset(call: Call) -> Any:
    dataset = require_dataset(call, call.resource_id)
    settings = (call.body or {}).get("dataset_access_settings") or {}
    units = dataset_units(call.connection, dataset["dataset_hash"]) if settings.get("fetch_rows", True) else []
    return {
        "dataset_hash": dataset["dataset_hash"],
        "title": dataset["title"],
        "description": dataset["description"],
        "dataset_type": "S3_COMPATIBLE_STR",
        "data_rows": _row_dtos(call, units, bool(settings.get("fetch_client_metadata"))),
        "backing_folder_uuid": dataset["backing_folder"],
    }


@routes.query("datarows", "GET")
def list_rows(call: Call) -> Any:
    dataset, wanted = require_dataset(call, call.resource_id), call.payload()
    settings = wanted.get("dataset_access_settings") or {}
    units = [unit for unit in dataset_units(call.connection, dataset["dataset_hash"]) if _row_fits(unit, wanted)]
    if like := wanted.get("title_like"):
        titles = sa.select(DATA_ROWS.c.data_hash).where(DATA_ROWS.c.title.like(like))
        chosen = {row["data_hash"] for row in call.fetch(titles)}
        units = [unit for unit in units if unit["data_hash"] in chosen]
    return _row_dtos(call, units, bool(settings.get("fetch_client_metadata")))


@routes.query("datasetlinkitems", "POST")
def link_items(call: Call) -> Any:
    dataset, body = require_dataset(call, call.resource_id), call.payload()
    behaviour = body.get("duplicates_behavior", "SKIP")
    if behaviour not in {"SKIP", "FAIL", "DUPLICATE"}:
        raise invalid(f"duplicates_behavior: {behaviour!r} is not SKIP, FAIL or DUPLICATE")
    items = require_items(call, list(dict.fromkeys(str(uuid) for uuid in body["item_uuids"])))
    before = {unit["item_uuid"]: unit for unit in dataset_units(call.connection, dataset["dataset_hash"])}
    doubled = [item for item in items if item["uuid"] in before]
    if doubled and behaviour == "FAIL":
        raise ApiError(409, f"{len(doubled)} items are in the dataset already, the first is {doubled[0]['uuid']}")
    chosen = items if behaviour == "DUPLICATE" else [item for item in items if item["uuid"] not in before]
    made = _add_rows(call, dataset, chosen, fresh=behaviour == "DUPLICATE")
    take_in_dataset(call, dataset["dataset_hash"])
    if behaviour == "SKIP" and call.switches["link_skip_result"] == "all rows":
        made |= {before[item["uuid"]]["data_hash"] for item in doubled}
    units = [unit for unit in dataset_units(call.connection, dataset["dataset_hash"]) if unit["data_hash"] in made]
    return _row_dtos(call, units, with_metadata=False)


def _add_rows(call: Call, dataset: Record, items: list[Record], *, fresh: bool) -> set[str]:
    """Add a row for each item and return the data hashes."""
    known: dict[str, str] = {}
    if call.switches["data_hash_scope"] == "item" and not fresh:
        uuids = [item["uuid"] for item in items]
        rows = fetch_in(call.connection, sa.select(DATA_ROWS), DATA_ROWS.c.item_uuid, uuids)
        known = {row["item_uuid"]: row["data_hash"] for row in rows}
    records = [
        {
            "data_hash": known.get(item["uuid"]) or str(uuid4()),
            "dataset_hash": dataset["dataset_hash"],
            "item_uuid": item["uuid"],
            "title": item["name"],
            "created_at": call.now,
        }
        for item in items
    ]
    call.insert(DATA_ROWS, *records)
    return {record["data_hash"] for record in records}


def _row_fits(unit: Record, wanted: dict[str, Any]) -> bool:
    before, after = wanted.get("created_before"), wanted.get("created_after")
    return (
        wanted.get("title_eq") in {None, unit["title"]}
        and (wanted.get("data_types") is None or unit["data_type"].upper() in wanted["data_types"])
        and (wanted.get("data_hashes") is None or unit["data_hash"] in wanted["data_hashes"])
        and (before is None or unit["created_at"] < clock.normalise(before, "created_before"))
        and (after is None or unit["created_at"] > clock.normalise(after, "created_after"))
    )


def _row_dtos(call: Call, units: list[Record], with_metadata: bool) -> list[dict[str, Any]]:
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
        "is_optimised_image_group": unit["item_type"] == "imageSequence",
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
    }


def _dataset_dto(dataset: Record) -> dict[str, Any]:
    return {
        "datasetUuid": dataset["dataset_hash"],
        "title": dataset["title"],
        "description": dataset["description"],
        "createdAt": dataset["created_at"],
        "lastEditedAt": dataset["edited_at"],
        "userRole": "admin",
        "storageLocation": STORAGE_LOCATION,
        "backingFolderUuid": dataset["backing_folder"],
    }
