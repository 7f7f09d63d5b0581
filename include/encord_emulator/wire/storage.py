"""Folders and items as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from include.encord_emulator.store.database import Record

_HOSTS = (
    ("amazonaws.com", "s3"),
    ("storage.cloud.google.com", "gcp"),
    ("storage.googleapis.com", "gcp"),
    ("blob.core.windows.net", "azure"),
)
_SCHEMES = {"s3": "s3", "gs": "gcp", "encord": "encord"}
ItemType = Literal[
    "video", "image", "group", "imageGroup", "imageSequence", "dicomFile", "dicomSeries", "audio", "timeseries",
    "nifti", "plainText", "pdf", "scene",
]  # fmt: skip


def folder_dto(folder: Record, path: Sequence[Record], mirrors: Mapping[str, str]) -> dict[str, Any]:
    """
    Return a ``StorageFolder``; ``clientMetadata`` is a JSON string there.

    :param path: the folder and those above it, the folder first.
    :param mirrors: the datasets that mirror folders, by folder uuid.
    """
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
        "syncedDatasetHash": mirrors.get(folder["uuid"]),
        "pathToRoot": [
            {
                "uuid": step["uuid"],
                "parentUuid": step["parent"],
                "name": step["name"],
                "syncedDatasetHash": mirrors.get(step["uuid"]),
            }
            for step in path
        ],
        "folderType": "cloudLinked" if folder["remote_url"] else "generic",
        "integrationHash": folder["integration"] if folder["remote_url"] else None,
        "remoteUrl": folder["remote_url"],
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """
    What an answer tells of an item beside the item itself.

    :param backed: how many dataset rows the item has.
    :param signed_url: its signed URL, if the request wants one.
    :param with_metadata: whether to show the client metadata.
    """

    backed: int = 0
    signed_url: str | None = None
    with_metadata: bool = True


def item_dto(item: Record, shown: Shown) -> dict[str, Any]:
    """Return a ``StorageItem``; ``clientMetadata`` is a JSON string there, and never null."""
    media, audio = item["media"], item["media"]["audio"] or {}
    metadata = item["client_metadata"] if shown.with_metadata else None
    return {
        "uuid": item["uuid"],
        "parent": item["folder"],
        "itemType": item["item_type"],
        "name": item["name"],
        "description": "",
        "clientMetadata": orjson.dumps(metadata or {}).decode(),
        "owner": item["owner"],
        "createdAt": item["created_at"],
        "lastEditedAt": item["edited_at"],
        "isTombstone": bool(item["tombstone"]),
        "isPlaceholder": False,
        "backedDataUnitsCount": shown.backed,
        "storageLocation": storage_location(item["url"] or item["url_key"].split("\n")[0]),
        "integrationHash": item["integration"],
        "url": item["url"],
        "signedUrl": shown.signed_url,
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
        "timeseriesSettings": None,
    }


def storage_location(url: str) -> str:
    """Return where a URL points, in the words of the storage API."""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that are no IPv6 address; nobody checked the URL before
        return "s3Compatible"
    host = parts.hostname or ""
    known = next((place for suffix, place in _HOSTS if host.endswith(suffix)), "s3Compatible")
    return _SCHEMES.get(parts.scheme, known)
