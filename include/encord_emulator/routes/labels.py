"""Label rows: making, reading and saving them."""

from __future__ import annotations

from typing import Any

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import ApiError, invalid
from include.encord_emulator.labels import Blob, frames_of
from include.encord_emulator.labels.selection import keep_features
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.labels import (
    blobs,
    ensure_label_rows,
    label_rows,
    project_features,
    save_labels,
)
from include.encord_emulator.store.projects import hash_of_scope
from include.encord_emulator.wire.labels import InitRequest, ReadRequest, SaveRequest, read_uids
from include.encord_emulator.workflow.words import MAIN

routes = Routes()


def _uids(call: Call, limit: str) -> list[str]:
    """Return the uids of a query; more than the switch ``limit`` allows are refused."""
    uids, most = read_uids(call.uid), int(call.switches[limit])
    if most and len(uids) > most:
        message = f"{len(uids)} label rows in one request; {most} are allowed"
        raise ApiError(400, message, code="MULTI_LABEL_LIMIT_ERROR", payload={"maximum_labels_allowed": most})
    return uids


def _answer(call: Call, found: list[Blob]) -> Any:
    """Return a list for a request of many, the single document else."""
    return found if isinstance(call.uid, list) else found[0]


@routes.query("labelrow", "PUT")
def init_labels(call: Call) -> Any:
    project_hash, wanted = hash_of_scope(call), call.read(InitRequest)
    # A single label row that exists is an error (docstring of create_label_row); of several it is not known.
    only_new = not isinstance(call.uid, list) or call.switches["init_existing_labels"] == "409"
    uids, branch = _uids(call, "multi_label_limit"), wanted.branch_name or MAIN
    rows = ensure_label_rows(call, project_hash, uids, branch, only_new=only_new)
    return _answer(call, _shown(call, project_hash, rows, ReadRequest(get_signed_url=wanted.get_signed_url)))


@routes.query("labelrow", "GET")
def get_labels(call: Call) -> Any:
    project_hash, wanted = hash_of_scope(call), call.read(ReadRequest)
    rows = label_rows(call, project_hash, _uids(call, "multi_label_limit"))
    return _answer(call, _shown(call, project_hash, rows, wanted))


def _shown(call: Call, project_hash: str, rows: list[Record], wanted: ReadRequest) -> list[Blob]:
    found = blobs(call, project_hash, rows, signed=wanted.get_signed_url)
    hidden = frozenset[str]() if wanted.include_archived else project_features(call, project_hash).archived
    for blob in found:
        keep_features(blob, wanted.include_object_feature_hashes, wanted.include_classification_feature_hashes, hidden)
        if wanted.include_reviews:
            for frame in frames_of(blob):
                for label in frame.get("objects") or []:
                    label.setdefault("reviews", [])
        if wanted.include_export_history:
            blob["export_history"] = []
    return found


@routes.query("labelrow", "POST")
def save(call: Call) -> Any:
    project_hash, uids = hash_of_scope(call), _uids(call, "label_save_limit")
    if not isinstance(call.body, dict):
        raise ApiError(422, "body: a JSON object is expected")
    if call.body.get("multi_request"):
        request = call.read(SaveRequest)
        given, strict = request.labels, bool(request.validate_before_saving)
    else:
        given, strict = [call.body], call.body.get("validate_before_saving") is True
    if len(given) != len(uids):
        raise invalid(f"{len(given)} labels for {len(uids)} label hashes")
    rows = label_rows(call, project_hash, uids, with_labels=False)
    save_labels(call, project_hash, list(zip(rows, given, strict=True)), call.user, strict=strict)
    return True
