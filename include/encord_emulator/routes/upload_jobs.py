"""Upload jobs of folders, and those of datasets, which are jobs of a folder too."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from include.encord_emulator import clock
from include.encord_emulator.call import LONG_POLL_LIMIT_S, Call, NotYet, Routes
from include.encord_emulator.errors import ApiError, invalid, not_found
from include.encord_emulator.store import uploads
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.dataset_rows import linked
from include.encord_emulator.store.datasets import require_dataset
from include.encord_emulator.store.folders import require_folder
from include.encord_emulator.store.integrations import require_integration
from include.encord_emulator.wire.payload import Payload, Uuid

routes = Routes()
Seconds = Annotated[int, Field(ge=0)]


class UploadPayload(Payload):
    """``PostUploadJobParams``."""

    data_items: dict[str, Any] | None = None
    external_files: dict[str, Any] | None = None
    integration_hash: Uuid | None = None
    ignore_errors: bool = False
    file_name: str | None = None


class DatasetUploadPayload(Payload):
    """``DatasetDataLongPollingParams``; a legacy payload, yet in camelCase."""

    data_items: dict[str, Any] | None = None
    files: dict[str, Any] | None = None
    integration_id: Uuid | None = None
    ignore_errors: bool = False
    folder_uuid: Uuid | None = None
    file_name: str | None = None


class Poll(Payload):
    """``GetUploadJobParams``."""

    timeout_seconds: Seconds = 0


class DatasetPoll(Poll):
    """The payload of a dataset's poll, which is in snake_case."""

    process_hash: Uuid


@routes.on("POST", "storage/folders/{folder}/data-upload-jobs")
def start_upload(call: Call) -> Any:
    folder, wanted = require_folder(call, call.path_uuid("folder")), call.read(UploadPayload)
    if wanted.integration_hash is not None:
        require_integration(call, wanted.integration_hash)
    document, structured = _only(dataItems=wanted.data_items, externalFiles=wanted.external_files)
    order = uploads.Order(
        folder["uuid"], document, structured, wanted.integration_hash, wanted.ignore_errors, wanted.file_name
    )
    return uploads.start_job(call, order)


@routes.query("datasetdatalongpolling", "POST")
def start_dataset_upload(call: Call) -> Any:
    dataset, wanted = require_dataset(call, call.resource_id), call.read(DatasetUploadPayload)
    if dataset["backing_folder"] and wanted.folder_uuid:
        raise invalid("folderUuid: the dataset has a folder of its own, so that none may be given")
    if not (dataset["backing_folder"] or wanted.folder_uuid):
        raise invalid("folderUuid: the dataset has no folder of its own, so that one must be given")
    folder = require_folder(call, wanted.folder_uuid or dataset["backing_folder"])
    if wanted.integration_id is not None:
        require_integration(call, wanted.integration_id)
    document, structured = _only(dataItems=wanted.data_items, files=wanted.files)
    order = uploads.Order(
        folder["uuid"], document, structured, wanted.integration_id, wanted.ignore_errors, wanted.file_name,
        dataset["dataset_hash"],
    )  # fmt: skip
    return {"process_hash": uploads.start_job(call, order)}


def _only(**forms: dict[str, Any] | None) -> tuple[dict[str, Any], bool]:
    """Return the one form that an upload is given in, and whether it is the structured one."""
    given = [(name, document) for name, document in forms.items() if document is not None]
    if len(given) != 1:
        raise ApiError(422, f"body: exactly one of {' and '.join(forms)} is expected")
    name, document = given[0]
    return document, name == "dataItems"


@routes.on("GET", "storage/folders/{folder}/data-upload-jobs/{job}")
def poll_upload(call: Call) -> Any:
    timeout = call.arguments(Poll).timeout_seconds
    job = _require_job(call, call.path_uuid("job"), folder=call.path_uuid("folder"))
    if wait := _wait(call, job, timeout):
        return wait
    outcome = uploads.progress(call, job)
    return {
        "status": job["status"],
        "itemsWithNames": outcome["items"],
        **_counts(outcome),
        "unitErrors": outcome["errors"],
        "fileName": job["file_name"],
    }


@routes.query("datasetdatalongpolling", "GET")
def poll_dataset_upload(call: Call) -> Any:
    dataset_hash, wanted = require_dataset(call, call.resource_id)["dataset_hash"], call.read(DatasetPoll)
    job = _require_job(call, wanted.process_hash, dataset=dataset_hash)
    if wait := _wait(call, job, wanted.timeout_seconds):
        return wait
    outcome = uploads.progress(call, job)
    rows = linked(call, dataset_hash, [item["itemUuid"] for item in outcome["items"]])
    return {
        "status": job["status"],
        "dataHashesWithTitles": [
            {"dataHash": row["data_hash"], "title": row["title"], "backingItemUuid": uuid}
            for item in outcome["items"]
            if (row := rows.get(uuid := item["itemUuid"])) is not None
        ],
        **_counts(outcome),
        "dataUnitErrors": outcome["errors"],
    }


@routes.on("POST", "storage/folders/{folder}/data-upload-jobs/{job}/cancel")
def cancel_upload(call: Call) -> Any:
    job = _require_job(call, call.path_uuid("job"), folder=call.path_uuid("folder"))
    return {"unitsCancelledCount": uploads.cancel_job(call, job)}


def _require_job(call: Call, uuid: str, **place: str) -> Record:
    job = uploads.find_job(call, uuid, **place)
    if job is None:
        raise not_found("upload job", uuid)
    return job


def _wait(call: Call, job: Record, timeout: int) -> NotYet | None:
    """Return how long to wait for a job that is under way, if the caller will."""
    left = min(timeout, LONG_POLL_LIMIT_S) - call.waited
    if job["status"] != "PENDING" or left <= 0:
        return None
    return NotYet(max(0.01, min(left, clock.seconds_between(call.now, job["ready_at"]))))


def _counts(outcome: dict[str, Any]) -> dict[str, Any]:
    return {
        "errors": [error["error"] for error in outcome["errors"]],
        "unitsPendingCount": outcome["pending"],
        "unitsDoneCount": outcome["done"],
        "unitsErrorCount": outcome["failed"],
        "unitsCancelledCount": outcome["cancelled"],
    }
