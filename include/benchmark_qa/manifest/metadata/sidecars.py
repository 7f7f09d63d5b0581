"""Sidecars: JSON files beside objects that hold their metadata."""

from __future__ import annotations

from typing import Any

import orjson

from include.benchmark_qa.manifest.metadata.reader import ObjectReader, UnreadableError


def read_sidecar(reader: ObjectReader, key: str) -> dict[str, Any]:
    """
    Return the content of a sidecar, empty when there is none.

    :raises UnreadableError: when it is not one JSON object.
    """
    if not reader.exists(key):
        return {}
    content = reader.read(key).removeprefix(b"\xef\xbb\xbf")
    try:
        sidecar = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UnreadableError(f"is no JSON: {error}") from None
    if not isinstance(sidecar, dict):
        raise UnreadableError("is JSON, but not an object with a key for each piece of metadata")
    try:
        orjson.dumps(sidecar)
    except TypeError:  # orjson reads 1024 levels and writes 254
        raise UnreadableError("is nested too deeply; Encord could not store it") from None
    return sidecar
