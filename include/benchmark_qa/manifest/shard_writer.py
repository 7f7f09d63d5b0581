"""A manifest cut into files within Encord's limits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from include.benchmark_qa.manifest.arrow import Column, text_layout
from include.benchmark_qa.manifest.model import ManifestError
from include.benchmark_qa.manifest.render import Bytes, assemble
from include.benchmark_qa.manifest.rules import MAX_SHARD_BYTES, MAX_SHARD_ITEMS, ManifestRules
from include.benchmark_qa.manifest.shards import ShardInfo

# Encord's limit for one manifest file.
MAX_SHARD_URLS = 1_000_000

# What a file holds besides its items: section names, switches, brackets.
FRAME_BYTES = 300


@dataclass(frozen=True, slots=True)
class Items:
    """
    Rendered items of one section, from rows of one stretch of the input.

    :param rows: ascending row numbers, which order the items of several sections among each other
    :param rendered: a string or binary array, an item a row with its separator
    :param urls: how many URLs each item has
    """

    section: str
    rows: Any
    rendered: Column
    urls: Any


def merged(parts: Sequence[Items]) -> list[Items]:
    """Return the items with one entry a section."""
    import numpy as np
    import pyarrow as pa

    by_section: dict[str, list[Items]] = {}
    for part in parts:
        if len(part.rows):
            by_section.setdefault(part.section, []).append(part)
    whole = []
    for section, same in by_section.items():
        if len(same) == 1:
            whole += same
            continue
        rows = np.concatenate([part.rows for part in same])
        order = np.argsort(rows)
        rendered = pa.concat_arrays([part.rendered.cast(pa.binary()) for part in same]).take(pa.array(order))
        whole.append(Items(section, rows[order], rendered, np.concatenate([part.urls for part in same])[order]))
    return whole


@dataclass(slots=True)
class ShardWriter:
    """
    Cuts items into files of at most ``shard_items`` units and ``max_shard_bytes`` bytes, as full as the order allows.

    :param write: stores a file under its name
    """

    rules: ManifestRules
    write: Callable[[str, bytes], None]
    shards: list[ShardInfo] = field(default_factory=list)
    _sections: dict[str, list[Bytes]] = field(default_factory=dict)
    _items: int = 0
    _urls: int = 0
    _bytes: int = FRAME_BYTES

    def add(self, parts: Sequence[Items]) -> None:
        """Add items of at most one entry a section, in the order of their rows; none may be too big for any file."""
        import numpy as np

        if not parts:
            return
        layouts = [text_layout(part.rendered) for part in parts]
        rows = np.concatenate([part.rows for part in parts])
        order = np.argsort(rows)
        rows = rows[order]
        sizes = np.cumsum(np.concatenate([lengths for lengths, _, _ in layouts])[order])
        urls = np.cumsum(np.concatenate([part.urls for part in parts])[order])
        start = 0
        while start < len(rows):
            size_before, urls_before = (int(sums[start - 1]) if start else 0 for sums in (sizes, urls))
            by_size = np.searchsorted(sizes, size_before + self.rules.max_shard_bytes - self._bytes, "right")
            by_urls = np.searchsorted(urls, urls_before + MAX_SHARD_URLS - self._urls, "right")
            end = min(int(by_size), int(by_urls), start + self.rules.shard_items - self._items, len(rows))
            if end > start:
                for part, layout in zip(parts, layouts, strict=True):
                    self._take(part, layout, rows[start], rows[end - 1])
                self._items += end - start
                self._bytes += int(sizes[end - 1]) - size_before
                self._urls += int(urls[end - 1]) - urls_before
            if end < len(rows):
                self.flush()
            start = end

    def _take(self, part: Items, layout: tuple[Any, Any, Any], first: int, last: int) -> None:
        import numpy as np

        begin, end = int(np.searchsorted(part.rows, first)), int(np.searchsorted(part.rows, last, "right"))
        if begin < end:
            lengths, starts, content = layout
            piece = memoryview(content)[int(starts[begin]) : int(starts[end - 1] + lengths[end - 1])]
            self._sections.setdefault(part.section, []).append(piece)

    def flush(self) -> None:
        """
        Write what is not written yet.

        :raises ManifestError: a file would be beyond what Encord takes
        """
        if not self._items:
            return
        data = assemble(self._sections)
        info = ShardInfo(
            name=f"shard-{len(self.shards) + 1:05d}.json",
            units=self._items,
            urls=self._urls,
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        _check_limits(info)
        self.write(info.name, data)
        self.shards.append(info)
        self._sections, self._items, self._urls, self._bytes = {}, 0, 0, FRAME_BYTES


def _check_limits(info: ShardInfo) -> None:
    limits = {"units": MAX_SHARD_ITEMS, "urls": MAX_SHARD_URLS, "bytes": MAX_SHARD_BYTES}
    for name, limit in limits.items():
        if (count := getattr(info, name)) > limit:
            raise ManifestError(f"{info.name} has {count} {name}; Encord takes {limit} in one file")
