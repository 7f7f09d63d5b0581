"""The one internal model of a manifest: units of data, however they are rendered later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


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
        return self in {UnitType.IMAGE_GROUP, UnitType.IMAGE_SEQUENCE, UnitType.DICOM_SERIES}


UnitIdentity: TypeAlias = tuple[UnitType, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Unit:
    """
    One unit of data as it is registered with Encord: a file, or files that belong together.

    ``object_urls`` and ``source_keys`` run in parallel, in frame order; both hold one entry unless the type
    is a group's. A URL is what Encord is told (percent-encoded, no whitespace, at most 16 KB); a key is the
    raw key in the bucket. ``title`` has 1 to 300 characters. ``client_metadata`` is flat and always carries
    ``source_key`` (the raw key; for a group, its directory without the closing slash) and ``kind``
    (``benchmark`` or ``production``).
    """

    type: UnitType
    title: str
    object_urls: tuple[str, ...]
    source_keys: tuple[str, ...]
    client_metadata: Mapping[str, str] = field(hash=False)

    @property
    def identity(self) -> UnitIdentity:
        """What makes two units the same: type and URLs. Titles and names are never identity."""
        return self.type, self.object_urls


class ManifestError(ValueError):
    """A manifest cannot be made of these objects or read from these bytes; the message names the culprit."""
