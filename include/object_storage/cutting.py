"""Where a large listing is cut: the plan that its shards are made from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from include.object_storage.protocol import Level, ObjectBatch

LOOKS_AT_ONCE = 16
# Enough shards to keep the workers busy to the end although some are larger than others.
WANTED_SHARDS = 64
MAX_DEPTH = 8
# How much a plan may hold of the objects that it came across, so that its memory stays flat.
MAX_LEVEL_ROWS = 50_000


class Store(Protocol):
    """The two looks at a bucket of which every listing is made; each cloud writes these."""

    def scan(self, prefix: str, start_after: str = "") -> Iterator[ObjectBatch]:
        """Yield the objects whose key begins with ``prefix`` and comes after ``start_after``, one request a page."""

    def level(self, prefix: str) -> Level | None:
        """Return what lies directly below ``prefix``; None when that is more than a few pages."""


@dataclass(frozen=True, slots=True)
class Part:
    """A shard, and for a level the objects that were seen there when the plan was made."""

    prefix: str
    objects: ObjectBatch | None = None


def cut(store: Store, prefix: str) -> list[Part]:
    """
    Return the parts of a prefix, in byte order of their prefixes.

    Looks at one level after the other, a few requests each, until there are enough parts or nothing is left to cut.
    """
    parts: list[Part] = []
    uncut, rows = [prefix], 0
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        for _ in range(MAX_DEPTH):
            most = (WANTED_SHARDS - len(parts)) // len(uncut) if uncut else 0
            if most < 2:
                break
            below: list[str] = []
            for start, level in zip(uncut, pool.map(store.level, uncut), strict=True):
                groups = [] if level is None else grouped(start, level.prefixes, level.objects.keys, most)
                if level is None or len(groups) > 4 * WANTED_SHARDS or rows + len(level.objects) > MAX_LEVEL_ROWS:
                    parts.append(Part(start))
                    continue
                below += groups
                if len(level.objects):
                    rows += len(level.objects)
                    parts.append(Part(start, level.objects))
            uncut = below
    return sorted([*parts, *map(Part, uncut)], key=lambda part: part.prefix)


def grouped(prefix: str, prefixes: Sequence[str], objects: Sequence[str], most: int) -> list[str]:
    """
    Return strings such that each of ``prefixes`` begins with exactly one of them, and none of ``objects`` does.

    They are about ``most``, or more where objects stand in between: ten thousand folders of three files are listed
    far sooner as some tens of groups such as ``p-00`` to ``p-99``.

    :param prefix: what all of ``prefixes`` and ``objects`` begin with.
    :param prefixes: folders: no further slash than the closing one.
    :param objects: in byte order, without a further slash.
    """
    if len(prefixes) <= most:
        return list(prefixes)
    groups = {prefix: list(prefixes)}
    while too_wide := _too_wide(groups, objects, most):
        for start in too_wide:
            for name in groups.pop(start):
                groups.setdefault(name[: len(start) + 1], []).append(name)
    return [names[0] if len(names) == 1 else start for start, names in groups.items()]


def _too_wide(groups: Mapping[str, Sequence[str]], objects: Sequence[str], most: int) -> list[str]:
    """Return the groups to split: those with an object among them, then the largest while there are too few."""
    open_groups = [start for start, names in groups.items() if len(names) > 1]
    if among := [start for start in open_groups if _begins(start, objects)]:
        return among
    return [max(open_groups, key=lambda start: len(groups[start]))] if open_groups and len(groups) < most else []


def _begins(start: str, keys: Sequence[str]) -> bool:
    at = bisect_left(keys, start)
    return at < len(keys) and keys[at].startswith(start)
