"""Data units: a dataset row, the item behind it, and the frames of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.store.database import Record, fetch, fetch_in
from include.encord_emulator.store.tables import DATA_ROWS, DATASETS, GROUP_MEMBERS, ITEMS, PROJECT_DATASETS
from include.encord_emulator.wire.media import DATA_TYPES

OF_FRAMES = {"imageGroup", "imageSequence", "dicomSeries"}
_UNITS = (
    sa.select(
        DATA_ROWS.c.seq, DATA_ROWS.c.data_hash, DATA_ROWS.c.dataset_hash, DATA_ROWS.c.title, DATA_ROWS.c.created_at,
        DATASETS.c.title.label("dataset_title"), ITEMS.c.uuid.label("item_uuid"), ITEMS.c.item_type, ITEMS.c.url,
        ITEMS.c.url_key, ITEMS.c.client_metadata, ITEMS.c.media, ITEMS.c.edited_at,
    )
    .join_from(DATA_ROWS, ITEMS, DATA_ROWS.c.item_uuid == ITEMS.c.uuid)
    .join(DATASETS, DATASETS.c.dataset_hash == DATA_ROWS.c.dataset_hash)
    .order_by(DATA_ROWS.c.seq)
)  # fmt: skip


def dataset_units(connection: sa.Connection, dataset_hash: str, *conditions: sa.ColumnElement[bool]) -> list[Record]:
    """Return the units of a dataset, oldest first, that fulfil ``conditions`` on the row."""
    return _with_data_type(fetch(connection, _UNITS.where(DATA_ROWS.c.dataset_hash == dataset_hash, *conditions)))


def chosen_units(connection: sa.Connection, dataset_hash: str, data_hashes: Collection[str]) -> list[Record]:
    """Return the units of a dataset that have one of the data hashes, oldest first."""
    # Sorted here: asked for an order, SQLite would read the whole dataset.
    here = _UNITS.where(DATA_ROWS.c.dataset_hash == dataset_hash).order_by(None)
    rows = fetch_in(connection, here, DATA_ROWS.c.data_hash, sorted(data_hashes))
    return _with_data_type(sorted(rows, key=lambda row: row["seq"]))


def project_units(
    connection: sa.Connection, project_hash: str, data_hashes: Sequence[str] | None = None
) -> list[Record]:
    """Return the units of all datasets of a project, one for each data hash, oldest first."""
    datasets = sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == project_hash)
    statement = _UNITS.where(DATA_ROWS.c.dataset_hash.in_(datasets))
    if data_hashes is None:
        rows = fetch(connection, statement)
    else:
        rows = fetch_in(connection, statement, DATA_ROWS.c.data_hash, data_hashes)
    first = {row["data_hash"]: row for row in reversed(rows)}
    return _with_data_type([row for row in rows if first[row["data_hash"]] is row])


def labelled_units(connection: sa.Connection, project_hash: str, data_hashes: Sequence[str]) -> list[Record]:
    """Return the units of a project that have one of the data hashes, parts of its data groups included."""
    units = project_units(connection, project_hash, data_hashes)
    found = {unit["data_hash"] for unit in units}
    return units + group_parts(connection, project_hash, [one for one in data_hashes if one not in found])


def group_parts(connection: sa.Connection, project_hash: str, data_hashes: Sequence[str]) -> list[Record]:
    """
    Return the parts of a project's data groups that have one of the data hashes, each in the form of a unit.

    A part's data hash is the uuid of its item. Encord's own agents look up and initialise the label rows of parts
    (encord-agents 0.2.10); ``group_hash`` tells of which group.
    """
    part, group = ITEMS.alias("part"), GROUP_MEMBERS
    datasets = sa.select(PROJECT_DATASETS.c.dataset_hash).where(PROJECT_DATASETS.c.project_hash == project_hash)
    statement = (
        sa.select(
            part.c.uuid.label("data_hash"), DATA_ROWS.c.dataset_hash, part.c.name.label("title"),
            DATASETS.c.title.label("dataset_title"), part.c.uuid.label("item_uuid"), part.c.item_type, part.c.url,
            part.c.url_key, part.c.client_metadata, part.c.media, part.c.edited_at, DATA_ROWS.c.created_at,
            DATA_ROWS.c.data_hash.label("group_hash"),
        )
        .join_from(group, part, group.c.item_uuid == part.c.uuid)
        .join(DATA_ROWS, DATA_ROWS.c.item_uuid == group.c.group_uuid)
        .join(DATASETS, DATASETS.c.dataset_hash == DATA_ROWS.c.dataset_hash)
        .where(DATA_ROWS.c.dataset_hash.in_(datasets))
        .order_by(DATA_ROWS.c.seq, group.c.seq)
    )  # fmt: skip
    rows = fetch_in(connection, statement, part.c.uuid, data_hashes) if data_hashes else []
    return _with_data_type(list({row["data_hash"]: row for row in reversed(rows)}.values()))


def children_of(connection: sa.Connection, units: Sequence[Record]) -> dict[str, list[Record]]:
    """Return the child items of the image groups among the units, by item uuid and in order."""
    return _by_parent(connection, [unit["item_uuid"] for unit in units if unit["data_type"] == "img_group"])


def parts_of(connection: sa.Connection, units: Sequence[Record]) -> dict[str, list[Record]]:
    """
    Return the items that label documents tell of: those of image groups, and those of data groups.

    The latter carry their ``layout_key``, and the ``frames`` that they are made of themselves.
    """
    return children_of(connection, units) | _group_contents(connection, units)


def _by_parent(connection: sa.Connection, groups: list[str]) -> dict[str, list[Record]]:
    rows = fetch_in(connection, sa.select(ITEMS).order_by(ITEMS.c.seq), ITEMS.c.parent_item, groups)
    children: dict[str, list[Record]] = {uuid: [] for uuid in groups}
    for row in rows:
        children[row["parent_item"]].append(row)
    return children


def _group_contents(connection: sa.Connection, units: Sequence[Record]) -> dict[str, list[Record]]:
    contents: dict[str, list[Record]] = {unit["item_uuid"]: [] for unit in units if unit["data_type"] == "group"}
    members = sa.select(GROUP_MEMBERS).order_by(GROUP_MEMBERS.c.seq)
    rows = fetch_in(connection, members, GROUP_MEMBERS.c.group_uuid, list(contents))
    uuids = list({row["item_uuid"] for row in rows})
    items = {item["uuid"]: item for item in fetch_in(connection, sa.select(ITEMS), ITEMS.c.uuid, uuids)}
    frames = _by_parent(connection, [uuid for uuid, item in items.items() if item["item_type"] in OF_FRAMES])
    for row in rows:
        if (item := items.get(row["item_uuid"])) is not None:
            about = {"layout_key": row["key"], "frames": frames.get(item["uuid"], [])}
            contents[row["group_uuid"]].append(item | about)
    return contents


def images_data(children: Sequence[Record]) -> list[dict[str, Any]]:
    """Return the frames of an image group as label metadata carries them."""
    return [
        {
            "index": index,
            "title": child["name"],
            "file_type": child["media"]["mime"],
            "height": child["media"]["height"],
            "width": child["media"]["width"],
            "image_hash": child["uuid"],
        }
        for index, child in enumerate(children)
    ]


def _with_data_type(rows: list[Record]) -> list[Record]:
    for row in rows:
        row["data_type"] = DATA_TYPES[row["item_type"]]
    return rows
