"""
Upload jobs: accepted at once, done bit by bit until their time has come, whether or not anybody asks.

What a job has to do waits in chunks in a table of their own; when it ends they go, and what it has to tell stays as its
``outcome``.
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
from include.encord_emulator.store.integrations import is_strict
from include.encord_emulator.store.registration import CANCELLED, DONE, ERROR, SKIPPED, check, register
from include.encord_emulator.store.tables import DATASETS, FOLDERS, UPLOAD_CHUNKS, UPLOAD_JOBS
from include.encord_emulator.wire.manifest import Registration, read_upload, registrations

log = logging.getLogger(__name__)
PENDING = "PENDING"
CHUNKS, CHUNK_LIMIT = 20, 1000
"""How many chunks a job is cut into, so that it can be seen to progress, and how many units one may have."""
CHUNKS_A_REQUEST = 20
"""What a request may do for a job, so that a large one does not hold up everybody else's requests."""


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
    upload, uuid = read_upload(order.document, structured=order.structured), str(uuid4())
    default = call.switches["create_video_default"]
    units = _checked(call, order, registrations(upload, structured=order.structured, create_video=default))
    size = min(CHUNK_LIMIT, upload.size // CHUNKS + 1)
    for position, chunk in enumerate(iter(lambda: list(islice(units, size)), [])):
        entries = [(unit.kind, unit.path, unit.entry) for unit in chunk]
        call.insert(UPLOAD_CHUNKS, {"job": uuid, "position": position, "size": len(chunk), "entries": entries})
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
        "total": upload.size,
        "outcome": None,
        "created_at": call.now,
        "ready_at": clock.shift(call.now, call.switches["upload_seconds"]),
    }
    call.insert(UPLOAD_JOBS, job)
    return uuid


def _checked(call: Call, order: Order, units: Iterator[Registration]) -> Iterator[Registration]:
    at_once = call.switches["upload_problems"] == "request"
    in_cloud, strict = order.integration is not None, is_strict(call, order.integration)
    for unit in units:
        if at_once and (problem := unit.unit.problem(in_cloud=in_cloud, is_strict=strict)):
            raise invalid(f"{unit.path}: {problem}")
        yield unit


def find_job(call: Call, uuid: str, **place: str) -> Record | None:
    """Return the job of a ``folder`` or ``dataset``."""
    return call.fetch_one(sa.select(UPLOAD_JOBS).filter_by(uuid=uuid, **place))


def progress(call: Call, job: Record) -> dict[str, Any]:
    """
    Return what a job has to tell: the counts of its units by fate, ``items`` made, and ``errors`` of units.

    A pending job tells counts only, so that looking at a large one costs little.
    """
    if job["outcome"] is not None:
        outcome: dict[str, Any] = job["outcome"]
        return outcome | {"failed": len(outcome["errors"])}
    columns = (UPLOAD_CHUNKS.c.size, UPLOAD_CHUNKS.c.failed, UPLOAD_CHUNKS.c.skipped)
    sums = sa.select(*(sa.func.coalesce(sa.func.sum(column), 0).label(column.name) for column in columns))
    closed = sums.where(UPLOAD_CHUNKS.c.job == job["uuid"], UPLOAD_CHUNKS.c.results.is_not(None))
    [counts] = call.fetch(closed)
    left_out = 0 if call.switches["skipped_duplicates_counted"] else counts["skipped"]
    done = counts["size"] - counts["failed"] - left_out
    return {"items": [], "errors": [], "done": done, "failed": counts["failed"], "cancelled": 0,
            "pending": job["total"] - counts["size"]}  # fmt: skip


def cancel_job(call: Call, job: Record) -> int:
    """Cancel what is still to do; return how many units that spared. What is done stays."""
    if job["status"] != PENDING:
        return 0
    _link(call, job)
    outcome = _told(call, job)
    spared = int(outcome["pending"])
    _finish(call, job, "CANCELLED", outcome | {"pending": 0, "cancelled": spared})
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
    all_or_nothing = not job["ignore_errors"] and not call.switches["partial_uploads_kept"]
    if all_or_nothing and not (is_due and _admitted(call, job)):
        return
    due = job["total"] if is_due else int(job["total"] * _elapsed_share(call, job))
    for chunk in islice(_pending_chunks(call, job, due), CHUNKS_A_REQUEST):
        _close(call, chunk, register(call, job, chunk["entries"]))
    if is_due and not _open_chunks(call, job):
        _end(call, job)


def _end(call: Call, job: Record) -> None:
    _link(call, job)
    outcome = _told(call, job)
    _finish(call, job, "ERROR" if outcome["errors"] and not job["ignore_errors"] else "DONE", outcome)


