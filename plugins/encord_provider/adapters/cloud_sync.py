"""Cloud-synced folders: Encord's own alternative to manifests, for files that stand alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from encord_provider.adapters.transfer import Started

if TYPE_CHECKING:
    from encord.orm.storage import CloudSyncedFolderParams

    from encord_provider.adapters.storage import StorageAdapter
    from include.benchmark_qa.manifest.model import Unit
    from include.object_storage.protocol import Bucket


@dataclass(frozen=True, slots=True)
class SyncedPlace:
    """
    What a cloud-synced folder mirrors.

    :param integration_hash: Encord's cloud integration for the bucket
    :param remote_url: the bucket and prefix, in the form of ``CloudSyncedFolderParams``, with a slash at the end
    :param prefix: the prefix alone: what keys begin with
    """

    integration_hash: str
    remote_url: str
    prefix: str

    def params(self) -> CloudSyncedFolderParams:
        """Return the SDK's form."""
        from uuid import UUID

        from encord.orm.storage import CloudSyncedFolderParams

        return CloudSyncedFolderParams(integration_uuid=UUID(self.integration_hash), remote_url=self.remote_url)

    def urls(self, unit: Unit) -> tuple[str, ...]:
        """Return the addresses by which the folder may hold a file: nobody tells in which form Encord keeps them."""
        below = unit.source_keys[0].removeprefix(self.prefix)
        raw, escaped = self.remote_url + below, self.remote_url + quote(below, safe="/")
        return tuple(dict.fromkeys((unit.object_urls[0], raw, escaped)))


def remote_url(bucket: Bucket, prefix: str) -> str:
    """
    Return the address of a bucket and prefix as a cloud-synced folder wants it (``CloudSyncedFolderParams``).

    :raises ValueError: such a folder cannot mirror this place
    """
    scheme = bucket.uri.partition("://")[0]
    if not prefix.endswith("/"):
        raise ValueError(f"prefix {prefix!r} must end in a slash: a cloud-synced folder mirrors a folder of the bucket")
    if scheme in {"s3", "gs"}:
        return f"{bucket.uri}/{prefix}"
    if scheme == "s3+https":
        return f"{bucket.uri.removeprefix('s3+')}/{prefix}"
    if scheme in {"az", "https"}:
        return f"{bucket.url_prefix}{prefix}"
    raise ValueError(f"{bucket.uri}: no cloud-synced folder can mirror this; use `import: {{mode: manifest}}`")


class SyncTransfer:
    """Lets Encord fetch whatever a folder mirrors: one order brings all units at once."""

    takes_everything = True
    adds_metadata = False

    def __init__(self, storage: StorageAdapter, place: SyncedPlace) -> None:
        self._storage = storage
        self._place = place

    def urls(self, unit: Unit) -> tuple[str, ...]:
        return self._place.urls(unit)

    def settle(self, folder_uuid: str) -> None:
        """Do nothing: a sync that is not known of is found to have done its work, or does it while another runs."""

    def start(self, folder_uuid: str, units: list[Unit]) -> Started:
        return Started(job=self._storage.start_sync(folder_uuid))
