"""Folders: making, finding, changing, moving and deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import orjson
import sqlalchemy as sa
from pydantic import Field, field_validator

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.paging import offset_page, whole
from include.encord_emulator.store.database import Record, delete_in, fetch_in
from include.encord_emulator.store.folders import (
    below,
    folders_below,
    make_folder,
    mirrors,
    path_to_root,
    require_folder,
    require_folders,
    with_ancestors,
)
from include.encord_emulator.store.integrations import require_integration
from include.encord_emulator.store.items import delete_items, merged_metadata
from include.encord_emulator.store.projects import require_organisation_access
from include.encord_emulator.store.tables import DATASETS, FOLDER_GROUPS, FOLDERS, ITEMS
from include.encord_emulator.wire.payload import JsonObject, Name, Payload, Uuid, storable
from include.encord_emulator.wire.storage import folder_dto

routes = Routes()


def folder_dtos(call: Call, folders: Sequence[Record]) -> list[dict[str, Any]]:
    """Return folders as the API shows them."""
    known = with_ancestors(call, folders)
    mirrored = mirrors(call, list(known))
    return [folder_dto(folder, path_to_root(folder, known), mirrored) for folder in folders]


class CloudSynced(Payload):
    """``CloudSyncedFolderParams``."""

    integration_uuid: Uuid
    remote_url: str = Field(pattern=r"^[a-z][a-z0-9+.-]*://[^\s/]+\S*$")


class NewFolder(Payload):
    """``CreateStorageFolderPayload``; ``clientMetadata`` is a JSON text."""

    name: Name
    description: str | None = None
    parent: Uuid | None = None
    client_metadata: str | None = None
    cloud_synced_folder_params: CloudSynced | None = None

    @field_validator("client_metadata")
    @classmethod
    def _is_object(cls, text: str | None) -> str | None:
        if text is not None and not isinstance(storable(orjson.loads(text)), dict):
            raise ValueError("the text of a JSON object is expected")
        return text


@routes.on("POST", "storage/folders")
def create_folder(call: Call) -> Any:
    given = call.read(NewFolder)
    if given.parent is not None:
        require_folder(call, given.parent)
    synced = given.cloud_synced_folder_params
    if synced is not None:
        require_integration(call, synced.integration_uuid)
    folder = make_folder(
        call, given.name, description=given.description, parent=given.parent, client_metadata=given.client_metadata,
        integration=synced.integration_uuid if synced else None, remote_url=synced.remote_url if synced else None,
    )  # fmt: skip
    return folder_dtos(call, [folder])[0]


class FolderListing(Payload):
    """``ListFoldersParams``."""

    search: str | None = None
    is_recursive: bool = False
    dataset_synced: bool | None = None
    include_org_access: bool = False
    organisation_tag_names_allof: list[str] = Field(default_factory=list)
    order: Literal["name", "createdAt"] = "name"
    desc: bool = False
    page_token: str | None = None
    page_size: int = Field(100, ge=1, le=1000)

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return what a folder must fulfil."""
        found: list[sa.ColumnElement[bool]] = []
        if self.search:
            found.append(FOLDERS.c.name.contains(self.search, autoescape=True))
        if self.dataset_synced is not None:
            backing = sa.select(DATASETS.c.backing_folder).where(DATASETS.c.backing_folder.is_not(None))
            mirrored = FOLDERS.c.uuid.in_(backing)
            found.append(mirrored if self.dataset_synced else ~mirrored)
        if self.organisation_tag_names_allof:
            found.append(sa.false())  # only the web app can tag a folder, so here none is
        return found


@routes.on("GET", "storage/folders")
def list_root_folders(call: Call) -> Any:
    asked = call.arguments(FolderListing)
    return _folder_page(call, asked, sa.true() if asked.is_recursive else FOLDERS.c.parent.is_(None))


@routes.on("GET", "storage/search/folders")
def search_folders(call: Call) -> Any:
    return _folder_page(call, call.arguments(FolderListing), sa.true())


