"""A manifest cut into files within Encord's limits, and the index that says which files there are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.generate import ManifestTally
from include.benchmark_qa.manifest.model import ManifestError, Unit, UnitType
from include.benchmark_qa.manifest.render import assemble, render_item
from include.benchmark_qa.manifest.rules import ManifestRules

# Encord's limit for one manifest file.
MAX_SHARD_URLS = 1_000_000
INDEX_NAME = "manifest_index.json"

# What a file holds besides its items: section names, switches, brackets; and a comma and a line end per item.
_FRAME_BYTES = 300
_SEPARATOR_BYTES = 2


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """What the index says of one shard; ``sha256`` is of its bytes, in hexadecimal digits."""

    name: str
    units: int
    urls: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Shard:
    """One manifest file; ``name`` is unique within its manifest."""

    info: ShardInfo
    data: bytes


@dataclass(frozen=True, slots=True)
class ManifestIndex:
    """The contents of a manifest, without the units: what was made, and what was left out."""

    kind: DataKind
    shards: tuple[ShardInfo, ...]
    units: dict[str, int]
    used: int
    skipped: int
    ignored: int
    first_ignored: tuple[str, ...]


def cut_shards(units: Iterable[Unit], rules: ManifestRules) -> Iterator[Shard]:
    """
    Yield the units in order, in files of at most ``shard_items`` units and ``max_shard_bytes`` bytes.

    :raises ManifestError: for two units of the same type and URLs, and for a unit too big for any file.
    """
    items: list[tuple[UnitType, bytes]] = []
    size, urls, number = _FRAME_BYTES, 0, 1
    for unit in _distinct(units):
        item = render_item(unit)
        item_size, item_urls = len(item) + _SEPARATOR_BYTES, len(unit.object_urls)
        _check_fits(unit, item_size, rules)
        is_full = len(items) == rules.shard_items or size + item_size > rules.max_shard_bytes
        if items and (is_full or urls + item_urls > MAX_SHARD_URLS):
            yield _shard(number, items, urls)
            items, size, urls, number = [], _FRAME_BYTES, 0, number + 1
        items.append((unit.type, item))
        size += item_size
        urls += item_urls
    if items:
        yield _shard(number, items, urls)


def render_index(kind: DataKind, shards: Sequence[ShardInfo], tally: ManifestTally) -> bytes:
    """Return the index of a manifest as indented UTF-8 JSON; written last, it says that all shards are there."""
    index = ManifestIndex(
        kind=kind,
        shards=tuple(shards),
        units={unit_type.value: count for unit_type, count in tally.units.items() if count},
        used=tally.used,
        skipped=tally.skipped,
        ignored=tally.ignored,
        first_ignored=tuple(tally.first_ignored),
    )
    return orjson.dumps(asdict(index), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_index(data: bytes) -> ManifestIndex:
    """
    Return the index that ``render_index`` wrote.

    :raises ManifestError: when the bytes are not such an index.
    """
    try:
        fields: dict[str, Any] = orjson.loads(data)
        shards = tuple(ShardInfo(**shard) for shard in fields.pop("shards"))
        kind, first_ignored = DataKind(fields.pop("kind")), tuple(fields.pop("first_ignored"))
        return ManifestIndex(kind=kind, shards=shards, first_ignored=first_ignored, **fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"this is no manifest index: {error!r}; generate the manifest again") from error


def _distinct(units: Iterable[Unit]) -> Iterator[Unit]:
    # Digests, since the URLs of a million units would be most of this process's memory.
    seen: set[bytes] = set()
    for unit in units:
        identity = hashlib.blake2b("\n".join((unit.type, *unit.object_urls)).encode(), digest_size=16).digest()
        if identity in seen:
            raise ManifestError(f"{unit.type.value} {unit.title!r} is there twice, with URL {unit.object_urls[0]}")
        seen.add(identity)
        yield unit


def _check_fits(unit: Unit, item_size: int, rules: ManifestRules) -> None:
    if _FRAME_BYTES + item_size > rules.max_shard_bytes:
        raise ManifestError(
            f"{unit.type.value} {unit.title!r} takes {item_size} bytes of manifest, and a shard holds "
            f"{rules.max_shard_bytes} (max_shard_bytes); split it, or allow bigger shards"
        )
    if len(unit.object_urls) > MAX_SHARD_URLS:
        raise ManifestError(
            f"{unit.type.value} {unit.title!r} has {len(unit.object_urls)} objects; Encord takes "
            f"{MAX_SHARD_URLS} in one file: split it"
        )


def _shard(number: int, items: Sequence[tuple[UnitType, bytes]], urls: int) -> Shard:
    data = assemble(items)
    info = ShardInfo(
        name=f"shard-{number:05d}.json",
        units=len(items),
        urls=urls,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return Shard(info=info, data=data)
