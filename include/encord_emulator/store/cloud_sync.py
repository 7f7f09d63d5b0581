"""
Cloud-synced folders. The emulator fetches nothing: what lies in the cloud is a table, filled by seeds and tests.

A sync starts an upload job for the objects that its folder lacks, and turns items whose object has gone into
tombstones. Sidecars with metadata are left out of the items; their contents are not known here.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch, insert, update_in
from include.encord_emulator.store.tables import CLOUD_OBJECTS, FOLDER_SYNCS, ITEMS, UPLOAD_JOBS
from include.encord_emulator.store.uploads import Order, progress, start_job

_KINDS = {"image": "images", "video": "videos", "audio": "audio", "text": "text"}
_DICOM_SUFFIXES = (".dcm", ".dicom")


def add_cloud_objects(connection: sa.Connection, integration_uuid: str, urls: Iterable[str]) -> None:
    """Let an integration see objects, by URLs in the form of the folders' ``remote_url``."""
    known = sa.select(CLOUD_OBJECTS.c.url).where(CLOUD_OBJECTS.c.integration == integration_uuid)
    there = {row["url"] for row in fetch(connection, known)}
    new = [url for url in dict.fromkeys(urls) if url not in there]
    insert(connection, CLOUD_OBJECTS, [{"integration": integration_uuid, "url": url} for url in new])


def remove_cloud_objects(connection: sa.Connection, integration_uuid: str, urls: Iterable[str]) -> None:
    """Let an integration no longer see objects."""
    for url in urls:
        connection.execute(CLOUD_OBJECTS.delete().filter_by(integration=integration_uuid, url=url))


def start_sync(call: Call, folder: Record) -> str:
    """Start bringing a cloud-synced folder up to date; return the uuid of the sync."""
    there = sa.select(ITEMS).where(ITEMS.c.folder == folder["uuid"], ITEMS.c.url.is_not(None))
    items = call.fetch(there)
    objects = _objects_under(call, folder)
    _mark_tombstones(call, items, set(objects))
    known = {item["url"] for item in items}
    manifest: dict[str, Any] = {}
    for url in objects:
        if url not in known and (kind := _kind(url)) is not None:
            manifest.setdefault(kind, []).append({"objectUrl": url})
    sync = {"uuid": str(uuid4()), "folder": folder["uuid"], "upload_job": None, "created_at": call.now}
    if manifest:
        # A second sync before the first one is done asks for the same objects.
        document = manifest | {"skip_duplicate_urls": True}
        order = Order(folder["uuid"], document, False, folder["integration"], ignore_errors=True, file_name=None)
        sync["upload_job"] = start_job(call, order)
    call.insert(FOLDER_SYNCS, sync)
    return str(sync["uuid"])


def _objects_under(call: Call, folder: Record) -> list[str]:
    prefix = folder["remote_url"].rstrip("/") + "/"
    objects = sa.select(CLOUD_OBJECTS.c.url).where(
        CLOUD_OBJECTS.c.integration == folder["integration"],
        sa.func.substr(CLOUD_OBJECTS.c.url, 1, len(prefix)) == prefix,  # LIKE would not mind the case
    )
    config = (folder["config"] or {}).get("metadataIngestion")
    urls = [row["url"] for row in call.fetch(objects.order_by(CLOUD_OBJECTS.c.seq))]
    return [url for url in urls if config is None or not url.endswith(config["matcher"]["suffix"])]


def _mark_tombstones(call: Call, items: list[Record], present: set[str]) -> None:
    for tombstone in (1, None):
        changed = [item["uuid"] for item in items if (item["url"] not in present) == bool(tombstone)]
        update_in(call.connection, ITEMS, "uuid", changed, {"tombstone": tombstone})


def _kind(url: str) -> str | None:
    """Return the key of the manifest for an object, or ``None`` for what such folders do not take."""
    mime = mimetypes.guess_type(url)[0] or ""
    if mime == "application/pdf":
        return "pdf"
    return None if url.lower().endswith(_DICOM_SUFFIXES) else _KINDS.get(mime.split("/")[0])


def sync_state(call: Call, folder: Record, uuid: str) -> dict[str, Any] | None:
    """Return a ``SyncPrivateDataWithCloudSyncedFolderGetResultResponse``, ``None`` for a sync of another folder."""
    sync = call.fetch_one(sa.select(FOLDER_SYNCS).filter_by(uuid=uuid, folder=folder["uuid"]))
    if sync is None:
        return None
    job = call.fetch_one(sa.select(UPLOAD_JOBS).where(UPLOAD_JOBS.c.uuid == sync["upload_job"]))
    status = job["status"] if job else "DONE"
    units: dict[str, Any] = progress(call, job) if job else {"pending": 0, "done": 0, "failed": 0, "cancelled": 0}
    return {
        "status": status.lower(),
        "scanPagesProcessingPending": 0,
        "scanPagesProcessingDone": 1,
        "scanPagesProcessingError": 0,
        "scanPagesProcessingCancelled": 0,
        "uploadJobsPending": int(status == "PENDING"),
        "uploadJobsDone": int(job is not None and status == "DONE"),
        "uploadJobsError": int(status == "ERROR"),
        "uploadJobsUnitsPending": units["pending"],
        "uploadJobsUnitsDone": units["done"],
        "uploadJobsUnitsError": units["failed"],
        "uploadJobsUnitsCancelled": units["cancelled"],
    }