@routes.on("GET", "storage/folders/{folder}/folders")
def list_subfolders(call: Call) -> Any:
    folder, asked = require_folder(call, call.path_uuid("folder")), call.arguments(FolderListing)
    if not asked.is_recursive:
        return _folder_page(call, asked, FOLDERS.c.parent == folder["uuid"])
    return _folder_page(call, asked, FOLDERS.c.uuid.in_(below([folder["uuid"]])))


def _folder_page(call: Call, asked: FolderListing, place: sa.ColumnElement[bool]) -> Any:
    if asked.include_org_access:
        require_organisation_access(call)
    column = FOLDERS.c.name if asked.order == "name" else FOLDERS.c.seq
    ordered = (
        sa.select(FOLDERS)
        .where(place, *asked.conditions())
        .order_by(column.desc() if asked.desc else column, FOLDERS.c.seq)
    )
    rows, token = offset_page(call, ordered, asked.page_size)
    return {"results": folder_dtos(call, rows), "nextPageToken": token}


class FolderPatch(Payload):
    """``PatchFolderPayload``: what is absent stays."""

    name: Name | None = None
    description: str | None = None
    client_metadata: JsonObject | None = None


class FolderPatches(Payload):
    """``PatchFoldersBulkPayload``."""

    folder_patches: dict[Uuid, FolderPatch]


@routes.on("PATCH", "storage/folders/patch-bulk")
def patch_folders(call: Call) -> Any:
    patches = call.read(FolderPatches).folder_patches
    folders = require_folders(call, list(patches))
    return whole(folder_dtos(call, [_patched(call, folder, patches[folder["uuid"]]) for folder in folders]))


@routes.on("PATCH", "storage/folders/{folder}")
def patch_folder(call: Call) -> Any:
    folder = require_folder(call, call.path_uuid("folder"))
    return folder_dtos(call, [_patched(call, folder, call.read(FolderPatch))])[0]


def _patched(call: Call, folder: Record, patch: FolderPatch) -> Record:
    changes: dict[str, Any] = {"edited_at": call.now}
    changes |= patch.model_dump(include={"name", "description"}, exclude_none=True)
    if patch.client_metadata is not None:
        before = orjson.loads(folder["client_metadata"] or "{}")
        changes["client_metadata"] = orjson.dumps(merged_metadata(call, before, patch.client_metadata)).decode()
    call.connection.execute(FOLDERS.update().where(FOLDERS.c.uuid == folder["uuid"]).values(**changes))
    return folder | changes


class FolderMove(Payload):
    """``MoveFoldersPayload``; no new parent is the root."""

    folder_uuids: list[Uuid]
    new_parent_uuid: Uuid | None = None


@routes.on("POST", "storage/folders/move")
def move_folders(call: Call) -> Any:
    given = call.read(FolderMove)
    folders = [folder["uuid"] for folder in require_folders(call, given.folder_uuids)]
    if given.new_parent_uuid is not None:
        require_folder(call, given.new_parent_uuid)
        if given.new_parent_uuid in {*folders, *folders_below(call, folders)}:
            raise invalid("A folder cannot be moved into itself or below itself.")
    changes = {"parent": given.new_parent_uuid, "edited_at": call.now}
    for uuid in folders:
        call.connection.execute(FOLDERS.update().where(FOLDERS.c.uuid == uuid).values(**changes))


@routes.on("GET", "storage/folders/{folder}")
def get_folder(call: Call) -> Any:
    return folder_dtos(call, [require_folder(call, call.path_uuid("folder"))])[0]


@routes.on("DELETE", "storage/folders/{folder}")
def delete_folder(call: Call) -> Any:
    folder = require_folder(call, call.path_uuid("folder"))["uuid"]
    folders = [folder, *folders_below(call, [folder])]
    if mirrors(call, folders):
        raise invalid("A dataset mirrors the folder or one below it.")
    items = fetch_in(call.connection, sa.select(ITEMS), ITEMS.c.folder, folders)
    if call.switches["folder_delete"] == "only_empty" and (items or len(folders) > 1):
        raise invalid(f"Folder {folder} is not empty.")
    delete_items(call, items)
    delete_in(call.connection, FOLDER_GROUPS, "folder", folders)
    delete_in(call.connection, FOLDERS, "uuid", folders)
