"""Units: what an upload asks to register, a file or a group of files, whichever form it came in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from include.encord_emulator.wire.media import media_facts
from include.encord_emulator.wire.media_metadata import has_media_metadata, read_media_metadata

TITLE_LIMIT = 300
URL_BYTES_LIMIT = 16 * 1024
_GROUPED = {"imageGroup", "imageSequence", "dicomSeries"}


@dataclass(frozen=True, slots=True)
class File:
    """
    One object of a unit.

    :param metadata: the customer's media metadata, unread.
    :param item_uuid: the uuid promised to the item when a local file was uploaded.
    """

    url: str
    title: str | None = None
    metadata: Any = None
    item_uuid: str | None = None

    @property
    def name(self) -> str:
        """The title, or the object's path."""
        return self.title or url_path(self.url)


@dataclass(frozen=True, slots=True)
class Unit:
    """
    One thing to register.

    :param images: of a group made from items that exist: their uuids, in place of ``files``.
    """

    item_type: str
    files: tuple[File, ...]
    title: str | None
    client_metadata: dict[str, Any] | None
    images: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        """Whether the unit has child items."""
        return self.item_type in _GROUPED

    @property
    def url_key(self) -> str:
        """What duplicates are found by: the exact URLs."""
        return "\n".join(file.url for file in self.files)

    @property
    def item_uuids(self) -> list[str]:
        """The uuids promised to the items of the unit."""
        return [file.item_uuid for file in self.files if file.item_uuid]

    def problem(self, *, in_cloud: bool, is_strict: bool = False) -> str | None:
        """
        Return what is wrong with the unit, or ``None``.

        :param in_cloud: whether the files are behind an integration, where groups must have a title.
        :param is_strict: whether that integration is for clients only, so that Encord cannot look into the files.
        """
        for file in self.files:
            if found := _url_problem(file.url) or _title_problem(file.name):
                return found
        if self.is_group and not self.title and in_cloud:
            return "title is required for image groups and DICOM series"
        if is_strict and has_media_metadata(self.item_type) and any(file.metadata is None for file in self.files):
            return f"media metadata is required for each file ({self.item_type}): the integration is strict client-only"
        return _title_problem(self.title or "") or self._media_problem()

    def media(self) -> dict[str, Any]:
        """
        Return the facts about the media; see ``media_facts``.

        :raises ValueError: the customer's metadata cannot be used.
        """
        files = [(file.url, read_media_metadata(self.item_type, file.metadata)) for file in self.files]
        return media_facts(self.item_type, files)

    def _media_problem(self) -> str | None:
        try:
            for file in self.files:
                read_media_metadata(self.item_type, file.metadata)
        except ValueError as error:
            return f"the media metadata cannot be used: {error}"
        return None


def url_path(url: str) -> str:
    """Return the path of a URL as it is written, or the whole of something that is none."""
    match = re.match(r"^[a-z][a-z0-9+.-]*://[^/]*(?P<path>/[^?#]*)", url)
    return match["path"] if match else url


def _url_problem(url: str) -> str | None:
    if re.search(r"\s", url):
        return f"The URL {url[:URL_BYTES_LIMIT]!r} contains whitespace"
    if len(url.encode()) > URL_BYTES_LIMIT:
        return f"The URL {url[:80]!r}... is longer than {URL_BYTES_LIMIT} bytes"
    return None


def _title_problem(title: str) -> str | None:
    return f"title is longer than {TITLE_LIMIT} characters" if len(title) > TITLE_LIMIT else None
