"""What an import has to do and how far it is: a small file in the workspace, so that any process can go on with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import orjson

if TYPE_CHECKING:
    from include.benchmark_qa.manifest.shards import ShardInfo
    from include.object_storage.protocol import Bucket

Positions: TypeAlias = list[list[int]]
"""Places of units in a shard, as ranges ``[first, after the last]`` in order."""
Parts: TypeAlias = dict[str, Positions]
"""Positions by the shard's name."""
UrlErrors: TypeAlias = Sequence[tuple[str, str]]
"""Pairs of URL and sentence."""


@dataclass(slots=True)
class Piece:
    """
    Units that are asked for in one go.

    ``job`` is Encord's, ``closed`` says that its end was seen; a piece that needed none has its ``errors`` here.
    """

    parts: Parts
    job: str | None = None
    closed: bool = False
    errors: list[list[str]] = field(default_factory=list)

    def halves(self) -> tuple[Piece, Piece] | None:
        """Return the piece in two, or None when it is one unit."""
        places = [(name, place) for name, ranges in self.parts.items() for place in expand(ranges)]
        middle = len(places) // 2
        return (Piece(_gather(places[:middle])), Piece(_gather(places[middle:]))) if middle else None


@dataclass(slots=True)
class Progress:
    """
    How far the import of one kind is.

    ``manifest`` is a digest of the manifest's index, ``attempt`` counts how often missing units were asked for, and
    ``asked`` are the units that the folder lacked when the run first looked: what of them is there in the end, the run
    has registered.
    """

    manifest: str
    asked: Parts = field(default_factory=dict)
    attempt: int = 0
    pieces: list[Piece] = field(default_factory=list)
    finished: bool = False


def read_progress(workspace: Bucket, key: str) -> Progress | None:
    """Return the progress stored under the key, or None when there is none yet."""
    if not workspace.exists(key):
        return None
    fields = orjson.loads(workspace.read(key))
    return Progress(**fields | {"pieces": [Piece(**piece) for piece in fields["pieces"]]})


def write_progress(workspace: Bucket, key: str, progress: Progress) -> None:
    """Store the progress under the key."""
    workspace.write(key, orjson.dumps(asdict(progress)))


def compress(places: Iterable[int]) -> Positions:
    """
    Return rising places as ranges.

    >>> compress([0, 1, 2, 5])
    [[0, 3], [5, 6]]
    """
    ranges: Positions = []
    for place in places:
        if ranges and ranges[-1][1] == place:
            ranges[-1][1] = place + 1
        else:
            ranges.append([place, place + 1])
    return ranges


def expand(ranges: Positions) -> Iterator[int]:
    """Yield the places of ranges."""
    for first, end in ranges:
        yield from range(first, end)


def merge(one: Parts, other: Parts) -> Parts:
    """Return the places that are in one or the other."""
    return {
        name: compress(sorted({*expand(one.get(name, [])), *expand(other.get(name, []))})) for name in {**one, **other}
    }


def count(parts: Parts) -> int:
    """Return how many units there are."""
    return sum(end - first for ranges in parts.values() for first, end in ranges)


def pack(parts: Parts, shards: Mapping[str, ShardInfo]) -> list[Piece]:
    """Return the units in pieces, none larger than the largest shard: what is left of several goes together."""
    most_units = max((info.units for info in shards.values()), default=0)
    most_bytes = max((info.bytes for info in shards.values()), default=0)
    pieces: list[Piece] = []
    units, size = 0, 0.0
    for name, ranges in parts.items():
        here = count({name: ranges})
        weight = shards[name].bytes * here / shards[name].units
        if not pieces or units + here > most_units or size + weight > most_bytes:
            pieces.append(Piece({}))
            units, size = 0, 0.0
        pieces[-1].parts[name] = ranges
        units, size = units + here, size + weight
    return pieces


def _gather(places: Iterable[tuple[str, int]]) -> Parts:
    by_shard: dict[str, list[int]] = {}
    for name, place in places:
        by_shard.setdefault(name, []).append(place)
    return {name: compress(found) for name, found in by_shard.items()}
