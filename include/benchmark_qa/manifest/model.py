"""The one internal model of a manifest: units of data, however they are rendered later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias


class UnitType(StrEnum):
    """What Encord makes of a unit; each value is the word that a campaign's rules use for it."""

    IMAGE = "image"
    VIDEO = "video"
    IMAGE_GROUP = "image_group"
    IMAGE_SEQUENCE = "image_sequence"
    DICOM_SERIES = "dicom_series"
    NIFTI = "nifti"
    AUDIO = "audio"
    TEXT = "text"
    PDF = "pdf"

    @property
    def is_group(self) -> bool:
        """Whether one unit is made of several objects."""
        return self is UnitType.IMAGE_GROUP or self is UnitType.IMAGE_SEQUENCE or self is UnitType.DICOM_SERIES


UnitIdentity: TypeAlias = tuple[UnitType, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Unit:
    """
    One unit of data as it is registered with Encord: a file, or files that belong together.

    ``object_urls`` and ``source_keys`` run in parallel, in frame order; both hold one entry unless the type
    is a group's. A URL is what Encord is told (percent-encoded, no whitespace, at most 16 KB); a key is the
    raw key in the bucket. ``title`` has 1 to 300 characters. ``client_metadata`` always carries ``source_key`` (what
    the unit is known by: the raw key; for a group, its directory without the closing slash, or what its rule groups
    by) and ``kind`` (``benchmark`` or ``production``).

    ``media`` is empty, or holds for each object what Encord need not find out by reading it: the fields of the SDK's
    ``CustomerProvided...Metadata`` in snake_case, all of them; for a DICOM file ``{"tags": {...}}``.
    """

    type: UnitType
    title: str
    object_urls: tuple[str, ...]
    source_keys: tuple[str, ...]
    client_metadata: Mapping[str, Any] = field(hash=False)
    media: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)

    @property
    def identity(self) -> UnitIdentity:
        """What makes two units the same: type and URLs. Titles and names are never identity."""
        return self.type, self.object_urls


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Why an object, or an entry of a file, cannot become a unit.

    ``file`` is where it was found (the bucket's URI, or a manifest's file), ``key`` the object's raw key or the
    entry's address, ``field`` what is wrong (``objectUrl``, ``title``, ``clientMetadata.<key>``, ``createVideo``, ...),
    ``reason`` one sentence that says what is wrong and what to do.
    """

    file: str
    key: str
    field: str
    reason: str


class ManifestError(ValueError):
    """A manifest cannot be made of these objects or read from these bytes; the message names the culprit."""
