"""
Which object becomes which unit: the part of a campaign's settings that a manifest is made by.

Dag files import this module, so nothing heavy is imported here.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from include.benchmark_qa.manifest.metadata.settings import MetadataSettings
from include.benchmark_qa.manifest.model import UnitType
from include.benchmark_qa.manifest.patterns import check_template, compile_glob

# Encord's limits for one manifest file; its advice, even for large accounts, is 10,000 items.
MAX_SHARD_ITEMS = 500_000
MAX_SHARD_BYTES = 100_000_000

# Set by us on every unit, so a rule may not set them.
RESERVED_METADATA = frozenset({"source_key", "kind"})
# Letters, digits and "- _ space ."; Encord keeps "$..." and "keyframes" for itself.
_METADATA_KEY = re.compile(r"[\w\-. ]+")

_STRICT = ConfigDict(frozen=True, extra="forbid")
NonEmpty = Annotated[str, Field(min_length=1)]


class FileRule(BaseModel):
    """
    One rule: the objects that ``match`` become units of ``type``.

    ``match`` is a glob on the key below the listed prefix (see ``patterns.compile_glob``), or a list of
    suffixes (``[".jpg", ".png"]``, upper or lower case). Groups, sequences and DICOM series are the matching
    objects of one directory. ``title`` and the values of ``client_metadata`` are templates over ``{key}``,
    ``{name}``, ``{stem}`` and ``{directory}``; of a group, the key is its directory.
    """

    model_config = _STRICT

    match: NonEmpty | Annotated[tuple[NonEmpty, ...], Field(min_length=1)]
    type: UnitType
    group_by: Literal["directory"] | None = None
    title: NonEmpty = "{key}"
    client_metadata: dict[str, str] = {}
    metadata: MetadataSettings = MetadataSettings()

    @field_validator("match")
    @classmethod
    def _match_is_usable(cls, match: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if isinstance(match, str):
            try:
                compile_glob(match)
            except re.error as error:
                raise ValueError(f"glob {match!r} cannot be read: {error}") from None
        elif plain := [suffix for suffix in match if not suffix.startswith(".")]:
            raise ValueError(f"suffix(es) {plain} must begin with a dot; a glob is written as one string")
        return match

    @field_validator("title")
    @classmethod
    def _title_is_a_template(cls, title: str) -> str:
        return check_template(title)

    @field_validator("client_metadata")
    @classmethod
    def _metadata_is_templates(cls, metadata: dict[str, str]) -> dict[str, str]:
        for key, template in metadata.items():
            if key in RESERVED_METADATA:
                raise ValueError(f"key {key!r} is set by the project itself; choose another")
            if key == "keyframes" or not _METADATA_KEY.fullmatch(key):
                raise ValueError(f"key {key!r} is not allowed by Encord: letters, digits, '-', '_', '.' and spaces")
            check_template(template)
        return metadata

    @model_validator(mode="after")
    def _only_groups_are_grouped(self) -> FileRule:
        if self.group_by and not self.type.is_group:
            raise ValueError(f"type {self.type.value!r} is one file per unit; remove group_by")
        return self

    @cached_property
    def _glob(self) -> re.Pattern[str] | None:
        return compile_glob(self.match) if isinstance(self.match, str) else None

    @cached_property
    def _suffixes(self) -> tuple[str, ...]:
        return () if isinstance(self.match, str) else tuple(suffix.lower() for suffix in self.match)

    def matches(self, relative_key: str) -> bool:
        """Tell whether the rule is for this key, given below the listed prefix."""
        if self._glob is not None:
            return self._glob.fullmatch(relative_key) is not None
        return relative_key.lower().endswith(self._suffixes)


# What Encord's documentation calls supported. Image groups cannot be told from images by their extension,
# and JSON is left out because beside other files it is mostly their sidecar.
DEFAULT_RULES = (
    FileRule(match=(".jpg", ".jpeg", ".png", ".webp", ".avif", ".bmp", ".tif", ".tiff"), type=UnitType.IMAGE),
    FileRule(match=(".mp4", ".mov", ".webm", ".mkv"), type=UnitType.VIDEO),
    FileRule(match=(".dcm",), type=UnitType.DICOM_SERIES),
    FileRule(match=(".nii", ".nii.gz"), type=UnitType.NIFTI),
    FileRule(match=(".mp3", ".wav", ".flac"), type=UnitType.AUDIO),
    FileRule(match=(".txt", ".html", ".xml"), type=UnitType.TEXT),
    FileRule(match=(".pdf",), type=UnitType.PDF),
)


class ManifestRules(BaseModel):
    """
    How a campaign's manifest is made.

    The first rule that matches an object wins; objects that no rule matches are ignored and counted.

    A shard (one JSON file) holds at most ``shard_items`` units and ``max_shard_bytes`` bytes.
    """

    model_config = _STRICT

    rules: Annotated[tuple[FileRule, ...], Field(min_length=1)] = DEFAULT_RULES
    shard_items: Annotated[int, Field(ge=1, le=MAX_SHARD_ITEMS)] = 1_000
    max_shard_bytes: Annotated[int, Field(ge=1_000, le=MAX_SHARD_BYTES)] = 50_000_000

    def rule_for(self, relative_key: str) -> FileRule | None:
        """Return the first rule that matches a key (given below the listed prefix), or None."""
        return next((rule for rule in self.rules if rule.matches(relative_key)), None)
