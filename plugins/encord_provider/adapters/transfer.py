"""The ways in which units come to an Encord folder, behind one protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from encord_provider.adapters.storage import StorageAdapter
    from include.benchmark_qa.manifest.model import Unit


@dataclass(frozen=True, slots=True)
class Started:
    """What came of an order: a job of Encord's to wait for, or, when all is done at once, errors by URL."""

    job: str | None = None
    errors: tuple[tuple[str, str], ...] = ()


class Transfer(Protocol):
    """
    A way to bring units into a folder.

    ``takes_everything``: one order brings all units, whichever are named. ``adds_metadata``: an order for a file that
    the folder holds already gives its item our metadata.
    """

    takes_everything: bool
    adds_metadata: bool

    def urls(self, unit: Unit) -> tuple[str, ...]:
        """Return the addresses by which the folder may hold a unit of one file."""

    def settle(self, folder_uuid: str) -> None:
        """Wait until orders of an earlier attempt that nobody can look at have surely come to their end."""

    def start(self, folder_uuid: str, units: list[Unit]) -> Started:
        """Order the units; an ``InvalidArgumentsError`` or ``PayloadTooLargeError`` of the SDK's: nothing was taken."""


class ManifestTransfer:
    """Tells Encord the addresses of files that stay in their bucket."""

    takes_everything = False
    adds_metadata = True

    def __init__(self, storage: StorageAdapter, integration_hash: str) -> None:
        self._storage = storage
        self._integration_hash = integration_hash

    def urls(self, unit: Unit) -> tuple[str, ...]:
        return unit.object_urls[:1]

    def settle(self, folder_uuid: str) -> None:
        """Do nothing: Encord skips URLs that the folder has got in the meantime."""

    def start(self, folder_uuid: str, units: list[Unit]) -> Started:
        return Started(job=self._storage.start_upload(folder_uuid, self._integration_hash, units))
