"""Making data groups; afterwards they are storage items like any other."""

from __future__ import annotations

from typing import Any

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.store.data_groups import make_group
from include.encord_emulator.store.folders import require_folder
from include.encord_emulator.wire.data_groups import NewGroups

routes = Routes()


@routes.on("POST", "storage/folders/{folder}/create-group-items")
def create_groups(call: Call) -> Any:
    folder = require_folder(call, call.path_uuid("folder"))
    groups = call.read(NewGroups).root
    return [
        make_group(call, folder, group.name, group.contents, group.document, group.client_metadata) for group in groups
    ]
