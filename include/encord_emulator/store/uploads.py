"""Upload jobs: accepted at once, settled when their time has come, whether or not anybody asks."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.tables import ITEMS, UPLOAD_JOBS
from include.encord_emulator.wire.manifest import File, Manifest, Unit, parse_upload, url_path
from include.encord_emulator.wire.media import media_facts


def start_job(call: Call, folder: str, payload: dict[str, Any]) -> str:
    """Accept an upload and return its uuid; a manifest that cannot be read is refused here."""
    parse_upload(payload)
    uuid = str(uuid4())
    job = {
        "uuid": uuid,
        "folder": folder,
        "owner": call.user,
        "status": "PENDING",
        "payload": payload,
        "outcome": None,
        "created_at": call.now,
        "ready_at": clock.shift(call.now, call.switches["upload_seconds"]),
    }
    call.insert(UPLOAD_JOBS, job)
    return uuid


def find_job(call: Call, folder: str, uuid: str) -> Record | None:
    """Return a job of a folder."""
    return call.fetch_one(sa.select(UPLOAD_JOBS).where(UPLOAD_JOBS.c.uuid == uuid, UPLOAD_JOBS.c.folder == folder))


def pending_units(job: Record) -> int:
    """Return how many units a pending job has before it."""
    return len(parse_upload(job["payload"]).units)


def cancel_job(call: Call, job: Record) -> int:
    """Cancel a job that is still pending; return how many units that spared."""
    if job["status"] != "PENDING":
        return 0
    cancelled = pending_units(job)
    outcome = {"items": [], "errors": [], "done": 0, "cancelled": cancelled}
    _finish(call, job, "CANCELLED", outcome)
    return cancelled


def settle_due_jobs(call: Call) -> None:
    """Do the work of all jobs whose time has come."""
    due = sa.select(UPLOAD_JOBS).where(UPLOAD_JOBS.c.status == "PENDING", UPLOAD_JOBS.c.ready_at <= call.now)
    for job in call.fetch(due.order_by(UPLOAD_JOBS.c.seq)):
        _settle(call, job)


def _settle(call: Call, job: Record) -> None:
    manifest = parse_upload(job["payload"])
    bad = [(unit, problem) for unit in manifest.units if (problem := unit.problem())]
    good = [unit for unit in manifest.units if not unit.problem()]
    lenient = bool(job["payload"].get("ignoreErrors"))
    status = "ERROR" if bad and not lenient else "DONE"
    if status == "ERROR" and not call.switches["partial_uploads_kept"]:
        good = []
    outcome = {
        "items": _register(call, job, manifest, good),
        "errors": [_unit_error(unit, problem) for unit, problem in bad],
        "done": len(good),
        "cancelled": len(manifest.units) - len(bad) - len(good),
    }
    _finish(call, job, status, outcome)


def _register(call: Call, job: Record, manifest: Manifest, units: list[Unit]) -> list[dict[str, str]]:
    """Make the items; return what the job reports of them."""
    known = _items_by_url(call, job["folder"], units) if manifest.skip_duplicate_urls else {}
    reported, new = [], []
    for unit in units:
        there = known.get(unit.url_key)
        if there is None:
            records = _item_records(call, job, unit)
            new += records
            reported.append({"itemUuid": records[0]["uuid"], "name": records[0]["name"]})
            if manifest.skip_duplicate_urls:
                known[unit.url_key] = records[0]
        else:
            _upsert(call, there, unit, manifest)
            if call.switches["skipped_duplicates_reported"]:
                reported.append({"itemUuid": there["uuid"], "name": there["name"]})
    call.insert(ITEMS, *new)
    return reported


def _items_by_url(call: Call, folder: str, units: list[Unit]) -> dict[str, Record]:
    here = sa.select(ITEMS).where(ITEMS.c.folder == folder).order_by(ITEMS.c.seq.desc())
    rows = fetch_in(call.connection, here, ITEMS.c.url_key, [unit.url_key for unit in units])
    return {row["url_key"]: row for row in rows}


def _upsert(call: Call, item: Record, unit: Unit, manifest: Manifest) -> None:
    if manifest.upsert_metadata and unit.client_metadata is not None:
        changes = {"client_metadata": unit.client_metadata, "edited_at": call.now}
        call.connection.execute(ITEMS.update().where(ITEMS.c.uuid == item["uuid"]).values(**changes))


def _item_records(call: Call, job: Record, unit: Unit) -> list[Record]:
    """Return the item of a unit, and after it those of its files if it is a group."""
    item = {
        "uuid": str(uuid4()),
        "folder": job["folder"],
        "item_type": unit.item_type,
        "name": unit.name,
        "url": None if unit.is_group else unit.files[0].url,
        "url_key": unit.url_key,
        "client_metadata": unit.client_metadata,
        "media": unit.media(),
        "integration": job["payload"].get("integrationHash"),
        "owner": job["owner"],
        "parent_item": None,
        "created_at": call.now,
        "edited_at": call.now,
    }
    children = [_child_record(item, file) for file in unit.files] if unit.is_group else []
    return [item, *children]


def _child_record(parent: Record, file: File) -> Record:
    item_type = "dicomFile" if parent["item_type"] == "dicomSeries" else "image"
    kind = "dicomSeries" if item_type == "dicomFile" else item_type
    changes = {
        "uuid": str(uuid4()),
        "folder": None,  # children are found through their parent, not in the folder
        "item_type": item_type,
        "name": file.title or url_path(file.url),
        "url": file.url,
        "url_key": file.url,
        "client_metadata": None,
        "media": media_facts(kind, [(file.url, file.metadata)]),
        "parent_item": parent["uuid"],
    }
    return parent | changes


def _unit_error(unit: Unit, problem: str) -> dict[str, Any]:
    return {
        "objectUrls": [file.url for file in unit.files],
        "error": problem,
        "subtaskUuid": str(uuid4()),
        "actionDescription": f"register {unit.item_type} {unit.title or ''}".strip(),
    }


def _finish(call: Call, job: Record, status: str, outcome: dict[str, Any]) -> None:
    changes = {"status": status, "outcome": outcome}
    call.connection.execute(UPLOAD_JOBS.update().where(UPLOAD_JOBS.c.uuid == job["uuid"]).values(**changes))