def _admitted(call: Call, job: Record) -> bool:
    """Say whether nothing is wrong with any unit of a job; if something is, the job ends."""
    if _open_chunks(call, job) < len(_chunks(call, job)):
        return True  # it was found to be right before
    results = [(chunk, check(call, job, chunk["entries"])) for chunk in _pending_chunks(call, job, job["total"])]
    if all(result["status"] != ERROR for _, closed in results for result in closed):
        return True
    for chunk, closed in results:
        _close(call, chunk, closed)
    _end(call, job)
    return False


def _elapsed_share(call: Call, job: Record) -> float:
    whole = clock.seconds_between(job["created_at"], job["ready_at"])
    return max(0.0, clock.seconds_between(job["created_at"], call.now) / whole)


def _chunks(call: Call, job: Record) -> list[Record]:
    shown = (UPLOAD_CHUNKS.c.seq, UPLOAD_CHUNKS.c.size, UPLOAD_CHUNKS.c.results.is_(None).label("is_open"))
    of_job = sa.select(*shown).where(UPLOAD_CHUNKS.c.job == job["uuid"])
    return call.fetch(of_job.order_by(UPLOAD_CHUNKS.c.position))


def _open_chunks(call: Call, job: Record) -> int:
    return sum(bool(chunk["is_open"]) for chunk in _chunks(call, job))


def _pending_chunks(call: Call, job: Record, due: int) -> Iterator[Record]:
    """Yield the chunks that are still to do and lie whole within the first ``due`` units."""
    end = 0
    for chunk in _chunks(call, job):
        end += chunk["size"]
        if chunk["is_open"] and end <= due:
            yield from call.fetch(sa.select(UPLOAD_CHUNKS).where(UPLOAD_CHUNKS.c.seq == chunk["seq"]))


def _close(call: Call, chunk: Record, results: list[Record]) -> None:
    statuses = [result["status"] for result in results]
    changes = {"entries": None, "results": results, "failed": statuses.count(ERROR), "skipped": statuses.count(SKIPPED)}
    call.connection.execute(UPLOAD_CHUNKS.update().where(UPLOAD_CHUNKS.c.seq == chunk["seq"]).values(**changes))


def _fail(call: Call, job: Record, reason: str) -> None:
    """End a job whose rest cannot be done at all."""
    outcome = _told(call, job)
    error = {"objectUrls": [], "error": reason, "subtaskUuid": job["uuid"], "actionDescription": "Uploading"}
    errors = outcome["errors"] + [error] * outcome["pending"]
    _finish(call, job, "ERROR", outcome | {"pending": 0, "errors": errors})


def _results(call: Call, job: Record) -> list[Record]:
    closed = sa.select(UPLOAD_CHUNKS.c.results).where(UPLOAD_CHUNKS.c.job == job["uuid"])
    chunks = call.fetch(closed.where(UPLOAD_CHUNKS.c.results.is_not(None)).order_by(UPLOAD_CHUNKS.c.position))
    return [result for chunk in chunks for result in chunk["results"]]


def _told(call: Call, job: Record) -> dict[str, Any]:
    results = _results(call, job)
    named = {DONE, SKIPPED} if call.switches["skipped_duplicates_reported"] else {DONE}
    counted = {DONE, SKIPPED} if call.switches["skipped_duplicates_counted"] else {DONE}
    return {
        "items": [{"itemUuid": one["uuid"], "name": one["name"]} for one in results if one["status"] in named],
        "errors": [one["error"] for one in results if one["status"] == ERROR],
        "done": sum(one["status"] in counted for one in results),
        "cancelled": sum(one["status"] == CANCELLED for one in results),
        "pending": job["total"] - len(results),
    }


def _finish(call: Call, job: Record, status: str, outcome: dict[str, Any]) -> None:
    call.connection.execute(UPLOAD_CHUNKS.delete().where(UPLOAD_CHUNKS.c.job == job["uuid"]))
    changes = {"status": status, "outcome": outcome}
    call.connection.execute(UPLOAD_JOBS.update().where(UPLOAD_JOBS.c.uuid == job["uuid"]).values(**changes))


def _link(call: Call, job: Record) -> None:
    """Link what the job made into its dataset, and into the one whose backing folder it went to."""
    mirrors = sa.select(DATASETS.c.dataset_hash).where(DATASETS.c.backing_folder == job["folder"])
    datasets = {row["dataset_hash"] for row in call.fetch(mirrors)} | ({job["dataset"]} if job["dataset"] else set())
    if not datasets:
        return
    wanted = {DONE, SKIPPED} if call.switches["skipped_duplicates_linked"] else {DONE}
    items = {one["uuid"]: one for one in _results(call, job) if one["status"] in wanted}
    for dataset_hash in sorted(datasets):
        there = linked(call, dataset_hash, list(items))
        add_rows(call, dataset_hash, [item for uuid, item in items.items() if uuid not in there], fresh=False)
