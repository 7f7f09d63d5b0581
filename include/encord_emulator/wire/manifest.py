"""
The two forms of an upload: the documented manifest (``externalFiles``) and the SDK's items (``dataItems``).

Both become ``Unit``s. No URL is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.encord_emulator.errors import ApiError, invalid
from include.encord_emulator.wire.media import media_facts

TITLE_LIMIT = 300

KINDS = {
    "videos": "video",
    "images": "image",
    "image_groups": "imageGroup",
    "dicom_series": "dicomSeries",
    "audio": "audio",
    "nifti": "nifti",
    "text": "plainText",
    "pdf": "pdf",
}
"""Manifest key to the item type of the storage API."""

_UNSUPPORTED = {"image_groups_from_items", "time_series", "scenes"}
_SETTINGS = {"skip_duplicate_urls", "upsert_metadata"}
_GROUPED = {"imageGroup", "imageSequence", "dicomSeries"}


@dataclass(frozen=True, slots=True)
class File:
    """One object of a unit; ``metadata`` is the customer's, in whatever casing it came."""

    url: str
    title: str | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing to register: a file, or a group of them."""

    item_type: str
    files: tuple[File, ...]
    title: str | None
    client_metadata: dict[str, Any] | None

    @property
    def is_group(self) -> bool:
        """Whether the unit has child items."""
        return self.item_type in _GROUPED

    @property
    def name(self) -> str:
        """The title, or for single files the object's path."""
        return self.title or url_path(self.files[0].url)

    @property
    def url_key(self) -> str:
        """What duplicates are found by: the exact URLs."""
        return "\n".join(file.url for file in self.files)

    def problem(self) -> str | None:
        """Return what is wrong with the unit, or ``None``."""
        if not self.files or not all(file.url for file in self.files):
            return "objectUrl is missing"
        for file in self.files:
            if re.search(r"\s", file.url):
                return f"The URL {file.url!r} contains whitespace"
        if self.is_group and not self.title:
            return "title is required for image groups and DICOM series"
        if len(self.name) > TITLE_LIMIT:
            return f"title is longer than {TITLE_LIMIT} characters"
        return self._media_problem()

    def _media_problem(self) -> str | None:
        try:
            self.media()
        except (AttributeError, TypeError, ValueError) as error:
            return f"the media metadata cannot be used: {error}"
        return None

    def media(self) -> dict[str, Any]:
        """Return the facts about the media; see ``media_facts``."""
        return media_facts(self.item_type, [(file.url, file.metadata) for file in self.files])


@dataclass(frozen=True, slots=True)
class Manifest:
    """An upload as asked for."""

    units: tuple[Unit, ...]
    skip_duplicate_urls: bool
    upsert_metadata: bool


def parse_upload(payload: Mapping[str, Any]) -> Manifest:
    """Return the upload that the body of ``data-upload-jobs`` asks for."""
    items, manifest = payload.get("dataItems"), payload.get("externalFiles")
    if (items is None) == (manifest is None):
        raise invalid("exactly one of dataItems and externalFiles is expected")
    if items is not None:
        return _parse({snake(key): value for key, value in items.items()}, _structured_files)
    if not isinstance(manifest, Mapping):
        raise invalid("externalFiles: a JSON object is expected")
    return _parse(manifest, _numbered_files)


def snake(name: str) -> str:
    """Return the snake_case of a camelCase name."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def url_path(url: str) -> str:
    """Return the path of a URL as it is written, or the whole of something that is none."""
    match = re.match(r"^[a-z][a-z0-9+.-]*://[^/]*(?P<path>/[^?#]*)", url)
    return match["path"] if match else url


def _parse(document: Mapping[str, Any], files: Callable[[Mapping[str, Any]], Iterator[File]]) -> Manifest:
    if unknown := set(document) - set(KINDS) - _UNSUPPORTED - _SETTINGS:
        raise invalid(f"manifest: unknown keys {sorted(unknown)}")
    if asked := [key for key in _UNSUPPORTED if document.get(key)]:
        raise ApiError(501, f"manifest: {asked} are not emulated")
    units = [_unit(item_type, entry, files) for key, item_type in KINDS.items() for entry in _entries(document, key)]
    return Manifest(tuple(units), bool(document.get("skip_duplicate_urls")), bool(document.get("upsert_metadata")))


def _entries(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    entries = document.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise invalid(f"manifest: {key} is a list of objects")
    return entries


def _unit(item_type: str, entry: Mapping[str, Any], files: Callable[[Mapping[str, Any]], Iterator[File]]) -> Unit:
    if item_type == "imageGroup" and entry.get("createVideo"):
        item_type = "imageSequence"
    return Unit(item_type, tuple(files(entry)), entry.get("title"), entry.get("clientMetadata"))


def _structured_files(entry: Mapping[str, Any]) -> Iterator[File]:
    """Yield the files of a ``dataItems`` entry: ``images``, ``dicomFiles`` or one ``objectUrl``."""
    for part in entry.get("images") or entry.get("dicomFiles") or []:
        yield File(_text(part.get("url")), part.get("title"), _metadata(part))
    if "objectUrl" in entry:
        yield File(_text(entry["objectUrl"]), None, _metadata(entry))


def _numbered_files(entry: Mapping[str, Any]) -> Iterator[File]:
    """Yield the files of a manifest entry: ``objectUrl``, or ``objectUrl_0`` onwards."""
    if "objectUrl" in entry:
        yield File(_text(entry["objectUrl"]), None, _metadata(entry))
    numbered = [(int(key[10:]), key) for key in entry if re.fullmatch(r"objectUrl_\d+", key)]
    for _, key in sorted(numbered):
        yield File(_text(entry[key]), None, {})


def _text(value: object) -> str:
    """Return a URL as given; something that is none counts as missing."""
    return value if isinstance(value, str) else ""


def _metadata(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the ``imageMetadata``, ``videoMetadata``, ... of an entry, keys in snake_case."""
    for key, value in entry.items():
        if key.lower().endswith("metadata") and key != "clientMetadata" and isinstance(value, Mapping):
            return {snake(name): fact for name, fact in value.items()}
    return {}
