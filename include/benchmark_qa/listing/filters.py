"""
Which objects of a bucket a campaign wants to know of at all.

The campaign's settings hold a ``ListingFilters``, so nothing heavy is imported at module level.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from include.benchmark_qa.manifest.patterns import compile_glob

if TYPE_CHECKING:
    import pyarrow as pa

Suffix = Annotated[str, Field(min_length=1, pattern=r"^\.")]
NonEmpty = Annotated[str, Field(min_length=1)]
Size = Annotated[int, Field(ge=0)]


class ListingFilters(BaseModel):
    """
    What a listing keeps; without any field, everything.

    ``suffixes`` (``[".jpg", ".nii.gz"]``) count in upper or lower case. ``glob`` is what the key below the listed
    prefix must match, and ``exclude`` what it must not (see ``patterns.compile_glob``). ``min_size`` and
    ``max_size`` are in bytes, both inclusive.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    suffixes: tuple[Suffix, ...] = ()
    glob: NonEmpty | None = None
    exclude: NonEmpty | None = None
    min_size: Size | None = None
    max_size: Size | None = None

    @field_validator("glob", "exclude")
    @classmethod
    def _glob_is_usable(cls, glob: str | None) -> str | None:
        try:
            compile_glob(glob or "*")
        except re.error as error:
            raise ValueError(f"glob {glob!r} cannot be read: {error}") from None
        return glob

    @model_validator(mode="after")
    def _sizes_leave_something(self) -> ListingFilters:
        if self.min_size is not None and self.max_size is not None and self.min_size > self.max_size:
            raise ValueError(f"min_size {self.min_size} is more than max_size {self.max_size}")
        return self

    def kept(self, rows: pa.RecordBatch, prefix: str) -> pa.RecordBatch:
        """Return the rows that the filters keep; ``prefix`` is the listed prefix, with which all keys begin."""
        import pyarrow as pa
        import pyarrow.compute as pc

        keys, sizes = rows.column("key"), rows.column("size")
        tests: list[Any] = []
        if self.suffixes:
            tests.append(_ends_with(keys, self.suffixes))
        if self.glob is not None:
            tests.append(_matches(keys, prefix, self.glob))
        if self.exclude is not None:
            tests.append(pc.invert(_matches(keys, prefix, self.exclude)))
        if self.min_size is not None:
            tests.append(pc.greater_equal(sizes, pa.scalar(self.min_size)))
        if self.max_size is not None:
            tests.append(pc.less_equal(sizes, pa.scalar(self.max_size)))
        for test in tests[1:]:
            tests[0] = pc.and_(tests[0], test)
        return rows.filter(tests[0]) if tests else rows


def modified_within(rows: pa.RecordBatch, window: tuple[datetime, datetime]) -> pa.RecordBatch:
    """Return the rows that were last modified in the window: start inclusive, end exclusive, both with a zone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    modified = rows.column("modified")
    start, end = (pa.scalar(limit, type=modified.type) for limit in window)
    return rows.filter(pc.and_(pc.greater_equal(modified, start), pc.less(modified, end)))


def _ends_with(keys: Any, suffixes: tuple[str, ...]) -> Any:
    import pyarrow.compute as pc

    lowered = pc.utf8_lower(keys)
    found = pc.ends_with(lowered, suffixes[0].lower())
    for suffix in suffixes[1:]:
        found = pc.or_(found, pc.ends_with(lowered, suffix.lower()))
    return found


def _matches(keys: Any, prefix: str, glob: str) -> Any:
    """Return whether what follows the prefix in each key matches the glob, as ``compile_glob`` defines it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    meaning = compile_glob(glob)
    if "(?!" in meaning.pattern:  # character classes look ahead, which Arrow's expressions cannot
        return pa.array([meaning.fullmatch(key, len(prefix)) is not None for key in keys.to_pylist()], type=pa.bool_())
    return pc.match_substring_regex(keys, rf"\A(?s:{re.escape(prefix)}(?:{meaning.pattern}))\z")
