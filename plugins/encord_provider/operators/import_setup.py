"""From an import operator's arguments to the imports of its kinds, each with its folder and its way of transfer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from encord_provider.adapters.cloud_sync import SyncedPlace, SyncTransfer, remote_url
from encord_provider.adapters.import_manifest import Manifest
from encord_provider.adapters.importer import KindImport
from encord_provider.adapters.job_ledger import JobLedger
from encord_provider.adapters.local_upload import LOCAL_SCHEME, LocalTransfer
from encord_provider.adapters.transfer import ManifestTransfer, Transfer
from encord_provider.exceptions import EncordNotFoundError
from encord_provider.hooks.bucket import open_campaign_bucket
from include.benchmark_qa import paths
from include.benchmark_qa.campaign import SYNCED_TYPES

if TYPE_CHECKING:
    from encord_provider.adapters.turns import Alone
    from encord_provider.operators.storage import EncordImportFilesOperator
    from include.object_storage.protocol import Bucket


@dataclass
class ImportSetup:
    """
    What an import needs before it begins; nothing is made before all of it is known to be right.

    :param task: the operator whose arguments say what is wanted
    :param workspace: the campaign's
    :param alone: gives the task its turns among all runs of the campaign
    """

    task: EncordImportFilesOperator
    workspace: Bucket
    run_id: str
    alone: Alone

    def imports(self) -> list[KindImport]:
        """
        Return the import of each kind, with its folder ensured.

        :raises EncordNotFoundError: the cloud integration does not exist, or is needed and not named
        :raises EncordFolderError: a folder of this title is no cloud-synced one, or is one of another place
        :raises ValueError: a cloud-synced folder cannot hold these units, or cannot mirror the bucket
        """
        manifests = {kind: Manifest(self.workspace, f"{self.task.manifest}{kind}/") for kind in self.task.folders}
        is_synced = self.task.mode == "cloud_synced"
        places = {kind: self._place(kind, manifest) if is_synced else None for kind, manifest in manifests.items()}
        transfers = {kind: self._transfer(manifest, places[kind]) for kind, manifest in manifests.items()}
        return [self._import(kind, manifests[kind], transfers[kind], places[kind]) for kind in manifests]

    def _import(self, kind: str, manifest: Manifest, transfer: Transfer, place: SyncedPlace | None) -> KindImport:
        title, storage = self.task.folders[kind], self.task.hook.storage
        folder_uuid, created = storage.ensure_folder(title, synced=place, alone=self.alone)
        if created:
            self.task.log.info("Created folder %r (%s)", title, folder_uuid)
        return KindImport(
            kind=kind,
            manifest=manifest,
            folder_uuid=folder_uuid,
            progress_key=paths.import_progress(self.run_id, kind),
            storage=storage,
            ledger=JobLedger(self.workspace),
            transfer=transfer,
            pause=self.task.poll_interval,
            timeout=self.task.timeout,
        )

    def _transfer(self, manifest: Manifest, place: SyncedPlace | None) -> Transfer:
        storage = self.task.hook.storage
        if place is not None:
            return SyncTransfer(storage, place)
        if manifest.index.url_prefix.startswith(LOCAL_SCHEME):
            return LocalTransfer(
                storage,
                self.workspace,
                workers=self.task.upload_workers,
                settle_seconds=self.task.settle_seconds,
                retry_seconds=self.task.poll_interval,
                timeout=self.task.timeout,
            )
        return ManifestTransfer(storage, self._integration_hash)

    def _place(self, kind: str, manifest: Manifest) -> SyncedPlace:
        if unfit := sorted({name for name, units in manifest.index.units.items() if units} - SYNCED_TYPES):
            raise ValueError(
                f"the manifest of the {kind} files has units of type {', '.join(unfit)}, which no cloud-synced folder "
                f"takes: only {', '.join(sorted(SYNCED_TYPES))}. Leave those rules out, or import by manifest"
            )
        task, prefix = self.task, self.task.prefixes[kind]
        bucket = open_campaign_bucket(task.bucket_uri, task.bucket_options, task.bucket_conn_id)
        return SyncedPlace(self._integration_hash, remote_url(bucket, prefix), prefix)

    @cached_property
    def _integration_hash(self) -> str:
        if not self.task.integration:
            raise EncordNotFoundError("files in a cloud bucket need one: name `integration` in the campaign")
        return self.task.hook.storage.integration_hash(self.task.integration)
