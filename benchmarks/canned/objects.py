"""The objects that are listed: keys made by arithmetic, so that a million of them take no memory, and their facts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import overload

_FIRST_MODIFIED = datetime(2026, 1, 1, tzinfo=UTC)
_SPAN_S = 10_000_000
_OBJECTS_PER_BATCH = 1000
# Odd, so that multiplying by it maps 128-bit numbers one to one; it is 2**128 divided by the golden ratio.
_SCRAMBLE = 0x9E3779B97F4A7C15F39CC0605CEDC835


class NumberedKeys(Sequence[str]):
    """
    ``count`` keys in byte order, evenly under ``prefixes`` prefixes: ``site-03/batch-0190/image-000190412.jpg``.

    Every hundredth has a space, an ampersand and a letter beyond ASCII, since clients must decode those too.

    >>> NumberedKeys(1600)[1599]
    'site-15/batch-0001/image-000001599 (å & b).jpg'
    """

    def __init__(self, count: int, prefixes: int = 16) -> None:
        self._count = count
        self._per_prefix = -(-count // prefixes) or 1

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._key(number) for number in range(*index.indices(self._count))]
        return self._key(range(self._count)[index])

    def _key(self, number: int) -> str:
        suffix = " (å & b).jpg" if number % 100 == 99 else ".jpg"
        batch = number // _OBJECTS_PER_BATCH
        return f"site-{number // self._per_prefix:02d}/batch-{batch:04d}/image-{number:09d}{suffix}"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as clouds know it; ``digest`` is 32 hexadecimal digits. All but the key follows from ``number``."""

    number: int
    key: str
    size: int
    modified: datetime
    digest: str

    @classmethod
    def of(cls, number: int, key: str) -> StoredObject:
        scrambled = (number + 1) * _SCRAMBLE % 2**128
        modified = _FIRST_MODIFIED + timedelta(seconds=scrambled % _SPAN_S)
        return cls(number, key, 100_000 + scrambled % 4_000_000, modified, f"{scrambled:032x}")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; ``next`` is the position of the first key of the page after it, None on the last page."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...]
    next: int | None

    @classmethod
    def of(cls, keys: Sequence[str], *, prefix: str, delimiter: str, start: int, limit: int) -> Page:
        """
        Return the page of sorted ``keys`` that begin with ``prefix``, from position ``start`` on.

        Keys that hold ``delimiter`` after the prefix are rolled up into prefixes, each of which counts as one entry.
        """
        position = max(start, bisect_left(keys, prefix))
        end = _after_prefix(keys, prefix)
        objects: list[StoredObject] = []
        prefixes: list[str] = []
        if not delimiter:
            stop = min(position + limit, end)
            objects = [StoredObject.of(position + i, key) for i, key in enumerate(keys[position:stop])]
            position = max(position, stop)
        while position < end and len(objects) + len(prefixes) < limit:
            key = keys[position]
            directory, found, _ = key[len(prefix) :].partition(delimiter)
            if found:
                prefixes.append(prefix + directory + delimiter)
                position = _after_prefix(keys, prefixes[-1])
            else:
                objects.append(StoredObject.of(position, key))
                position += 1
        return cls(tuple(objects), tuple(prefixes), position if position < end else None)


def first_position(
    keys: Sequence[str], *, token: str | None, after: str | None = None, start: str | None = None
) -> int:
    """Return where a page begins: at a token of an earlier page, or after a key, or at a key, or at the beginning."""
    if token:
        return int(token)
    if after:
        return bisect_right(keys, after)
    return bisect_left(keys, start) if start else 0


def _after_prefix(keys: Sequence[str], prefix: str) -> int:
    return bisect_right(keys, prefix, key=lambda key: key[: len(prefix)])
