"""What a folder has beside its contents: a summary, groups of users, its configuration."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import Field, model_validator

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.paging import whole
from include.encord_emulator.store.database import fetch_in
from include.encord_emulator.store.folders import folders_below, require_folder
from include.encord_emulator.store.groups import admit_groups, dismiss_groups, entity_groups
from include.encord_emulator.store.tables import FOLDER_GROUPS, FOLDERS, ITEMS, UPLOAD_JOBS
from include.encord_emulator.wire.organisation import GroupHashes, entity_group_dto
from include.encord_emulator.wire.payload import Payload, Uuid, storable

routes = Routes()
_COUNTED = {
    "videos": "video",
    "images": "image",
    "imageGroups": "imageGroup",
    "imageSequences": "imageSequence",
    "dicomFiles": "dicomFile",
    "dicomSeries": "dicomSeries",
    "niftis": "nifti",
    "audios": "audio",
    "pdfs": "pdf",
    "plainTexts": "plainText",
}
"""Key of ``StorageFolderSummary`` to item type."""


@routes.on("GET", "storage/folders/{folder}/summary")
def folder_summary(call: Call) -> Any:
    """Count items and their frames, as ``dicomFiles`` are never anything but frames; sizes are those of files."""
    folder = require_folder(call, call.path_uuid("folder"))["uuid"]
    below = folders_below(call, [folder])
    direct = sa.select(sa.func.count().label("n")).where(FOLDERS.c.parent == folder)
    recursive = call.switches["folder_summary"] == "recursive"
    counted = [folder, *below] if recursive else [folder]
    items = fetch_in(call.connection, sa.select(ITEMS), ITEMS.c.folder, counted)
    items += fetch_in(call.connection, sa.select(ITEMS), ITEMS.c.parent_item, [item["uuid"] for item in items])
    jobs = fetch_in(call.connection, sa.select(UPLOAD_JOBS.c.uuid), UPLOAD_JOBS.c.folder, counted)
    types = [item["item_type"] for item in items]
    return {name: types.count(item_type) for name, item_type in _COUNTED.items()} | {
        "files": len(items),
        "folders": len(below) if recursive else call.fetch(direct)[0]["n"],
        "tombstones": sum(bool(item["tombstone"]) for item in items),
        "uploadJobs": len(jobs),
        "totalSize": float(sum(item["media"]["file_size"] or 0 for item in items if item["url"])),
    }


@routes.on("GET", "storage/folders/{folder}/groups")
def list_folder_groups(call: Call) -> Any:
    groups = entity_groups(call, FOLDER_GROUPS, {"folder": require_folder(call, call.path_uuid("folder"))["uuid"]})
    return whole([entity_group_dto(group) for group in groups])


class NewGroups(Payload):
    """``AddStorageFolderGroupsPayload``."""

    group_hash_list: list[Uuid]
    user_role: Literal["user", "admin"]


@routes.on("POST", "storage/folders/{folder}/groups")
def add_folder_groups(call: Call) -> Any:
    folder, given = require_folder(call, call.path_uuid("folder"))["uuid"], call.read(NewGroups)
    admit_groups(call, FOLDER_GROUPS, {"folder": folder}, given.group_hash_list, given.user_role)


@routes.on("DELETE", "storage/folders/{folder}/groups")
def remove_folder_groups(call: Call) -> Any:
    folder, given = require_folder(call, call.path_uuid("folder"))["uuid"], call.arguments(GroupHashes)
    dismiss_groups(call, FOLDER_GROUPS, {"folder": folder}, given.group_hash_list)


class Matcher(Payload):
    """``SidecarMatcherSuffix``."""

    mode: Literal["suffix"] = "suffix"
    suffix: str = Field(default=".metadata.json", min_length=1, max_length=128)


class Ingestion(Payload):
    """``MetadataIngestionConfig``."""

    matcher: Matcher = Matcher()
    paused: bool = False


class FolderConfig(Payload):
    """``StorageFolderConfig``: what the SDK does not know is kept, too."""

    model_config = Payload.model_config | {"extra": "allow"}

    metadata_ingestion: Ingestion | None = None

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, document: Any) -> Any:
        return storable(document)


@routes.on("GET", "storage/folders/{folder}/folder-config")
def get_folder_config(call: Call) -> Any:
    return {"metadataIngestion": None} | (require_folder(call, call.path_uuid("folder"))["config"] or {})


@routes.on("POST", "storage/folders/{folder}/folder-config")
def set_folder_config(call: Call) -> Any:
    folder, given = require_folder(call, call.path_uuid("folder")), call.read(FolderConfig)
    if given.metadata_ingestion is not None and not folder["remote_url"]:
        raise invalid(f"Folder {folder['uuid']} is not cloud-synced, so it has no metadata sidecars.")
    config = given.model_dump(by_alias=True)
    call.connection.execute(FOLDERS.update().where(FOLDERS.c.uuid == folder["uuid"]).values(config=config))
