"""Rows of datasets: linking items, and taking rows away with all that hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.removal import remove_units
from include.encord_emulator.store.tables import DATA_ROWS, DATASETS, PROJECT_DATASETS
from include.encord_emulator.workflow.intake import take_in_dataset

CHUNK = 1000


def add_rows(call: Call, dataset_hash: str, items: Sequence[Record], *, fresh: bool) -> set[str]:
    """
    Add a row for each item, and tasks for the rows; return the data hashes.

    :param items: what has a ``uuid`` and a ``name``, each once.
    :param fresh: whether each row gets a data hash of its own, whatever ``data_hash_scope`` says.
    """
    if not items:
        return set()
    known: dict[str, str] = {}
    if call.switches["data_hash_scope"] == "item" and not fresh:
        uuids = [item["uuid"] for item in items]
        rows = fetch_in(call.connection, sa.select(DATA_ROWS), DATA_ROWS.c.item_uuid, uuids)
        known = {row["item_uuid"]: row["data_hash"] for row in rows}
    records = [
        {
            "data_hash": known.get(item["uuid"]) or str(uuid4()),
            "dataset_hash": dataset_hash,
            "item_uuid": item["uuid"],
            "title": item["name"],
            "created_at": call.now,
        }
        for item in items
    ]
    call.insert(DATA_ROWS, *records)
    _touch(call, dataset_hash)
    take_in_dataset(call, dataset_hash)
    return {record["data_hash"] for record in records}


def linked(call: Call, dataset_hash: str, item_uuids: Sequence[str]) -> dict[str, Record]:
    """Return the rows that items have in a dataset, the oldest of each, by item uuid."""
    # Asked for the dataset as well, SQLite would read all its rows instead of those of the items.
    rows = fetch_in(call.connection, sa.select(DATA_ROWS), DATA_ROWS.c.item_uuid, item_uuids)
    here = sorted((row for row in rows if row["dataset_hash"] == dataset_hash), key=lambda row: -row["seq"])
    return {row["item_uuid"]: row for row in here}


def remove_rows(call: Call, dataset_hash: str, data_hashes: Sequence[str]) -> None:
    """Remove rows; where no other dataset of a project has the data hash, its task, labels and issues go with it."""
    for chunk in _chunks(data_hashes):
        chosen = DATA_ROWS.c.data_hash.in_(chunk)
        call.connection.execute(DATA_ROWS.delete().where(DATA_ROWS.c.dataset_hash == dataset_hash, chosen))
    _touch(call, dataset_hash)
    attached = sa.select(PROJECT_DATASETS.c.project_hash).where(PROJECT_DATASETS.c.dataset_hash == dataset_hash)
    for project in call.fetch(attached):
        for chunk in _chunks(data_hashes):
            _remove_work(call, project["project_hash"], chunk)


def _remove_work(call: Call, project_hash: str, data_hashes: Sequence[str]) -> None:
    attached = sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == project_hash)
    still = sa.select(DATA_ROWS.c.data_hash).where(DATA_ROWS.c.dataset_hash.in_(attached))
    kept = {row["data_hash"] for row in fetch_in(call.connection, still, DATA_ROWS.c.data_hash, data_hashes)}
    gone = [data_hash for data_hash in data_hashes if data_hash not in kept]
    remove_units(call.connection, project_hash, gone)


def _touch(call: Call, dataset_hash: str) -> None:
    call.connection.execute(DATASETS.update().where(DATASETS.c.dataset_hash == dataset_hash).values(edited_at=call.now))


def _chunks(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
