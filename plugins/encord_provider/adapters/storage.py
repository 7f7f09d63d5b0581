"""Encord's storage: cloud integrations, folders, and imports of files that stay in their bucket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from encord_provider.adapters.titles import only_one
from encord_provider.adapters.upload_items import as_upload_items
from encord_provider.exceptions import EncordNotFoundError

if TYPE_CHECKING:
    from encord.storage import StorageFolder
    from encord.user_client import EncordUserClient

    from include.benchmark_qa.manifest.model import Unit

PAGE_SIZE = 1000
SOURCE_KEY = "source_key"


@dataclass(frozen=True, slots=True)
class UploadState:
    """
    How far an upload job is.

    ``errors`` holds at most 20 sentences, each with the URL it is about. A job that ignores errors of single files
    ends as ``DONE`` even when every file failed: look at ``failed``.
    """

    status: str
    pending: int
    done: int
    failed: int
    errors: tuple[str, ...] = field(default=())

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

    def find_folder(self, title: str) -> str | None:
        """Return the uuid of the one folder with exactly this name, or None."""
        found = self._client.list_storage_folders(search=title, page_size=PAGE_SIZE)
        return only_one("folder", title, [str(folder.uuid) for folder in found if folder.name == title])

    def ensure_folder(self, title: str, description: str = "") -> tuple[str, bool]:
        """Return the uuid of the folder with this name, and whether it had to be created."""
        if uuid := self.find_folder(title):
            return uuid, False
        created = str(self._client.create_storage_folder(title, description=description).uuid)
        self.find_folder(title)  # another run may have created one too: two of a name are an error that names both
        return created, True

    def items_by_source(self, folder_uuid: str) -> dict[str, str]:
        """
        Return which item holds which file, as ``{source key: item uuid}``.

        Titles are not unique and addresses are hidden for groups, so units are known by the key that the import
        wrote into their client metadata. The oldest of several items of one key counts.
        """
        items = sorted(self._items(folder_uuid), key=lambda item: (item.created_at, str(item.uuid)))
        by_source: dict[str, str] = {}
        for item in items:
            source = (item.client_metadata or {}).get(SOURCE_KEY)
            if isinstance(source, str):
                by_source.setdefault(source, str(item.uuid))
        return by_source

    def start_upload(self, folder_uuid: str, integration_hash: str, units: Sequence[Unit]) -> str:
        """Ask Encord to register the units in the folder; return the job's uuid at once."""
        folder = self._client.get_storage_folder(folder_uuid)
        job = folder.add_private_data_to_folder_start(
            integration_hash,
            as_upload_items(units),
            ignore_errors=True,  # one bad file must not lose the others; failures are counted and named
        )
        return str(job)

    def upload_state(self, folder_uuid: str, job_uuid: str) -> UploadState:
        """Look once at an upload job, without waiting."""
        from uuid import UUID

        folder = self._client.get_storage_folder(folder_uuid)
        state = folder.add_private_data_to_folder_get_result(UUID(job_uuid), timeout_seconds=0)
        sentences = [f"{', '.join(one.object_urls)}: {one.error}" for one in state.unit_errors] + list(state.errors)
        return UploadState(
            status=state.status.value,
            pending=state.units_pending_count,
            done=state.units_done_count,
            failed=state.units_error_count + state.units_cancelled_count,
            errors=tuple(sentences[:20]),
        )

    def count_pending_jobs(self, jobs: Iterable[Sequence[str]]) -> int:
        """Return how many of the jobs, pairs of folder uuid and job uuid, Encord has not finished with."""
        return sum(not self.upload_state(folder_uuid, job_uuid).is_terminal for folder_uuid, job_uuid in jobs)

    def cancel_upload(self, folder_uuid: str, job_uuid: str) -> None:
        """Ask Encord to stop an upload job; what is registered stays."""
        from uuid import UUID

        folder: StorageFolder = self._client.get_storage_folder(folder_uuid)
        folder.add_data_to_folder_job_cancel(UUID(job_uuid))

    def _items(self, folder_uuid: str) -> list:  # type: ignore[type-arg]
        folder = self._client.get_storage_folder(folder_uuid)
        return list(folder.list_items(page_size=PAGE_SIZE, include_client_metadata=True))
