"""Label rows: one for each project, data hash and branch, each with a label hash of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import exists, not_found
from include.encord_emulator.labels import Blob, accept_part, empty_part, has_labels, whole_blob
from include.encord_emulator.labels.features import Features, read_features
from include.encord_emulator.labels.structure import corrupted
from include.encord_emulator.labels.validation import find_problems
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.media import signed_urls
from include.encord_emulator.store.progress import unit_statuses
from include.encord_emulator.store.tables import LABELS, ONTOLOGIES, PROJECTS
from include.encord_emulator.store.units import labelled_units, parts_of

_FACTS = [column for column in LABELS.c if column.name != "labels"]
_SAVE = (
    LABELS.update()
    .where(LABELS.c.seq == sa.bindparam("row"))
    .values(
        {
            column: sa.bindparam(f"new_{column}", type_=LABELS.c[column].type)
            for column in ("labels", "labelled", "problems", "version", "edited_at")
        }
    )
)


def label_rows(call: Call, project_hash: str, label_hashes: Sequence[str], *, with_labels: bool = True) -> list[Record]:
    """
    Return label rows in the order asked for; the first that is not there is a 404.

    :param with_labels: whether the labels themselves are needed, which are by far the most of a row.
    """
    statement = sa.select(*(LABELS.c if with_labels else _FACTS)).where(LABELS.c.project_hash == project_hash)
    found = {row["label_hash"]: row for row in fetch_in(call.connection, statement, LABELS.c.label_hash, label_hashes)}
    for label_hash in label_hashes:
        if label_hash not in found:
            raise not_found("label row", label_hash)
    return [found[label_hash] for label_hash in label_hashes]


def label_facts(call: Call, project_hash: str, data_hashes: Sequence[str] | None) -> list[Record]:
    """Return all that is kept of label rows but the labels themselves, oldest first; ``None`` is of all units."""
    statement = sa.select(*_FACTS).where(LABELS.c.project_hash == project_hash).order_by(LABELS.c.seq)
    if data_hashes is None:
        return call.fetch(statement)
    return fetch_in(call.connection, statement, LABELS.c.data_hash, data_hashes)


def ensure_label_rows(
    call: Call, project_hash: str, data_hashes: Sequence[str], branch: str, *, only_new: bool = False
) -> list[Record]:
    """
    Return the label rows of data units on a branch, made where they are missing, in the order asked for.

    :param only_new: refuse with 409 what is there already.
    """
    units = {unit["data_hash"] for unit in labelled_units(call.connection, project_hash, data_hashes)}
    for data_hash in data_hashes:
        if data_hash not in units:
            raise not_found("data unit", data_hash)
    statement = sa.select(LABELS).where(LABELS.c.project_hash == project_hash, LABELS.c.branch == branch)
    there = {row["data_hash"] for row in fetch_in(call.connection, statement, LABELS.c.data_hash, data_hashes)}
    if there and only_new:
        raise exists("a label row of data unit", min(there))
    missing = [data_hash for data_hash in dict.fromkeys(data_hashes) if data_hash not in there]
    call.insert(LABELS, *(_new_row(call, project_hash, data_hash, branch) for data_hash in missing))
    rows = {row["data_hash"]: row for row in fetch_in(call.connection, statement, LABELS.c.data_hash, data_hashes)}
    return [rows[data_hash] for data_hash in data_hashes]


def blobs(call: Call, project_hash: str, labels: Sequence[Record], *, signed: bool = False) -> list[Blob]:
    """
    Return the documents of label rows.

    :param signed: whether their links are signed URLs, which work without credentials.
    """
    units, children = _units_of(call, project_hash, labels)
    if signed:
        _sign_links(call, units.values(), children.values())
    statuses = unit_statuses(call, project_hash, list(units))
    pairs = [(_unit_of(label, {}, units), label) for label in labels]
    documents = [
        whole_blob(unit, children.get(unit["item_uuid"]), label, statuses.get(label["data_hash"]))
        for unit, label in pairs
    ]
    _name_labels_of_parts(call, project_hash, documents)
    return documents


def _name_labels_of_parts(call: Call, project_hash: str, documents: Sequence[Blob]) -> None:
    """Put into the documents of data groups the label hashes that their parts have on the same branch."""
    parts = [
        (document["branch_name"], part)
        for document in documents
        for data_unit in document["data_units"].values()
        for part in data_unit.get("metadata", {}).get("children", ())
    ]
    if not parts:
        return
    statement = sa.select(LABELS).where(LABELS.c.project_hash == project_hash)
    rows = fetch_in(call.connection, statement, LABELS.c.data_hash, list({part["data_hash"] for _, part in parts}))
    hashes = {(row["branch"], row["data_hash"]): row["label_hash"] for row in rows}
    for branch, part in parts:
        part["label_hash"] = hashes.get((branch, part["data_hash"]))


def save_labels(
    call: Call, project_hash: str, pairs: Sequence[tuple[Record, Any]], user: str, *, strict: bool = False
) -> None:
    """
    Overwrite label rows with the labels given for each; the last save wins.

    :param strict: refuse labels that do not fit the ontology, which else are kept and marked.
    """
    units, children = _units_of(call, project_hash, [label for label, _ in pairs])
    features = project_features(call, project_hash)
    strict = strict or call.switches["invalid_labels"] == "refused"
    changes = []
    for label, given in pairs:
        unit = _unit_of(label, given, units)
        numbered = call.switches["object_numbers_assigned"]
        part = accept_part(given, unit, children.get(unit["item_uuid"]), user, call.now, number_objects=numbered)
        problems = _problems(call, part, unit, features)
        if problems and strict:
            raise corrupted(f"label row {label['label_hash']}: {'; '.join(problems)}")
        changes.append(_change(call, label, part, problems))
    if changes:
        call.connection.execute(_SAVE, changes)


def copy_labels(call: Call, project_hash: str, sources: Sequence[Record], branch: str) -> int:
    """
    Put the labels of rows, one of each unit, on another branch as they are; return how many were copied.

    Those of units that are no longer in the project are passed over.
    """
    units, _ = _units_of(call, project_hash, sources)
    sources = [row for row in sources if row["data_hash"] in units]
    copies = ensure_label_rows(call, project_hash, [row["data_hash"] for row in sources], branch)
    pairs = zip(copies, sources, strict=True)
    changes = [_change(call, copy, source["labels"], source["problems"] or []) for copy, source in pairs]
    if changes:
        call.connection.execute(_SAVE, changes)
    return len(copies)


def present_problems(call: Call, project_hash: str, label: Record) -> list[str]:
    """Return what is wrong with saved labels by the ontology of today."""
    units, _ = _units_of(call, project_hash, [label])
    unit = _unit_of(label, {}, units)
    return _problems(call, label["labels"], unit, project_features(call, project_hash))


def project_features(call: Call, project_hash: str) -> Features:
    """Return the features of a project's ontology."""
    statement = sa.select(ONTOLOGIES.c.editor).join(PROJECTS, PROJECTS.c.ontology_hash == ONTOLOGIES.c.ontology_hash)
    row = call.fetch_one(statement.where(PROJECTS.c.project_hash == project_hash))
    return read_features((row or {}).get("editor"))


