"""Keys and values that Encord takes in client metadata. Dag files import this module: nothing heavy here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

# Set by this project on every unit, so nobody else may set them.
RESERVED_KEYS = frozenset({"source_key", "kind"})
ENCORD_KEY = "$encord"
MAX_EMBEDDING_SIZE = 4096
_PLAIN = (str, int, type(None))  # most values by far, and nothing can be wrong with them


@lru_cache(maxsize=10_000)
def key_problem(key: str) -> str | None:
    """
    Return why Encord takes no metadata under this key, or None.

    The rule is the SDK's for keys of the metadata schema (``encord/metadata_schema.py``).

    >>> key_problem("camera.lens-type 2"), key_problem("größe")
    (None, None)
    >>> key_problem("a/b")
    "the key 'a/b' is not allowed by Encord; use letters, digits, '-', '_', '.' and spaces"
    """
    bare = key.translate(str.maketrans("", "", "-_ ."))
    if bare == "keyframes":
        return f"the key {key!r} is one that Encord no longer takes; list key frames under '$encord', 'frames'"
    if not bare.isalnum():
        return f"the key {key!r} is not allowed by Encord; use letters, digits, '-', '_', '.' and spaces"
    return None


def metadata_problems(metadata: Mapping[str, Any], path: str = "clientMetadata") -> Iterator[tuple[str, str]]:
    """
    Yield the field and the reason of each key or value that Encord cannot take, at any depth.

    ``$encord`` is left to ``encord_block``.
    """
    for key, value in metadata.items():
        where = f"{path}.{key}"
        if path == "clientMetadata" and key == ENCORD_KEY:
            continue
        if path == "clientMetadata" and key in RESERVED_KEYS:
            yield where, f"the key {key!r} is set by the project itself; choose another"
        elif problem := key_problem(key):
            yield where, problem
        if not isinstance(value, _PLAIN):
            yield from _value_problems(value, where)


def is_number(value: object) -> bool:
    """Tell whether a JSON value is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_embedding(value: object) -> bool:
    """Tell whether a value looks like an embedding: a list of numbers."""
    return isinstance(value, list) and bool(value) and all(is_number(one) for one in value)


def _value_problems(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        yield from metadata_problems(value, where)
    elif isinstance(value, float) and not math.isfinite(value):
        yield where, f"{value} is no number that JSON can carry; leave the key out"
    elif is_embedding(value):
        yield from _embedding_problems(value, where)
    elif isinstance(value, list):
        for position, one in enumerate(value):
            yield from _value_problems(one, f"{where}[{position}]")


def _embedding_problems(value: list[float], where: str) -> Iterator[tuple[str, str]]:
    if len(value) > MAX_EMBEDDING_SIZE:
        yield where, f"an embedding of {len(value)} numbers; Encord takes {MAX_EMBEDDING_SIZE}"
    if not all(math.isfinite(one) for one in value):
        yield where, "an embedding holds a value that is not finite"
