"""Objects that describe others: sidecars, and tables of metadata. They become no units of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from include.benchmark_qa.manifest.arrow import Column, as_rows, kernels
from include.benchmark_qa.manifest.key_set import hash_texts
from include.benchmark_qa.manifest.rules import FileRule

if TYPE_CHECKING:
    from include.benchmark_qa.manifest.arrow import Hashes, Rows


class Companions:
    """Sets the sidecars and tables that some rules name aside, until it is known which units there are."""

    def __init__(self, rules: Iterable[FileRule]) -> None:
        settings = [rule.metadata for rule in rules]
        self._suffixes = tuple({one.sidecar for one in settings if one.sidecar is not None})
        self._tables = sorted({one.table.path for one in settings if one.table is not None})
        self._found: list[Column] = []
        self._described: dict[str, list[Hashes]] = defaultdict(list)

    def take(self, keys: Column) -> Rows:
        """Tell of each key of a string array whether it is a table or named like a sidecar, and keep those."""
        import numpy as np
        import pyarrow as pa

        pc = kernels()

        taken = np.zeros(len(keys), bool)
        for suffix in self._suffixes:
            taken |= as_rows(pc.ends_with(keys, suffix))
        if self._tables:
            taken |= as_rows(pc.is_in(keys, pa.array(self._tables)))
        if taken.any():
            self._found.append(keys.filter(pa.array(taken)))
        return taken

    def describe(self, suffix: str, source_keys: Iterable[str]) -> None:
        """Say that some units, which may have sidecars of this suffix, are part of the manifest."""
        import pyarrow as pa

        self._described[suffix].append(hash_texts(pa.array(source_keys, pa.string())))

    def settle(self) -> Iterator[tuple[str, bool]]:
        """Yield each key that was kept, and whether it describes a unit."""
        import numpy as np
        import pyarrow as pa

        units = {suffix: np.concatenate(hashes) for suffix, hashes in self._described.items()}
        for chunk in self._found:
            keys = chunk.to_pylist()
            describes = np.isin(keys, self._tables) if self._tables else np.zeros(len(keys), bool)
            for suffix, hashes in units.items():
                described = hash_texts(pa.array([key.removesuffix(suffix) for key in keys]))
                describes |= np.array([key.endswith(suffix) for key in keys]) & np.isin(described, hashes)
            yield from zip(keys, describes.tolist(), strict=True)
