"""Encord's storage: cloud integrations, folders, and imports of files that stay in their bucket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encord_provider.adapters.folder_contents import FolderContents
from encord_provider.adapters.titles import ensured, only_one
from encord_provider.adapters.turns import Alone, unguarded
from encord_provider.adapters.upload_items import as_upload_items
from encord_provider.exceptions import EncordFolderError, EncordNotFoundError

if TYPE_CHECKING:
    from encord.storage import StorageFolder
    from encord.user_client import EncordUserClient

    from encord_provider.adapters.cloud_sync import SyncedPlace
    from include.benchmark_qa.manifest.model import Unit

PAGE_SIZE = 1000
SOURCE_KEY = "source_key"


@dataclass(frozen=True, slots=True)
class JobState:
    """
    How far an upload job or a sync is.

    ``errors`` are pairs of URL and sentence, the URL empty where Encord names none. A job that ignores errors of single
    files ends as ``DONE`` even when every file failed.
    """

    status: str
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def is_terminal(self) -> bool:
        """Whether Encord has finished with the job, well or badly."""
        return self.status != "PENDING"


class StorageAdapter:
    """Folders, their items and upload jobs; every method is one look or one action."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def integration_titles(self) -> list[str]:
        """Return the titles of the cloud integrations that the key may use, in order."""
        return sorted(integration.title for integration in self._client.get_cloud_integrations())

    def integration_hash(self, title: str) -> str:
        """
        Return the id of the cloud integration with exactly this title.

        :raises EncordNotFoundError: there is none; the message lists those that are
        """
        found = [one.id for one in self._client.get_cloud_integrations() if one.title == title]
        if not found:
            known = ", ".join(repr(known) for known in self.integration_titles()) or "none"
            raise EncordNotFoundError(
                f"no cloud integration is called {title!r}; this key may use: {known}. "
                "Correct `integration` in the campaign, or have the key's user added to the integration."
            )
        return str(only_one("cloud integration", title, found))

    def folder(self, folder_uuid: str) -> StorageFolder:
        """Return the SDK's folder."""
        return self._client.get_storage_folder(folder_uuid)

    def find_folder(self, title: str) -> str | None:
        """Return the uuid of the one folder with exactly this name, or None."""
        found = self._client.list_storage_folders(search=title, page_size=PAGE_SIZE)
        return only_one("folder", title, [str(folder.uuid) for folder in found if folder.name == title])

    def ensure_folder(
        self,
        title: str,
        description: str = "",
        *,
        synced: SyncedPlace | None = None,
        alone: Alone = unguarded,
    ) -> tuple[str, bool]:
        """
        Return the uuid of the folder with this name, and whether it had to be created.

        :param synced: what a cloud-synced folder mirrors; without it the folder is a plain one
        :raises EncordFolderError: the folder is there, and mirrors something else, or nothing, or should mirror nothing
        """

        def create() -> str:
            params = synced.params() if synced else None
            folder = self._client.create_storage_folder(
                title, description=description, cloud_synced_folder_params=params
            )
            return str(folder.uuid)

        uuid, created = ensured("folder", title, self.find_folder, create, alone)
        if not created:
            self._check_mirrors(title, uuid, synced)
        return uuid, created

    def contents(self, folder_uuid: str) -> FolderContents:
        """
        Return what the folder holds, by source key and by URL; the oldest of several items of one name counts.

        Titles are not unique and addresses are hidden for groups, so units are known by the key that the import wrote
        into their client metadata, and single files by their URL too: somebody else may have registered them.
        """
        from encord.orm.storage import FoldersSortBy

        folder = self._client.get_storage_folder(folder_uuid)
        # By age, so that what is being added meanwhile comes last and moves nothing to another page.
        items = folder.list_items(page_size=PAGE_SIZE, order=FoldersSortBy.CREATED_AT, include_client_metadata=True)
        return FolderContents((item.uuid, _source_key(item.client_metadata), item.url) for item in items)

    def holds(self, folder_uuid: str, title: str, source: str) -> bool:
        """Tell whether the folder holds an item of this title that carries this source key."""
        items = self._client.get_storage_folder(folder_uuid).list_items(search=title, page_size=PAGE_SIZE)
        return any(_source_key(item.client_metadata) == source for item in items)

    def start_upload(self, folder_uuid: str, integration_hash: str, units: Sequence[Unit]) -> str:
        """Ask Encord to register the units in the folder; return the job's uuid at once."""
        folder = self._client.get_storage_folder(folder_uuid)
        job = folder.add_private_data_to_folder_start(
            integration_hash,
            as_upload_items(units),
            ignore_errors=True,  # one bad file must not lose the others; failures are counted and named
        )
        return str(job)

    def start_sync(self, folder_uuid: str) -> str:
        """Ask Encord to bring a cloud-synced folder up to date; return the sync's uuid at once."""
        return str(self._client.get_storage_folder(folder_uuid).sync_private_data_with_cloud_synced_folder_start())

    def job_state(self, folder_uuid: str, job_uuid: str) -> JobState:
        """Look once at an upload job, or at the sync of a cloud-synced folder, without waiting."""
        folder = self._client.get_storage_folder(folder_uuid)
        return (_sync_state if folder.is_cloud_synced else _upload_state)(folder, job_uuid)

    def count_pending_jobs(self, jobs: Iterable[Sequence[str]]) -> int:
        """Return how many of the jobs, pairs of folder uuid and job uuid, Encord has not finished with."""
        return sum(not self.job_state(folder_uuid, job_uuid).is_terminal for folder_uuid, job_uuid in jobs)

    def cancel_upload(self, folder_uuid: str, job_uuid: str) -> None:
        """Ask Encord to stop an upload job; what is registered stays."""
        from uuid import UUID

        folder: StorageFolder = self._client.get_storage_folder(folder_uuid)
        folder.add_data_to_folder_job_cancel(UUID(job_uuid))

    def _check_mirrors(self, title: str, folder_uuid: str, synced: SyncedPlace | None) -> None:
        mirrored = self._client.get_storage_folder(folder_uuid).remote_url
        wanted = synced.remote_url if synced else None
        if (mirrored or "").rstrip("/") != (wanted or "").rstrip("/"):
            raise EncordFolderError(
                f"folder {title!r} ({folder_uuid}) mirrors {mirrored or 'nothing'}, but this campaign needs one that "
                f"mirrors {wanted or 'nothing'}: name another folder, or correct `import` in the campaign"
            )


