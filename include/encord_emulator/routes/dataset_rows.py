"""Rows of datasets, over the legacy protocol: listing, linking, changing and removing them."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import ApiError, invalid, not_found
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.dataset_rows import add_rows, linked, remove_rows
from include.encord_emulator.store.datasets import require_dataset
from include.encord_emulator.store.items import require_items
from include.encord_emulator.store.media import signed_urls
from include.encord_emulator.store.projects import hash_of_scope
from include.encord_emulator.store.tables import DATA_ROWS, ITEMS
from include.encord_emulator.store.units import children_of, chosen_units, dataset_units, project_units
from include.encord_emulator.wire.data_rows import AccessSettings, row_dtos
from include.encord_emulator.wire.media import DATA_TYPES
from include.encord_emulator.wire.payload import JsonObject, Moment, Name, Payload, Uuid, problems, read

routes = Routes()


class RowFilters(Payload):
    """The payload of ``datarows``; ``title_like`` is SQL's."""

    title_eq: str | None = None
    title_like: str | None = None
    created_before: Moment | None = None
    created_after: Moment | None = None
    data_types: list[str] | None = None
    data_hashes: list[str] | None = None
    dataset_access_settings: AccessSettings = AccessSettings()

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return what a row must fulfil, but for its type and hash."""
        asked = (
            (self.title_eq, lambda value: DATA_ROWS.c.title == value),
            (self.title_like, lambda value: DATA_ROWS.c.title.like(value)),
            (self.created_before, lambda value: DATA_ROWS.c.created_at < value),
            (self.created_after, lambda value: DATA_ROWS.c.created_at > value),
        )
        return [condition(value) for value, condition in asked if value is not None]


class Links(Payload):
    """The payload of ``datasetlinkitems``."""

    item_uuids: list[Uuid]
    duplicates_behavior: Literal["SKIP", "FAIL", "DUPLICATE"] = "SKIP"


class ImagesDataOptions(Payload):
    """``ImagesDataFetchOptions``."""

    fetch_signed_urls: bool = False


class AdditionalData(Payload):
    """What ``DataRow.refetch_data`` asks for."""

    signed_url: bool = False
    images_data_fetch_options: ImagesDataOptions | None = None
    client_metadata: bool = False


class RowQuery(Payload):
    """The payload of ``datarow`` GET."""

    additional_data: AdditionalData = AdditionalData()


class RowChanges(Payload):
    """The payload of ``datarow`` POST: the fields that changed."""

    data_title: Name | None = None
    client_metadata: JsonObject | None = None


class Renaming(Payload):
    """An entry of the payload of ``video`` POST."""

    video_hash: Uuid
    title: Name


class DataQuery(Payload):
    """The uid of ``datasetdata``."""

    data_hash: Uuid
    get_signed_url: bool = False


_HASHES: TypeAdapter[list[str]] = TypeAdapter(list[Uuid])
_RENAMINGS: TypeAdapter[list[Renaming]] = TypeAdapter(list[Renaming])


def _read_list(adapter: TypeAdapter[list[Any]], document: Any, where: str) -> list[Any]:
    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        raise ApiError(422, problems(error, where)) from None


def _dataset_hash(call: Call) -> str:
    return str(require_dataset(call, call.resource_id)["dataset_hash"])


def _unit(call: Call, dataset_hash: str) -> Record:
    """Return the unit of the dataset that the uid names."""
    [data_hash] = _read_list(_HASHES, [call.uid], "uid")
    units = dataset_units(call.connection, dataset_hash, DATA_ROWS.c.data_hash == data_hash)
    if not units:
        raise not_found("data row", data_hash)
    return units[0]


@routes.query("datarows", "GET")
def list_rows(call: Call) -> Any:
    dataset_hash, wanted = _dataset_hash(call), call.read(RowFilters)
    hashes = None if wanted.data_hashes is None else set(wanted.data_hashes)
    units = [
        unit
        for unit in dataset_units(call.connection, dataset_hash, *wanted.conditions())
        if (wanted.data_types is None or unit["data_type"].upper() in wanted.data_types)
        and (hashes is None or unit["data_hash"] in hashes)
    ]
    return row_dtos(call, units, with_metadata=wanted.dataset_access_settings.fetch_client_metadata)


@routes.query("datasetlinkitems", "POST")
def link_items(call: Call) -> Any:
    dataset_hash, wanted = _dataset_hash(call), call.read(Links)
    items = require_items(call, list(dict.fromkeys(wanted.item_uuids)))
    if strange := [item for item in items if item["item_type"] not in DATA_TYPES]:
        raise invalid(f"item {strange[0]['uuid']} is a {strange[0]['item_type']}, which cannot be linked by itself")
    before = linked(call, dataset_hash, [item["uuid"] for item in items])
    doubled = [item for item in items if item["uuid"] in before]
    if doubled and wanted.duplicates_behavior == "FAIL":
        raise ApiError(409, f"{len(doubled)} items are in the dataset already, the first is {doubled[0]['uuid']}")
    fresh = wanted.duplicates_behavior == "DUPLICATE"
    chosen = items if fresh else [item for item in items if item["uuid"] not in before]
    made = add_rows(call, dataset_hash, chosen, fresh=fresh)
    if wanted.duplicates_behavior == "SKIP" and call.switches["link_skip_result"] == "all rows":
        made |= {before[item["uuid"]]["data_hash"] for item in doubled}
    return row_dtos(call, chosen_units(call.connection, dataset_hash, made))


@routes.query("datarow", "GET")
def get_row(call: Call) -> Any:
    unit, wanted = _unit(call, _dataset_hash(call)), call.read(RowQuery).additional_data
    [row] = row_dtos(call, [unit], with_metadata=wanted.client_metadata)
    if wanted.signed_url:
        row["signed_url"] = signed_urls(call, {unit["item_uuid"]: unit["url"]})[unit["item_uuid"]]
    options = wanted.images_data_fetch_options
    if options is None:
        return row | {"images_data": None}
    if options.fetch_signed_urls and row["images_data"]:
        signed = signed_urls(call, {image["image_hash"]: image["file_link"] for image in row["images_data"]})
        row["images_data"] = [image | {"signed_url": signed[image["image_hash"]]} for image in row["images_data"]]
    return row


@routes.query("datarow", "POST")
def update_row(call: Call) -> Any:
    dataset_hash = _dataset_hash(call)
    unit, changes = _unit(call, dataset_hash), call.read(RowChanges)
    if changes.data_title is not None:
        _rename(call, dataset_hash, unit["data_hash"], changes.data_title)
    if changes.client_metadata is not None:
        values = {"client_metadata": changes.client_metadata, "edited_at": call.now}
        call.connection.execute(ITEMS.update().where(ITEMS.c.uuid == unit["item_uuid"]).values(**values))
    [row] = row_dtos(call, [_unit(call, dataset_hash)], with_metadata=True)
    return {"data_row": row, "updated_fields": sorted(changes.model_fields_set)}


@routes.query("video", "POST")
def rename_rows(call: Call) -> Any:
    dataset_hash = _dataset_hash(call)
    renamings: list[Renaming] = _read_list(_RENAMINGS, call.body, "body")
    _require_rows(call, dataset_hash, [one.video_hash for one in renamings])
    for one in renamings:
        _rename(call, dataset_hash, one.video_hash, one.title)
    return {"success": True}


@routes.query("video", "DELETE")
def delete_rows(call: Call) -> Any:
    dataset_hash = _dataset_hash(call)
    hashes = _read_list(_HASHES, [call.uid] if isinstance(call.uid, str) else call.uid, "uid")
    _require_rows(call, dataset_hash, hashes)
    remove_rows(call, dataset_hash, hashes)
    return True


def _require_rows(call: Call, dataset_hash: str, data_hashes: list[str]) -> None:
    rows = sa.select(DATA_ROWS.c.data_hash).where(DATA_ROWS.c.dataset_hash == dataset_hash)
    there = {row["data_hash"] for row in call.fetch(rows)}
    if missing := [data_hash for data_hash in data_hashes if data_hash not in there]:
        raise not_found("data row", missing[0])


def _rename(call: Call, dataset_hash: str, data_hash: str, title: str) -> None:
    chosen = (DATA_ROWS.c.dataset_hash == dataset_hash, DATA_ROWS.c.data_hash == data_hash)
    call.connection.execute(DATA_ROWS.update().where(*chosen).values(title=title))


@routes.query("datasetdata", "GET")
def get_data(call: Call) -> Any:
    """Return the file of a data unit of a project, or the frames of an image group (``Project.get_data``)."""
    project_hash, wanted = hash_of_scope(call), read(DataQuery, call.uid, "uid")
    units = project_units(call.connection, project_hash, [wanted.data_hash])
    if not units:
        raise not_found("data unit", wanted.data_hash)
    [unit] = units
    children = children_of(call.connection, units).get(unit["item_uuid"])
    video = {"data_hash": unit["data_hash"], "title": unit["title"], "file_link": unit["url"],
             "backing_item_uuid": unit["item_uuid"]}  # fmt: skip
    if wanted.get_signed_url:
        video["signed_url"] = signed_urls(call, {unit["item_uuid"]: unit["url"]})[unit["item_uuid"]]
    images = [
        {"data_hash": unit["data_hash"], "image_hash": child["uuid"], "title": child["name"], "file_link": child["url"]}
        for child in children or ()
    ]
    is_group = children is not None
    return {
        "data_hash": unit["data_hash"],
        "video": None if is_group else video,
        "images": images if is_group else None,
    }
