"""What an Encord folder holds, small enough for a million items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DIGEST_BYTES = 16


class FolderContents:
    """
    Items by the source key in their client metadata, and by their URL.

    Of several items of one name the first counts. Kept as digests of 128 bits, about 50 bytes an item and name: the
    strings would be most of a large import's memory.

    :param items: uuid, source key and URL of each item, the oldest first
    """

    def __init__(self, items: Iterable[tuple[UUID, str | None, str | None]]) -> None:
        uuids, sources, urls = bytearray(), _Column(), _Column()
        for row, (uuid, source, url) in enumerate(items):
            uuids += uuid.bytes
            sources.add(source, row)
            urls.add(url, row)
        self._uuids = bytes(uuids)
        self._sources, self._urls = _Names(sources), _Names(urls)

    def __len__(self) -> int:
        return len(self._uuids) // 16

    def by_source(self, sources: Sequence[str]) -> list[UUID | None]:
        """Return for each source key the item that carries it, or None."""
        return [self._uuid(row) for row in self._sources.rows(sources)]

    def by_url(self, urls: Sequence[str]) -> list[UUID | None]:
        """Return for each URL the item that has exactly this one, or None; groups have none."""
        return [self._uuid(row) for row in self._urls.rows(urls)]

    def _uuid(self, row: int) -> UUID | None:
        return None if row < 0 else UUID(bytes=self._uuids[16 * row : 16 * row + 16])


class _Column:
    """Digests of names as they come, with the rows they are of."""

    def __init__(self) -> None:
        self.digests, self.rows = bytearray(), bytearray()

    def add(self, name: str | None, row: int) -> None:
        if name is not None:
            self.digests += _digest(name)
            self.rows += row.to_bytes(8, "little")


class _Names:
    """A column, sorted, so that many names are looked up at once."""

    def __init__(self, column: _Column) -> None:
        import numpy as np

        # Compared as byte strings of one length, so that numpy's padding of shorter ones plays no part.
        digests: NDArray[np.bytes_] = np.frombuffer(column.digests, dtype=f"S{_DIGEST_BYTES}")
        self._digests, first = np.unique(digests, return_index=True)  # the first of equal ones
        self._rows: NDArray[np.int64] = np.frombuffer(column.rows, dtype="<i8")[first]

    def rows(self, names: Sequence[str]) -> list[int]:
        """Return the row of each name, -1 for one that is not there."""
        import numpy as np

        if not len(self._digests):
            return [-1] * len(names)
        wanted = np.frombuffer(b"".join(map(_digest, names)), dtype=f"S{_DIGEST_BYTES}")
        places = np.searchsorted(self._digests, wanted).clip(max=len(self._digests) - 1)
        found: list[int] = np.where(self._digests[places] == wanted, self._rows[places], -1).tolist()
        return found


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
