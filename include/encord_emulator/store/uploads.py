"""
Upload jobs: accepted at once, done bit by bit until their time has come, whether or not anybody asks.

A job's units wait in a table of their own, which it empties when it ends; what it tells then is its ``outcome``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.dataset_rows import add_rows, linked
from include.encord_emulator.store.registration import (
    CANCELLED,
    DONE,
    ERROR,
    PENDING,
    SKIPPED,
    find_problems,
    register,
)
from include.encord_emulator.store.tables import DATASETS, FOLDERS, UPLOAD_JOBS, UPLOAD_UNITS
from include.encord_emulator.wire.manifest import Upload, read_upload, registrations

log = logging.getLogger(__name__)
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Order:
    """
    An upload as it is asked for.

    :param structured: whether ``document`` is ``dataItems``, or else the documented manifest.
    :param dataset: the dataset that the items are to be linked into.
    """

    folder: str
    document: Any
    structured: bool
    integration: str | None
    ignore_errors: bool
    file_name: str | None
    dataset: str | None = None


def start_job(call: Call, order: Order) -> str:
    """Accept an upload and return its uuid; what cannot be read is refused here."""
    upload = read_upload(order.document, structured=order.structured)
    uuid, total = str(uuid4()), 0
    records = _unit_records(call, order, upload, uuid)
    while chunk := list(islice(records, CHUNK)):
        call.insert(UPLOAD_UNITS, *chunk)
        total += len(chunk)
    job = {
        "uuid": uuid,
        "folder": order.folder,
        "dataset": order.dataset,
        "integration": order.integration,
        "owner": call.user,
        "status": PENDING,
        "ignore_errors": order.ignore_errors,
        "skip_duplicates": upload.skip_duplicate_urls,
        "upsert": upload.upsert_metadata,
        "file_name": order.file_name,
        "total": total,
        "outcome": None,
        "created_at": call.now,
        "ready_at": clock.shift(call.now, call.switches["upload_seconds"]),
    }
    call.insert(UPLOAD_JOBS, job)
    return uuid


def _unit_records(call: Call, order: Order, upload: Upload, job: str) -> Iterator[Record]:
    default = call.switches["create_video_default"]
    read = registrations(upload, structured=order.structured, create_video=default)
    strict = call.switches["upload_problems"] == "request"
    for position, entry in enumerate(read):
        if strict and (problem := entry.unit.problem(in_cloud=order.integration is not None)):
            raise invalid(f"{entry.path}: {problem}")
        yield {"job": job, "position": position, "kind": entry.kind, "path": entry.path, "entry": entry.text,
               "status": PENDING}  # fmt: skip


def find_job(call: Call, uuid: str, **place: str) -> Record | None:
    """Return the job of a ``folder`` or ``dataset``."""
    return call.fetch_one(sa.select(UPLOAD_JOBS).filter_by(uuid=uuid, **place))


def progress(call: Call, job: Record) -> dict[str, Any]:
    """Return what a job has to tell: ``items`` made, ``errors`` of units, and the counts of units by fate."""
    outcome: dict[str, Any] = job["outcome"] or _told(call, job)
    return outcome


def cancel_job(call: Call, job: Record) -> int:
    """Cancel what is still to do; return how many units that spared. What is done stays."""
    if job["status"] != PENDING:
        return 0
    spared = _close_rest(call, job, CANCELLED, None)
    _link(call, job)
    _finish(call, job, "CANCELLED")
    return spared


def settle_due_jobs(call: Call) -> None:
    """Do of all pending jobs what their time has come for."""
    pending = sa.select(UPLOAD_JOBS).where(UPLOAD_JOBS.c.status == PENDING).order_by(UPLOAD_JOBS.c.seq)
    for job in call.fetch(pending):
        try:
            with call.connection.begin_nested():
                _advance(call, job)
        except Exception:  # one job that cannot be done must not spoil every request to come
            log.exception("upload job %s failed", job["uuid"])
            _fail(call, job, "The emulator failed; see its log.")


def _advance(call: Call, job: Record) -> None:
    if call.fetch_one(sa.select(FOLDERS.c.uuid).where(FOLDERS.c.uuid == job["folder"])) is None:
        _fail(call, job, "The folder is gone.")
        return
    is_due = job["ready_at"] <= call.now
    if not job["ignore_errors"] and not call.switches["partial_uploads_kept"]:
        if not is_due:
            return
        if sum(find_problems(call, job, rows) for rows in _chunks(call, job, job["total"])):
            _close_rest(call, job, CANCELLED, None)
    due = job["total"] if is_due else int(job["total"] * _elapsed_share(call, job))
    for rows in _chunks(call, job, due):
        register(call, job, rows)
    if is_due:
        failed = not job["ignore_errors"] and _count(call, job, ERROR)
        _link(call, job)
        _finish(call, job, "ERROR" if failed else "DONE")


def _elapsed_share(call: Call, job: Record) -> float:
    whole = clock.seconds_between(job["created_at"], job["ready_at"])
    return max(0.0, min(1.0, clock.seconds_between(job["created_at"], call.now) / whole))


def _chunks(call: Call, job: Record, due: int) -> Iterator[list[Record]]:
    """Yield the pending units before position ``due``, in order."""
    position = -1
    of_job = (UPLOAD_UNITS.c.job == job["uuid"], UPLOAD_UNITS.c.status == PENDING)
    while True:
        span = (UPLOAD_UNITS.c.position > position, UPLOAD_UNITS.c.position < due)
        rows = call.fetch(sa.select(UPLOAD_UNITS).where(*of_job, *span).order_by(UPLOAD_UNITS.c.position).limit(CHUNK))
        if not rows:
            return
        position = rows[-1]["position"]
        yield rows


def _count(call: Call, job: Record, status: str) -> int:
    counted = sa.select(sa.func.count()).where(UPLOAD_UNITS.c.job == job["uuid"], UPLOAD_UNITS.c.status == status)
    return int(call.connection.execute(counted).scalar_one())


def _close_rest(call: Call, job: Record, status: str, error: dict[str, Any] | None) -> int:
    rest = (UPLOAD_UNITS.c.job == job["uuid"], UPLOAD_UNITS.c.status == PENDING)
    return call.connection.execute(UPLOAD_UNITS.update().where(*rest).values(status=status, error=error)).rowcount


def _fail(call: Call, job: Record, reason: str) -> None:
    error = {"objectUrls": [], "error": reason, "subtaskUuid": job["uuid"], "actionDescription": "Uploading"}
    _close_rest(call, job, ERROR, error)
    _finish(call, job, "ERROR")


def _told(call: Call, job: Record) -> dict[str, Any]:
    shown = (UPLOAD_UNITS.c.status, UPLOAD_UNITS.c.item_uuid, UPLOAD_UNITS.c.name, UPLOAD_UNITS.c.error)
    statement = sa.select(*shown).where(UPLOAD_UNITS.c.job == job["uuid"], UPLOAD_UNITS.c.status != PENDING)
    rows = call.fetch(statement.order_by(UPLOAD_UNITS.c.position))
    named = {DONE, SKIPPED} if call.switches["skipped_duplicates_reported"] else {DONE}
    counted = {DONE, SKIPPED} if call.switches["skipped_duplicates_counted"] else {DONE}
    return {
        "items": [{"itemUuid": row["item_uuid"], "name": row["name"]} for row in rows if row["status"] in named],
        "errors": [row["error"] for row in rows if row["status"] == ERROR],
        "done": sum(row["status"] in counted for row in rows),
        "cancelled": sum(row["status"] == CANCELLED for row in rows),
        "pending": job["total"] - len(rows),
    }


def _finish(call: Call, job: Record, status: str) -> None:
    outcome = _told(call, job)
    call.connection.execute(UPLOAD_UNITS.delete().where(UPLOAD_UNITS.c.job == job["uuid"]))
    changes = {"status": status, "outcome": outcome}
    call.connection.execute(UPLOAD_JOBS.update().where(UPLOAD_JOBS.c.uuid == job["uuid"]).values(**changes))


def _link(call: Call, job: Record) -> None:
    """Link what the job made into its dataset, and into the one whose backing folder it went to."""
    statuses = [DONE, SKIPPED] if call.switches["skipped_duplicates_linked"] else [DONE]
    made = sa.select(UPLOAD_UNITS.c.item_uuid.label("uuid"), UPLOAD_UNITS.c.name).where(
        UPLOAD_UNITS.c.job == job["uuid"], UPLOAD_UNITS.c.status.in_(statuses)
    )
    items = {row["uuid"]: row for row in call.fetch(made.order_by(UPLOAD_UNITS.c.position))}
    mirrors = sa.select(DATASETS.c.dataset_hash).where(DATASETS.c.backing_folder == job["folder"])
    datasets = {row["dataset_hash"] for row in call.fetch(mirrors)} | ({job["dataset"]} if job["dataset"] else set())
    for dataset_hash in sorted(datasets):
        there = linked(call, dataset_hash, list(items))
        add_rows(call, dataset_hash, [item for uuid, item in items.items() if uuid not in there], fresh=False)
