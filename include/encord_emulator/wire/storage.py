"""Folders and items as the API shows them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson

from include.encord_emulator.store.database import Record

_HOSTS = (
    ("amazonaws.com", "s3"),
    ("storage.cloud.google.com", "gcp"),
    ("storage.googleapis.com", "gcp"),
    ("blob.core.windows.net", "azure"),
)


def folder_dto(folder: Record) -> dict[str, Any]:
    """Return a ``StorageFolder``; ``clientMetadata`` is a JSON string there."""
    return {
        "uuid": folder["uuid"],
        "parent": folder["parent"],
        "name": folder["name"],
        "description": folder["description"],
        "clientMetadata": folder["client_metadata"],
        "owner": folder["owner"],
        "createdAt": folder["created_at"],
        "lastEditedAt": folder["edited_at"],
        "userRole": "admin",
        "syncedDatasetHash": None,
        "pathToRoot": [
            {
                "uuid": folder["uuid"],
                "parentUuid": folder["parent"],
                "name": folder["name"],
                "syncedDatasetHash": None,
            }
        ],
        "folderType": "generic",
    }


def item_dto(item: Record, *, backed: int = 0, signed: bool = False) -> dict[str, Any]:
    """
    Return a ``StorageItem``.

    :param backed: how many dataset rows the item has.
    :param signed: whether to give a signed URL, which here is the URL itself.
    """
    media, audio = item["media"], item["media"]["audio"] or {}
    return {
        "uuid": item["uuid"],
        "parent": item["folder"],
        "itemType": item["item_type"],
        "name": item["name"],
        "description": "",
        "clientMetadata": orjson.dumps(item["client_metadata"] or {}).decode(),
        "owner": item["owner"],
        "createdAt": item["created_at"],
        "lastEditedAt": item["edited_at"],
        "isTombstone": False,
        "isPlaceholder": False,
        "backedDataUnitsCount": backed,
        "storageLocation": storage_location(item["url"] or item["url_key"].split("\n")[0]),
        "integrationHash": item["integration"],
        "url": item["url"],
        "signedUrl": item["url"] if signed else None,
        "fileSize": media["file_size"],
        "mimeType": media["mime"],
        "duration": media["duration"],
        "fps": media["fps"],
        "height": media["height"],
        "width": media["width"],
        "dicomInstanceUid": None,
        "dicomStudyUid": None,
        "dicomSeriesUid": None,
        "frameCount": media["frames"],
        "audioSampleRate": audio.get("sample_rate"),
        "audioBitDepth": audio.get("bit_depth"),
        "audioCodec": audio.get("codec"),
        "audioNumChannels": audio.get("num_channels"),
    }


def storage_location(url: str) -> str:
    """Return where a URL points, in the words of the storage API."""
    host = urlsplit(url).hostname or ""
    return next((place for suffix, place in _HOSTS if host.endswith(suffix)), "s3Compatible")
