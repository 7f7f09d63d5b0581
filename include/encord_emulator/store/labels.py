"""Label rows: one for each project, data hash and branch, each with a label hash of its own."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import ApiError, not_found
from include.encord_emulator.labels import Blob, accept_part, empty_part, whole_blob
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.tables import LABELS
from include.encord_emulator.store.units import children_of, project_units


def label_rows(call: Call, project_hash: str, label_hashes: Sequence[str]) -> list[Record]:
    """Return label rows in the order asked for; the first that is not there is a 404."""
    statement = sa.select(LABELS).where(LABELS.c.project_hash == project_hash)
    found = {row["label_hash"]: row for row in fetch_in(call.connection, statement, LABELS.c.label_hash, label_hashes)}
    for label_hash in label_hashes:
        if label_hash not in found:
            raise not_found("label row", label_hash)
    return [found[label_hash] for label_hash in label_hashes]


def ensure_label_rows(call: Call, project_hash: str, data_hashes: Sequence[str], branch: str) -> list[Record]:
    """Return the label rows of data units on a branch, made where they are missing, in the order asked for."""
    units = {unit["data_hash"] for unit in project_units(call.connection, project_hash, data_hashes)}
    for data_hash in data_hashes:
        if data_hash not in units:
            raise not_found("data unit", data_hash)
    statement = sa.select(LABELS).where(LABELS.c.project_hash == project_hash, LABELS.c.branch == branch)
    there = {row["data_hash"] for row in fetch_in(call.connection, statement, LABELS.c.data_hash, data_hashes)}
    missing = [data_hash for data_hash in dict.fromkeys(data_hashes) if data_hash not in there]
    call.insert(LABELS, *(_new_row(call, project_hash, data_hash, branch) for data_hash in missing))
    rows = {row["data_hash"]: row for row in fetch_in(call.connection, statement, LABELS.c.data_hash, data_hashes)}
    return [rows[data_hash] for data_hash in data_hashes]


def blobs(call: Call, project_hash: str, labels: Sequence[Record]) -> list[Blob]:
    """Return the documents of label rows."""
    found = project_units(call.connection, project_hash, list({label["data_hash"] for label in labels}))
    units = {unit["data_hash"]: unit for unit in found}
    children = children_of(call.connection, found)
    pairs = [(units[label["data_hash"]], label) for label in labels]
    return [whole_blob(unit, children.get(unit["item_uuid"]), label) for unit, label in pairs]


def save_labels(call: Call, project_hash: str, pairs: Sequence[tuple[Record, Blob]], user: str) -> None:
    """Overwrite label rows with the labels given for each; the last save wins."""
    found = project_units(call.connection, project_hash, list({label["data_hash"] for label, _ in pairs}))
    units = {unit["data_hash"]: unit for unit in found}
    children = children_of(call.connection, found)
    for label, given in pairs:
        if given.get("data_hash") not in {None, label["data_hash"]}:
            message = f"label row {label['label_hash']} is of data hash {label['data_hash']}, not {given['data_hash']}"
            raise ApiError(400, message, code="CORRUPTED_LABEL_ERROR")
        unit = units[label["data_hash"]]
        part = accept_part(given, unit, children.get(unit["item_uuid"]), user, call.now)
        changes = {"labels": part, "version": label["version"] + 1, "edited_at": call.now}
        call.connection.execute(LABELS.update().where(LABELS.c.seq == label["seq"]).values(**changes))


def _new_row(call: Call, project_hash: str, data_hash: str, branch: str) -> Record:
    return {
        "label_hash": str(uuid4()),
        "project_hash": project_hash,
        "data_hash": data_hash,
        "branch": branch,
        "labels": empty_part(),
        "version": 0,
        "created_at": call.now,
        "edited_at": call.now,
    }