def _source_key(metadata: Mapping[str, Any] | None) -> str | None:
    source = (metadata or {}).get(SOURCE_KEY)
    return source if isinstance(source, str) else None


def _upload_state(folder: StorageFolder, job_uuid: str) -> JobState:
    from uuid import UUID

    state = folder.add_private_data_to_folder_get_result(UUID(job_uuid), timeout_seconds=0)
    of_units = [(url, one.error) for one in state.unit_errors for url in one.object_urls]
    told = {sentence for _, sentence in of_units}
    return JobState(state.status.value, (*of_units, *(("", one) for one in state.errors if one not in told)))


def _sync_state(folder: StorageFolder, job_uuid: str) -> JobState:
    from uuid import UUID

    state = folder.sync_private_data_with_cloud_synced_folder_get_result(UUID(job_uuid), timeout_seconds=0)
    counts = {
        "page(s) of the bucket's listing": state.scan_pages_processing_error + state.scan_pages_processing_cancelled,
        "upload job(s)": state.upload_jobs_error,
        "file(s)": state.upload_jobs_units_error,
    }
    failed = ", ".join(f"{number} {noun}" for noun, number in counts.items() if number)
    errors = (("", f"the sync {job_uuid} of the folder failed for {failed}"),) if failed else ()
    return JobState(state.status.value.upper(), errors)
