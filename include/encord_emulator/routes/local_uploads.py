"""
Local uploads: where a client may put the bytes of files that an upload job then names.

A job names them by ``placeholderItemUuid`` (the item gets that uuid), or by the object key in place of a URL.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import ApiError, invalid
from include.encord_emulator.paging import whole
from include.encord_emulator.store.folders import require_folder
from include.encord_emulator.store.media import WRITE, granted_urls, reserve_uploads
from include.encord_emulator.wire.payload import Payload
from include.encord_emulator.wire.storage import ItemType

routes = Routes()
MOST_AT_ONCE = 10_000
"""URLs of one request; Encord's own limit is not known."""
_COMPOSITE = {"group", "imageGroup", "imageSequence", "dicomSeries"}
_LEFT_OUT = {"scene", "timeseries"}


class UploadQuery(Payload):
    """``UploadSignedUrlsPayload``."""

    item_type: ItemType
    count: int = Field(ge=1, le=MOST_AT_ONCE)
    frames_subfolder_name: str | None = None


@routes.on("POST", "storage/folders/{folder}/upload-signed-urls")
def upload_urls(call: Call) -> Any:
    folder, asked = require_folder(call, call.path_uuid("folder")), call.read(UploadQuery)
    return _upload_page(call, folder["uuid"], asked.item_type, asked.count)


class PresignedQuery(Payload):
    """``UploadPresignedUrlsGetParams``."""

    upload_item_type: ItemType
    count: int = Field(ge=1, le=MOST_AT_ONCE)


@routes.on("GET", "presigned-urls")
def presigned_urls(call: Call) -> Any:
    """Do the same without a folder, for uploads into datasets."""
    asked = call.arguments(PresignedQuery)
    return _upload_page(call, None, asked.upload_item_type, asked.count)


def _upload_page(call: Call, folder: str | None, item_type: str, count: int) -> Any:
    if item_type in _LEFT_OUT:
        raise ApiError(501, f"Uploads of {item_type} files are not emulated.")
    if item_type in _COMPOSITE:
        raise invalid(f"An item of type {item_type} has no file of its own to upload.")
    objects = reserve_uploads(call, folder, count)
    urls = granted_urls(call, WRITE, [reserved["item_uuid"] for reserved in objects])
    return whole(
        [
            {
                "itemUuid": reserved["item_uuid"],
                "objectKey": reserved["object_key"],
                "signedUrl": urls[reserved["item_uuid"]],
                "uploadHeaders": {},
            }
            for reserved in objects
        ]
    )
