"""Folders: finding them, making them, and the tree they form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import forbidden
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.tables import DATASETS, FOLDERS
from include.encord_emulator.store.titles import refuse_taken_title


def require_folder(call: Call, uuid: str) -> Record:
    """Return a folder; an unknown one is refused with 403, as the SDK's docstrings tell."""
    folder = call.fetch_one(sa.select(FOLDERS).where(FOLDERS.c.uuid == uuid))
    if folder is None:
        raise forbidden(f"You have no access to folder {uuid}.")
    return folder


def require_folders(call: Call, uuids: Sequence[str]) -> list[Record]:
    """Return folders in the order asked for, or refuse with 403 naming the first that is not there."""
    rows = fetch_in(call.connection, sa.select(FOLDERS), FOLDERS.c.uuid, list(dict.fromkeys(uuids)))
    found = {row["uuid"]: row for row in rows}
    for uuid in uuids:
        if uuid not in found:
            raise forbidden(f"You have no access to folder {uuid}.")
    return [found[uuid] for uuid in uuids]


def make_folder(call: Call, name: str, **given: Any) -> Record:
    """
    Create a folder and return it.

    :param given: ``description, client_metadata`` (JSON text)``, parent, integration, remote_url``, all optional.
    """
    refuse_taken_title(call, "folder", FOLDERS.c.name, name)
    folder = {
        "uuid": str(uuid4()),
        "name": name,
        "description": given.get("description") or "",
        "client_metadata": given.get("client_metadata"),
        "owner": call.user,
        "parent": given.get("parent"),
        "created_at": call.now,
        "edited_at": call.now,
        "integration": given.get("integration"),
        "remote_url": given.get("remote_url"),
        "config": None,
    }
    call.insert(FOLDERS, folder)
    return folder


def below(uuids: Sequence[str]) -> sa.Select[tuple[str]]:
    """Return the query for the uuids of all folders under some folders, without these."""
    tree = sa.select(FOLDERS.c.uuid).where(FOLDERS.c.parent.in_(uuids)).cte(recursive=True)
    tree = tree.union(sa.select(FOLDERS.c.uuid).join(tree, FOLDERS.c.parent == tree.c.uuid))
    return sa.select(tree.c.uuid)


def folders_below(call: Call, uuids: Sequence[str]) -> list[str]:
    """Return the uuids of all folders under some folders, without these."""
    return [row["uuid"] for row in call.fetch(below(uuids))]


def with_ancestors(call: Call, folders: Sequence[Record]) -> dict[str, Record]:
    """Return some folders and all that are above them, by uuid."""
    known = {folder["uuid"]: folder for folder in folders}
    wanted = {folder["parent"] for folder in folders}
    while missing := [uuid for uuid in wanted if uuid is not None and uuid not in known]:
        rows = fetch_in(call.connection, sa.select(FOLDERS), FOLDERS.c.uuid, missing)
        known |= {row["uuid"]: row for row in rows}
        wanted = {row["parent"] for row in rows}
    return known


def path_to_root(folder: Record, known: dict[str, Record]) -> list[Record]:
    """Return a folder and those above it, the folder itself first."""
    path = [folder]
    while (parent := known.get(path[-1]["parent"])) is not None:
        path.append(parent)
    return path


def mirrors(call: Call, folders: Sequence[str]) -> dict[str, str]:
    """Return which of the folders a dataset mirrors: folder uuid to dataset hash."""
    chosen = sa.select(DATASETS.c.backing_folder, DATASETS.c.dataset_hash)
    rows = fetch_in(call.connection, chosen, DATASETS.c.backing_folder, folders)
    return {row["backing_folder"]: row["dataset_hash"] for row in rows}
