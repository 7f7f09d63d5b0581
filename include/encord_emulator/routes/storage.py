"""Folders, items and upload jobs."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call, NotYet, Routes
from include.encord_emulator.errors import ApiError, exists, invalid, not_found
from include.encord_emulator.paging import offset_page, page_size, whole
from include.encord_emulator.store import uploads
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.tables import FOLDERS, INTEGRATIONS
from include.encord_emulator.wire.storage import folder_dto

routes = Routes()
LONG_POLL_LIMIT_S = 60
"""The SDK gives up after 180 s without an answer."""


def require_folder(call: Call, uuid: str) -> Record:
    """Return a folder, or refuse with 404."""
    folder = call.fetch_one(sa.select(FOLDERS).where(FOLDERS.c.uuid == uuid))
    if folder is None:
        raise not_found("folder", uuid)
    return folder


def make_folder(call: Call, name: str, **given: Any) -> Record:
    """Create a folder and return it."""
    same = sa.select(FOLDERS).where(FOLDERS.c.name == name)
    if call.switches["unique_titles"] and call.fetch_one(same) is not None:
        raise exists("folder", name)
    folder = {
        "uuid": str(uuid4()),
        "name": name,
        "description": given.get("description") or "",
        "client_metadata": given.get("client_metadata"),
        "owner": call.user,
        "parent": given.get("parent"),
        "created_at": call.now,
        "edited_at": call.now,
    }
    call.insert(FOLDERS, folder)
    return folder


@routes.on("POST", "storage/folders")
def create_folder(call: Call) -> Any:
    body = call.payload()
    if body.get("cloudSyncedFolderParams"):
        raise ApiError(501, "cloud-synced folders are not emulated")
    if body.get("parent"):
        require_folder(call, body["parent"])
    given = {"description": body.get("description"), "client_metadata": body.get("clientMetadata")}
    return folder_dto(make_folder(call, call.required("name"), parent=body.get("parent"), **given))


@routes.on("GET", "storage/folders")
def list_root_folders(call: Call) -> Any:
    return _folder_page(call, FOLDERS.c.parent.is_(None))


@routes.on("GET", "storage/search/folders")
def search_folders(call: Call) -> Any:
    return _folder_page(call)


@routes.on("GET", "storage/folders/{folder}/folders")
def list_subfolders(call: Call) -> Any:
    return _folder_page(call, FOLDERS.c.parent == require_folder(call, call.path_uuid("folder"))["uuid"])


def _folder_page(call: Call, *conditions: sa.ColumnElement[bool]) -> Any:
    statement = sa.select(FOLDERS).where(*conditions)
    if search := call.query.get("search"):
        statement = statement.where(FOLDERS.c.name.contains(search, autoescape=True))
    column = FOLDERS.c.name if call.query.get("order") == "name" else FOLDERS.c.seq
    ordered = statement.order_by(column.desc() if call.flag("desc") else column, FOLDERS.c.seq)
    rows, token = offset_page(call, ordered, page_size(call))
    return {"results": [folder_dto(row) for row in rows], "nextPageToken": token}


@routes.on("GET", "storage/folders/{folder}")
def get_folder(call: Call) -> Any:
    return folder_dto(require_folder(call, call.path_uuid("folder")))


@routes.on("PATCH", "storage/folders/{folder}")
def patch_folder(call: Call) -> Any:
    folder, body = require_folder(call, call.path_uuid("folder")), call.payload()
    changes = {name: body[name] for name in ("name", "description") if body.get(name) is not None}
    if body.get("clientMetadata") is not None:
        changes["client_metadata"] = orjson.dumps(body["clientMetadata"]).decode()
    changes["edited_at"] = call.now
    call.connection.execute(FOLDERS.update().where(FOLDERS.c.uuid == folder["uuid"]).values(**changes))
    return folder_dto(folder | changes)


@routes.on("POST", "storage/folders/{folder}/data-upload-jobs")
def start_upload(call: Call) -> Any:
    folder, body = require_folder(call, call.path_uuid("folder")), call.payload()
    integration = body.get("integrationHash")
    known = sa.select(INTEGRATIONS).where(INTEGRATIONS.c.uuid == integration)
    if integration is not None and call.fetch_one(known) is None:
        raise not_found("cloud integration", integration)
    return uploads.start_job(call, folder["uuid"], body)


@routes.on("GET", "storage/folders/{folder}/data-upload-jobs/{job}")
def poll_upload(call: Call) -> Any:
    job = _require_job(call)
    text = call.query.get("timeoutSeconds") or "0"
    if not text.isdecimal():
        raise invalid(f"timeoutSeconds: {text!r} is not a number of seconds")
    left = min(int(text), LONG_POLL_LIMIT_S) - call.waited
    if job["status"] == "PENDING" and left > 0:
        return NotYet(max(0.01, min(left, clock.seconds_between(call.now, job["ready_at"]))))
    return _job_state(job)


@routes.on("POST", "storage/folders/{folder}/data-upload-jobs/{job}/cancel")
def cancel_upload(call: Call) -> Any:
    return {"unitsCancelledCount": uploads.cancel_job(call, _require_job(call))}


def _require_job(call: Call) -> Record:
    uuid = call.path_uuid("job")
    job = uploads.find_job(call, call.path_uuid("folder"), uuid)
    if job is None:
        raise not_found("upload job", uuid)
    return job


def _job_state(job: Record) -> dict[str, Any]:
    outcome = job["outcome"] or {"items": [], "errors": [], "done": 0, "cancelled": 0}
    return {
        "status": job["status"],
        "itemsWithNames": outcome["items"],
        "errors": [error["error"] for error in outcome["errors"]],
        "unitsPendingCount": uploads.pending_units(job) if job["status"] == "PENDING" else 0,
        "unitsDoneCount": outcome["done"],
        "unitsErrorCount": len(outcome["errors"]),
        "unitsCancelledCount": outcome["cancelled"],
        "unitErrors": outcome["errors"],
        "fileName": job["payload"].get("fileName"),
    }


@routes.on("GET", "storage/folders/{folder}/groups")
def list_folder_groups(call: Call) -> Any:
    require_folder(call, call.path_uuid("folder"))
    return whole([])
