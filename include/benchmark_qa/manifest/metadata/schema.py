"""
Client metadata against the organisation's metadata schema, before anything is sent.

A schema is a plain mapping ``{key: {"type": ..., "values": [...], "size": n}}``; types, and what each takes, are those
of ``encord_formats.md`` section 3.1. What has one meaning only is taken as that: ``"12.5"`` for a number, ``"true"``
for a boolean, a number for a text. Keys that the schema does not have are allowed, as Encord keeps them as text; only
an embedding would be lost that way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from include.benchmark_qa.manifest.metadata.keys import ENCORD_KEY, is_embedding, is_number
from include.benchmark_qa.manifest.model import Problem, Unit

Schema: TypeAlias = Mapping[str, Mapping[str, Any]]

MAX_VARCHAR_CHARACTERS = 8192
_NAMED_VALUES = 10
_NO_KEY = (
    "an embedding of {} numbers, but the metadata schema has no such key, and without one Encord takes embeddings for "
    "text; add the key to the schema first"
)


class SchemaCheck:
    """
    Checks units against a schema.

    :param file: where the units come from, for problems
    """

    def __init__(self, schema: Schema, file: str) -> None:
        self._schema = schema
        self._file = file

    def __call__(self, unit: Unit) -> tuple[Problem, ...]:
        """Return all that does not fit."""
        key = str(unit.client_metadata["source_key"])
        found = check_schema(unit.client_metadata, self._schema)
        return tuple(Problem(self._file, key, field, reason) for field, reason in found)


def check_schema(metadata: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield the field and the reason of each value that Encord would not take as what the schema says."""
    yield from _check_values(metadata, schema, "clientMetadata")
    block = metadata.get(ENCORD_KEY, {})
    for frame, values in block.get("frames", {}).items():
        yield from _check_values(values, schema, f"clientMetadata.{ENCORD_KEY}.frames.{frame}")


def _check_values(metadata: Mapping[str, Any], schema: Schema, path: str) -> Iterator[tuple[str, str]]:
    for key, value in metadata.items():
        option = schema.get(key)
        if option is None:
            if is_embedding(value):
                yield f"{path}.{key}", _NO_KEY.format(len(value))
        elif problem := _CHECKS.get(option["type"], _anything)(value, option):
            yield f"{path}.{key}", f"{_shown(value)} {problem}"


def _boolean(value: Any, _option: Mapping[str, Any]) -> str | None:
    fits = isinstance(value, bool) or (isinstance(value, str) and value.lower() in {"true", "false"})
    return None if fits else "is not true or false, as the metadata schema has it"


def _number(value: Any, _option: Mapping[str, Any]) -> str | None:
    try:
        fits = (is_number(value) or isinstance(value, str)) and math.isfinite(float(value))
    except (ValueError, OverflowError):
        fits = False
    return None if fits else "is not a number, as the metadata schema has it"


def _datetime(value: Any, _option: Mapping[str, Any]) -> str | None:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return "is not a time as ISO 8601 writes it (2026-03-01T12:00:00Z), as the metadata schema has it"
    return None


def _uuid(value: Any, _option: Mapping[str, Any]) -> str | None:
    try:
        fits = isinstance(value, str) and UUID(value).version == 4
    except ValueError:
        fits = False
    return None if fits else "is not a UUID of version 4, as the metadata schema has it"


def _varchar(value: Any, option: Mapping[str, Any]) -> str | None:
    if problem := _text(value, option):
        return problem
    limit = option.get("size") or MAX_VARCHAR_CHARACTERS
    return f"has {len(str(value))} characters; the metadata schema takes {limit}" if len(str(value)) > limit else None


def _text(value: Any, _option: Mapping[str, Any]) -> str | None:
    return None if isinstance(value, str | int | float) else "is not text, as the metadata schema has it"


def _enum(value: Any, option: Mapping[str, Any]) -> str | None:
    values = list(option.get("values", ()))
    if value in values:
        return None
    more = f" and {len(values) - _NAMED_VALUES} more" if len(values) > _NAMED_VALUES else ""
    return f"is not one of those that the metadata schema lists: {values[:_NAMED_VALUES]}{more}"


def _embedding(value: Any, option: Mapping[str, Any]) -> str | None:
    if not is_embedding(value) or not all(math.isfinite(one) for one in value):
        return "is not a list of finite numbers, which the metadata schema's embedding is"
    size = option["size"]
    return None if len(value) == size else f"has {len(value)} numbers; the metadata schema's embedding has {size}"


def _anything(_value: Any, _option: Mapping[str, Any]) -> str | None:
    return None


# Geospatial values have no documented form, so they pass.
_CHECKS: Mapping[str, Callable[[Any, Mapping[str, Any]], str | None]] = {
    "boolean": _boolean,
    "number": _number,
    "datetime": _datetime,
    "uuid": _uuid,
    "varchar": _varchar,
    "text": _text,
    "enum": _enum,
    "embedding": _embedding,
}


def _shown(value: Any) -> str:
    """Return a value as a message shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