def _problems(call: Call, part: Blob, unit: Record, features: Features) -> list[str]:
    return find_problems(part, unit, features, required=call.switches["required_attributes_checked"])


def _units_of(
    call: Call, project_hash: str, labels: Sequence[Record]
) -> tuple[dict[str, Record], dict[str, list[Record]]]:
    """Return the units of label rows by data hash, and what these are made of by item uuid."""
    found = labelled_units(call.connection, project_hash, list({label["data_hash"] for label in labels}))
    return {unit["data_hash"]: unit for unit in found}, parts_of(call.connection, found)


def _sign_links(call: Call, units: Iterable[Record], children: Iterable[Sequence[Record]]) -> None:
    parts = [part for listed in children for part in listed]
    items = [(unit["item_uuid"], unit) for unit in units]
    items += [(part["uuid"], part) for part in [*parts, *(frame for part in parts for frame in part.get("frames", []))]]
    urls = signed_urls(call, {uuid: item["url"] for uuid, item in items})
    for uuid, item in items:
        item["url"] = urls[uuid]


def _unit_of(label: Record, given: Any, units: dict[str, Record]) -> Record:
    unit = units.get(label["data_hash"])
    if unit is None:  # its dataset was detached from the project
        raise not_found("data unit", label["data_hash"])
    named = given.get("data_hash") if isinstance(given, dict) else None
    if isinstance(named, str) and named != label["data_hash"]:
        raise corrupted(f"label row {label['label_hash']} is of data hash {label['data_hash']}, not {named}")
    return unit


def _change(call: Call, label: Record, part: Blob, problems: list[str]) -> Record:
    new = {
        "labels": part,
        "labelled": int(has_labels(part)),
        "problems": problems,
        "version": label["version"] + 1,
        "edited_at": call.now,
    }
    return {"row": label["seq"]} | {f"new_{name}": value for name, value in new.items()}


def _new_row(call: Call, project_hash: str, data_hash: str, branch: str) -> Record:
    return {
        "label_hash": str(uuid4()),
        "project_hash": project_hash,
        "data_hash": data_hash,
        "branch": branch,
        "labels": empty_part(),
        "labelled": 0,
        "problems": [],
        "version": 0,
        "created_at": call.now,
        "edited_at": call.now,
    }
