"""
Registering the units of an upload job: checks, duplicates, items.

The result of a unit is ``{"status", "uuid", "name", "error"}``: the item it made or found, or a ``DataUnitError``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.integrations import is_strict
from include.encord_emulator.store.media import is_uploaded, uploaded_objects
from include.encord_emulator.store.tables import DATA_ROWS, ITEMS
from include.encord_emulator.wire.manifest import read_unit
from include.encord_emulator.wire.media import media_facts
from include.encord_emulator.wire.media_metadata import read_media_metadata
from include.encord_emulator.wire.units import File, Unit

DONE, SKIPPED, ERROR, CANCELLED = "DONE", "SKIPPED", "ERROR", "CANCELLED"
Entries = Sequence[tuple[str, str, dict[str, Any]]]
"""Kind, path and JSON of the entries of an upload."""


def check(call: Call, job: Record, entries: Entries) -> list[Record]:
    """Return the results of units of which none is to be registered: what is wrong with some, the rest cancelled."""
    units = [read_unit(kind, entry) for kind, _, entry in entries]
    return [
        _failed(path, unit, problem) if problem else _result(CANCELLED)
        for (_, path, _), unit, problem in zip(entries, units, _problems(call, job, units), strict=True)
    ]


def register(call: Call, job: Record, entries: Entries) -> list[Record]:
    """Make the items of units and return the results."""
    units = [read_unit(kind, entry) for kind, _, entry in entries]
    known = _items_by_url(call, job, units) if job["skip_duplicates"] else {}
    images = _images(call, units)
    arrived = _arrived(call, units)
    free = _free_uuids(call, units, arrived)
    results, new = [], []
    for (_, path, _), unit, problem in zip(entries, units, _problems(call, job, units), strict=True):
        if problem is not None:
            results.append(_failed(path, unit, problem))
        elif unit.files and (there := known.get(unit.url_key)) is not None:
            _upsert(call, there, unit, job)
            results.append(_result(SKIPPED, there))
        else:
            made = _item_records(call, job, unit, [images[uuid] for uuid in unit.images])
            records = [_with_upload(record, arrived.get(record["url"]), free) for record in made]
            new += records
            results.append(_result(DONE, records[0]))
            if job["skip_duplicates"]:
                known[unit.url_key] = records[0]
    call.insert(ITEMS, *new)
    return results


def _problems(call: Call, job: Record, units: Sequence[Unit]) -> list[str | None]:
    """Return what is wrong with each unit, by itself or with what it refers to."""
    images = _images(call, units)
    promised = [uuid for unit in units for uuid in unit.item_uuids]
    taken = {row["uuid"] for row in fetch_in(call.connection, sa.select(ITEMS.c.uuid), ITEMS.c.uuid, promised)}
    arrived = _arrived(call, units)
    strict = is_strict(call, job["integration"])
    problems: list[str | None] = []
    for unit in units:
        problem = unit.problem(in_cloud=job["integration"] is not None, is_strict=strict)
        if lost := [file.url for file in unit.files if is_uploaded(file.url) and file.url not in arrived]:
            problem = problem or f"nothing was uploaded to {lost[0]}"
        if problem is None and (missing := [uuid for uuid in unit.images if uuid not in images]):
            problem = f"image item {missing[0]} was not found"
        for uuid in unit.item_uuids:
            if problem is None and uuid in taken:
                problem = f"placeholder item {uuid} is registered already"
            taken.add(uuid)
        problems.append(problem)
    return problems


def _arrived(call: Call, units: Sequence[Unit]) -> dict[str, Record]:
    """Return the uploaded local files among the files of units, by object key, which is their URL."""
    return uploaded_objects(call.connection, [file.url for unit in units for file in unit.files])


def _free_uuids(call: Call, units: Sequence[Unit], arrived: Mapping[str, Record]) -> set[str]:
    """Return the uuids reserved with uploaded files that no item has, or will have as its placeholder."""
    reserved = [uploaded["item_uuid"] for uploaded in arrived.values()]
    taken = {row["uuid"] for row in fetch_in(call.connection, sa.select(ITEMS.c.uuid), ITEMS.c.uuid, reserved)}
    return set(reserved) - taken - {uuid for unit in units for uuid in unit.item_uuids}


def _with_upload(item: Record, uploaded: Record | None, free: set[str]) -> Record:
    """Let the item of an uploaded file have the uuid reserved with it, and tell what the upload knows of it."""
    if uploaded is None:
        return item
    uuid = uploaded["item_uuid"] if uploaded["item_uuid"] in free else item["uuid"]
    free.discard(uuid)
    told = {name: uploaded[name] for name in ("file_size", "mime", "width", "height") if uploaded[name] is not None}
    return item | {"uuid": uuid, "media": item["media"] | told}


def _images(call: Call, units: Sequence[Unit]) -> dict[str, Record]:
    """Return the image items that groups are to be made of."""
    uuids = list({uuid for unit in units for uuid in unit.images})
    statement = sa.select(ITEMS).where(ITEMS.c.item_type == "image")
    return {row["uuid"]: row for row in fetch_in(call.connection, statement, ITEMS.c.uuid, uuids)}


def _items_by_url(call: Call, job: Record, units: Sequence[Unit]) -> dict[str, Record]:
    """Return the items that ``skip_duplicate_urls`` finds, the oldest of each URL."""
    scope = call.switches["duplicate_url_scope"]
    place: sa.ColumnElement[bool] = ITEMS.c.folder == job["folder"]
    if scope == "organisation":
        place = ITEMS.c.folder.is_not(None)
    elif scope == "dataset" and job["dataset"]:
        rows = sa.select(DATA_ROWS.c.item_uuid).where(DATA_ROWS.c.dataset_hash == job["dataset"])
        place = ITEMS.c.uuid.in_(rows)
    # Sorted here: asked for an order, SQLite would read the whole folder instead of the index by URL.
    urls = [unit.url_key for unit in units if unit.url_key]
    rows_found = fetch_in(call.connection, sa.select(ITEMS).where(place), ITEMS.c.url_key, urls)
    return {row["url_key"]: row for row in sorted(rows_found, key=lambda row: -row["seq"])}


def _upsert(call: Call, item: Record, unit: Unit, job: Record) -> None:
    # The SDK always sends a document; an empty one cannot be told from none.
    if job["upsert"] and unit.client_metadata:
        changes = {"client_metadata": unit.client_metadata, "edited_at": call.now}
        call.connection.execute(ITEMS.update().where(ITEMS.c.uuid == item["uuid"]).values(**changes))


def _item_records(call: Call, job: Record, unit: Unit, images: Sequence[Record]) -> list[Record]:
    """Return the item of a unit, and after it those of its files if it is a group."""
    first = unit.files[0] if unit.files else File("")
    item = {
        "uuid": (not unit.is_group and first.item_uuid) or str(uuid4()),
        "folder": job["folder"],
        "item_type": unit.item_type,
        "name": unit.title or (f"{unit.item_type}-{uuid4().hex[:8]}" if unit.is_group else first.name),
        "url": None if unit.is_group else first.url,
        "url_key": unit.url_key,
        "client_metadata": unit.client_metadata,
        "media": _group_media(images) if images else unit.media(),
        "integration": job["integration"],
        "owner": job["owner"],
        "parent_item": None,
        "created_at": call.now,
        "edited_at": call.now,
    }
    if images:
        frames = [_frame_record(item, image) for image in images]
        return [item | {"url_key": "\n".join(frame["url"] for frame in frames)}, *frames]
    return [item, *(_child_record(item, file) for file in unit.files if unit.is_group)]


def _child_record(parent: Record, file: File) -> Record:
    kind = "dicomSeries" if parent["item_type"] == "dicomSeries" else "image"
    changes = {
        "uuid": file.item_uuid or str(uuid4()),
        "folder": None,  # children are found through their parent, not in the folder
        "item_type": "dicomFile" if kind == "dicomSeries" else kind,
        "name": file.name,
        "url": file.url,
        "url_key": file.url,
        "client_metadata": None,
        "media": media_facts(kind, [(file.url, read_media_metadata(kind, file.metadata))]),
        "parent_item": parent["uuid"],
    }
    return parent | changes


def _frame_record(parent: Record, image: Record) -> Record:
    """Return the frame that shows an item which stays where it is: an item of its own with the same URL."""
    changes = {name: image[name] for name in ("name", "url", "url_key", "client_metadata", "media", "integration")}
    own = {"uuid": str(uuid4()), "folder": None, "item_type": "image", "parent_item": parent["uuid"]}
    return parent | changes | own


def _group_media(images: Sequence[Record]) -> dict[str, Any]:
    """Return the media of a group of items: those of its first, with all its frames."""
    media: dict[str, Any] = images[0]["media"]
    return media | {"frames": len(images)}


def _failed(path: str, unit: Unit, problem: str) -> Record:
    error = {
        "objectUrls": [file.url for file in unit.files],
        "error": problem,
        "subtaskUuid": str(uuid4()),
        "actionDescription": f"Registering {path} ({unit.item_type})",
    }
    return _result(ERROR) | {"error": error}


def _result(status: str, item: Record | None = None) -> Record:
    item = item or {"uuid": None, "name": None}
    return {"status": status, "uuid": item["uuid"], "name": item["name"], "error": None}
