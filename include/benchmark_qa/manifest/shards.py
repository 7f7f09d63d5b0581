"""The files of a manifest, and the index that says which there are and what became of every object listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.model import ManifestError

INDEX_NAME = "manifest_index.json"


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """What the index says of one shard; ``sha256`` is of its bytes, in hexadecimal digits."""

    name: str
    units: int
    urls: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ManifestIndex:
    """
    The contents of a manifest, without the units: what was made, and what was left out.

    ``listed == used + quarantined``, in objects; ``used`` ones are part of a unit, or describe one (sidecars, tables).
    ``units`` counts units by type, ``reasons`` quarantined objects by what is wrong. ``url_prefix`` is what every URL
    begins with.
    """

    kind: DataKind
    url_prefix: str
    shards: tuple[ShardInfo, ...]
    listed: int
    used: int
    quarantined: int
    units: Mapping[str, int] = field(hash=False)
    reasons: Mapping[str, int] = field(hash=False)


def render_index(index: ManifestIndex) -> bytes:
    """Return the index as indented UTF-8 JSON; written last, it says that all shards are there."""
    return orjson.dumps(asdict(index), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_index(data: bytes) -> ManifestIndex:
    """
    Return the index that ``render_index`` wrote.

    :raises ManifestError: when the bytes are not such an index.
    """
    try:
        fields: dict[str, Any] = orjson.loads(data)
        shards = tuple(ShardInfo(**shard) for shard in fields.pop("shards"))
        return ManifestIndex(kind=DataKind(fields.pop("kind")), shards=shards, **fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"this is no manifest index: {error!r}; generate the manifest again") from error
