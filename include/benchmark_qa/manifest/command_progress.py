"""Progress bars on stderr, only where a person sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self, TypeVar

from tqdm import tqdm


class _Sized(Protocol):
    def __len__(self) -> int: ...


Batch = TypeVar("Batch", bound=_Sized)


class ProgressBar:
    """
    A bar that counts objects; nothing is drawn when stderr is no terminal.

    :param total: how many objects there are, where that is known
    """

    def __init__(self, title: str, total: int | None = None) -> None:
        # None: tqdm looks whether stderr is a terminal.
        self._bar = tqdm(desc=title, total=total, unit=" objects", unit_scale=True, disable=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.close()

    def reach(self, count: int) -> None:
        """Show that so many objects are done."""
        self._bar.update(count - self._bar.n)

    def over(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches and count their objects, once whoever asked comes back for more."""
        for batch in batches:
            yield batch
            self._bar.update(len(batch))
