"""Syncs of cloud-synced folders. The SDK starts them under ``synced`` and polls them under ``linked``."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from include.encord_emulator.call import LONG_POLL_LIMIT_S, Call, NotYet, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.cloud_sync import start_sync, sync_state
from include.encord_emulator.store.folders import require_folder
from include.encord_emulator.wire.payload import Payload

routes = Routes()
LOOK_AGAIN_S = 0.05


@routes.on("POST", "storage/folders/{folder}/cloud-synced-folder-syncs")
def start_folder_sync(call: Call) -> Any:
    folder = require_folder(call, call.path_uuid("folder"))
    if not folder["remote_url"]:
        raise invalid(f"Folder {folder['uuid']} is not a cloud-synced folder.")
    return start_sync(call, folder)


class SyncQuery(Payload):
    """``SyncPrivateDataWithCloudSyncedFolderGetResultParams``."""

    timeout_seconds: int = Field(0, ge=0)


@routes.on("GET", "storage/folders/{folder}/cloud-linked-folder-syncs/{sync}/long-polling")
def poll_folder_sync(call: Call) -> Any:
    folder, uuid = require_folder(call, call.path_uuid("folder")), call.path_uuid("sync")
    asked = call.arguments(SyncQuery)
    state = sync_state(call, folder, uuid)
    if state is None:
        raise invalid(f"Folder {folder['uuid']} has no sync {uuid}.")
    left = min(asked.timeout_seconds, LONG_POLL_LIMIT_S) - call.waited
    return NotYet(min(left, LOOK_AGAIN_S)) if state["status"] == "pending" and left > 0 else state
