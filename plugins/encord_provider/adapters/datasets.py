"""Encord's datasets: the units that projects work on."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from encord_provider.adapters.titles import ensured, only_one
from encord_provider.adapters.turns import Alone, unguarded

if TYPE_CHECKING:
    from encord.user_client import EncordUserClient

LINK_CHUNK = 500


class DatasetAdapter:
    """Find, create and fill datasets."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def find(self, title: str) -> str | None:
        """Return the hash of the one dataset with exactly this title, or None."""
        found = [row["dataset"] for row in self._client.get_datasets(title_eq=title)]
        return only_one("dataset", title, [dataset.dataset_hash for dataset in found if dataset.title == title])

    def ensure(self, title: str, description: str = "", *, alone: Alone = unguarded) -> tuple[str, bool]:
        """Return the hash of the dataset with this title, and whether it had to be created."""
        from encord.orm.dataset import StorageLocation

        def create() -> str:
            response = self._client.create_dataset(
                title, StorageLocation.CORD_STORAGE, dataset_description=description, create_backing_folder=False
            )
            return str(response.dataset_hash)

        return ensured("dataset", title, self.find, create, alone)

    def item_uuids(self, dataset_hash: str) -> set[str]:
        """Return the uuids of the storage items that are units of the dataset."""
        return {str(row.backing_item_uuid) for row in self._rows(dataset_hash)}

    def data_hashes(self, dataset_hash: str) -> set[str]:
        """Return the data hashes of the dataset's units, as strings."""
        return {str(row.uid) for row in self._rows(dataset_hash)}

    def link(self, dataset_hash: str, item_uuids: Iterable[str]) -> int:
        """Make the storage items units of the dataset, those that are not yet; return how many that were."""
        from uuid import UUID

        from encord.orm.dataset import DataLinkDuplicatesBehavior

        dataset = self._client.get_dataset(dataset_hash, include_data_rows=False)
        linked = self.item_uuids(dataset_hash)
        before = len(linked)
        missing = (uuid for uuid in item_uuids if uuid not in linked)
        while chunk := list(dict.fromkeys(islice(missing, LINK_CHUNK))):
            dataset.link_items([UUID(uuid) for uuid in chunk], DataLinkDuplicatesBehavior.SKIP)
            linked.update(chunk)
        return len(linked) - before

    def _rows(self, dataset_hash: str) -> list:  # type: ignore[type-arg]
        return list(self._client.get_dataset(dataset_hash, include_data_rows=False).list_data_rows())
