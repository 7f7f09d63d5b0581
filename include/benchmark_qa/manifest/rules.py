"""
Which object becomes which unit: the part of a campaign's settings that a manifest is made by.

Dag files import this module, so nothing heavy is imported here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from include.benchmark_qa.manifest.extensions import EXTENSIONS
from include.benchmark_qa.manifest.metadata.keys import RESERVED_KEYS, key_problem
from include.benchmark_qa.manifest.metadata.settings import MetadataSettings
from include.benchmark_qa.manifest.model import UnitType
from include.benchmark_qa.manifest.patterns import KEY_FIELDS, compile_glob, split_template

# Encord's limits for one manifest file; its advice, even for large accounts, is 10,000 items.
MAX_SHARD_ITEMS = 500_000
MAX_SHARD_BYTES = 100_000_000

_STRICT = ConfigDict(frozen=True, extra="forbid")
NonEmpty = Annotated[str, Field(min_length=1)]
MetadataValue: TypeAlias = str | bool | int | Annotated[float, Field(allow_inf_nan=False)]


class FileRule(BaseModel):
    """
    One rule: the objects that ``match``, or whose key fits ``pattern``, become units of ``type``.

    ``match`` is a glob on the key below the listed prefix (see ``patterns.compile_glob``), or a list of
    suffixes (``[".jpg", ".png"]``, upper or lower case). ``pattern`` is a regular expression that has to match the
    whole key below the prefix; its named captures are fields of the templates.

    Image groups, sequences and DICOM series are made of the objects of one directory (``group_by: directory``), of
    one value of the capture ``group`` (``pattern``, the default where there is such a capture), or of one
    SeriesInstanceUID read from the files (``series``, DICOM only). They are in the order of the capture
    ``position``, a number, or else of their names, in which numbers count as numbers.

    ``title`` and texts in ``client_metadata`` are templates over ``{key}``, ``{name}``, ``{stem}``, ``{directory}``
    and the captures; of a group, the key is its directory, the prefix and the capture ``group``, or its series.
    """

    model_config = _STRICT

    match: NonEmpty | Annotated[tuple[NonEmpty, ...], Field(min_length=1)] | None = None
    pattern: NonEmpty | None = None
    type: UnitType
    group_by: Literal["directory", "pattern", "series"] | None = None
    title: NonEmpty = "{key}"
    client_metadata: dict[str, MetadataValue] = {}
    metadata: MetadataSettings = MetadataSettings()

    @field_validator("match")
    @classmethod
    def _match_is_usable(cls, match: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if isinstance(match, str):
            try:
                compile_glob(match)
            except re.error as error:
                raise ValueError(f"glob {match!r} cannot be read: {error}") from None
        elif match and (plain := [suffix for suffix in match if not suffix.startswith(".")]):
            raise ValueError(f"suffix(es) {plain} must begin with a dot; a glob is written as one string")
        return match

    @field_validator("pattern")
    @classmethod
    def _pattern_is_usable(cls, pattern: str | None) -> str | None:
        try:
            names = re.compile(pattern or "").groupindex
        except re.error as error:
            raise ValueError(f"regular expression {pattern!r} cannot be read: {error}") from None
        if taken := sorted(set(names) & set(KEY_FIELDS)):
            raise ValueError(f"capture(s) {taken} have the name of a field of every key; choose another")
        return pattern

    @field_validator("client_metadata")
    @classmethod
    def _metadata_keys_are_allowed(cls, metadata: dict[str, MetadataValue]) -> dict[str, MetadataValue]:
        for key in metadata:
            if key in RESERVED_KEYS:
                raise ValueError(f"key {key!r} is set by the project itself; choose another")
            if problem := key_problem(key):
                raise ValueError(problem)
        return metadata

    @model_validator(mode="after")
    def _chooses_one_way(self) -> FileRule:
        if (self.match is None) == (self.pattern is None):
            raise ValueError("match and pattern: give exactly one of them")
        if self.group_by and not self.type.is_group:
            raise ValueError(f"type {self.type.value!r} is one file per unit; remove group_by")
        if self.group_by == "pattern" and "group" not in self.captures:
            raise ValueError("group_by: pattern needs a pattern with the capture (?P<group>...)")
        if self.group_by == "series" and self.type is not UnitType.DICOM_SERIES:
            raise ValueError("group_by: series is for dicom_series, whose files say of which series they are")
        return self

    @model_validator(mode="after")
    def _templates_are_usable(self) -> FileRule:
        for template in self.templates:
            split_template(template, self.captures)
        return self

    @property
    def templates(self) -> Iterator[str]:
        """The title's template, then those of the metadata."""
        yield self.title
        yield from (value for value in self.client_metadata.values() if isinstance(value, str))

    @cached_property
    def captures(self) -> tuple[str, ...]:
        """The names of the pattern's captures."""
        return () if self.expression is None or self.pattern is None else tuple(self.expression.groupindex)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that the templates name."""
        pieces = [piece for template in self.templates for piece in split_template(template, self.captures)]
        return frozenset(field for _, field in pieces if field is not None)

    @cached_property
    def grouping(self) -> Literal["directory", "pattern", "series"]:
        """What makes files one group, of a type that is a group."""
        return self.group_by or ("pattern" if "group" in self.captures else "directory")

    @cached_property
    def expression(self) -> re.Pattern[str] | None:
        """What the whole key below the prefix has to match, or None where suffixes decide."""
        if self.pattern is not None:
            return re.compile(self.pattern)
        return compile_glob(self.match) if isinstance(self.match, str) else None

    @cached_property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes in lower case, none where an expression decides."""
        return tuple(suffix.lower() for suffix in self.match) if isinstance(self.match, tuple) else ()

    def matches(self, relative_key: str) -> bool:
        """Tell whether the rule is for this key, given below the listed prefix."""
        if self.expression is not None:
            return self.expression.fullmatch(relative_key) is not None
        return relative_key.lower().endswith(self.suffixes)


# What Encord's documentation calls supported; JSON is left out because beside other files it is mostly their sidecar.
DEFAULT_RULES = tuple(
    FileRule(match=tuple(suffix for suffix in suffixes if suffix != ".json"), type=unit_type)
    for unit_type, suffixes in EXTENSIONS.items()
)


class ManifestRules(BaseModel):
    """
    How a campaign's manifest is made.

    The first rule that matches an object wins. What cannot be registered is left out and listed in the quarantine;
    with ``strict`` it is an error instead, hidden files and directory markers excepted.

    A shard (one JSON file) holds at most ``shard_items`` units and ``max_shard_bytes`` bytes.
    """

    model_config = _STRICT

    rules: Annotated[tuple[FileRule, ...], Field(min_length=1)] = DEFAULT_RULES
    strict: bool = False
    shard_items: Annotated[int, Field(ge=1, le=MAX_SHARD_ITEMS)] = 5_000
    max_shard_bytes: Annotated[int, Field(ge=1_000, le=MAX_SHARD_BYTES)] = 50_000_000

    def rule_for(self, relative_key: str) -> FileRule | None:
        """Return the first rule that matches a key (given below the listed prefix), or None."""
        return next((rule for rule in self.rules if rule.matches(relative_key)), None)
