from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import conf

from encord_provider.adapters.job_ledger import JobLedger
from encord_provider.exceptions import EncordTimeoutError, EncordTriggerEventError, EncordUploadError
from encord_provider.operators.base import EncordBaseOperator
from encord_provider.triggers.storage import EncordUploadJobsTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.benchmark_qa.manifest.model import Unit
    from include.object_storage.protocol import Bucket

NAMED_FAILURES = 5


class EncordCreateFolderOperator(EncordBaseOperator):
    """
    Ensure that a storage folder of this title exists; returns its uuid.

    :param title: the folder's name, exact (templated)
    :param description: for a folder that has to be created (templated)
    """

    template_fields: Sequence[str] = ("title", "description")

    def __init__(self, *, title: str, description: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.title = title
        self.description = description

    def execute(self, context: Context) -> str:
        """Find the folder, or create it."""
        folder_uuid, created = self.hook.storage.ensure_folder(self.title, self.description)
        self.log.info("%s folder %r (%s)", "Created" if created else "Found", self.title, folder_uuid)
        return folder_uuid


@dataclass(frozen=True, slots=True)
class _Part:
    """The units of one kind as the manifest's shards hold them, and the folder they belong in."""

    kind: str
    folder_uuid: str
    shards: tuple[tuple[Unit, ...], ...]

    @property
    def sources(self) -> list[str]:
        """What the units are known by, in the manifest's order."""
        return [source_of(unit) for shard in self.shards for unit in shard]


def source_of(unit: Unit) -> str:
    """Return what a unit is known by in its folder: its file's key, or its directory's."""
    return unit.client_metadata["source_key"]


class EncordImportFilesOperator(EncordBaseOperator):
    """
    Register a manifest's units in Encord and make them units of datasets: each once, however often this runs.

    Ensures one folder and one dataset a kind, waits for imports that an earlier attempt left running, asks Encord for
    the units that its folder does not hold yet, waits, and links what has come. Returns for each kind
    ``{"<kind>_folder": uuid, "<kind>_dataset": hash, "<kind>_registered": units in the folder, "<kind>_linked": units
    linked just now}``.

    :param manifest: key of the manifest's index in the workspace (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param integration: title of Encord's cloud integration for the bucket (templated)
    :param folders: ``{kind: folder title}``
    :param datasets: ``{kind: dataset title}``
    :param max_failed: how many units Encord may refuse before the task fails
    :param poll_interval: seconds between looks at the upload jobs
    :param timeout: seconds after which the wait for the upload jobs fails
    :param deferrable: wait in the triggerer, without a worker slot; default: Airflow's ``default_deferrable``
    """

    template_fields: Sequence[str] = ("manifest", "workspace", "integration", "folders", "datasets")

    def __init__(
        self,
        *,
        manifest: str,
        workspace: str,
        integration: str,
        folders: Mapping[str, str],
        datasets: Mapping[str, str],
        max_failed: int = 0,
        poll_interval: float = 10.0,
        timeout: float = 6 * 3600.0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.manifest = manifest
        self.workspace = workspace
        self.integration = integration
        self.folders = folders
        self.datasets = datasets
        self.max_failed = max_failed
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.deferrable = deferrable

    @cached_property
    def _bucket(self) -> Bucket:
        from include.object_storage import open_bucket

        return open_bucket(self.workspace)

    @cached_property
    def _ledger(self) -> JobLedger:
        return JobLedger(self._bucket)

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Register, wait, link.

        :raises EncordNotFoundError: the cloud integration does not exist
        :raises EncordUploadError: Encord refused more units than ``max_failed``; names the first ones and why
        """
        integration_hash = self.hook.storage.integration_hash(self.integration)  # before anything is made
        parts = self._parts()
        left_over = [(part.folder_uuid, job) for part in parts for job in self._ledger.open_jobs(part.folder_uuid)]
        if left_over:
            self.log.info("Waiting for %d import(s) that an earlier attempt started", len(left_over))
            self._wait(left_over, then="submit_rest")
        return self._submit_missing(parts, integration_hash)

    def submit_rest(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Go on after the triggerer's wait for an earlier attempt's imports; raises what :meth:`finish` does."""
        self._check_event(event)
        return self._submit_missing(self._parts(), self.hook.storage.integration_hash(self.integration))

    def finish(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """
        Go on after the triggerer's wait for this attempt's imports.

        :raises EncordTimeoutError: Encord did not finish in time
        :raises EncordTriggerEventError: the wait failed, or ended in a way that this task does not know
        :raises EncordUploadError: Encord refused more units than ``max_failed``
        """
        self._check_event(event)
        parts = self._parts()
        return self._link_all(parts, self._present(parts))

    def _parts(self) -> list[_Part]:
        return [
            _Part(
                kind=kind,
                folder_uuid=self._ensured("folder", title, self.hook.storage.ensure_folder(title)),
                shards=self._shards(f"{self.manifest}{kind}/"),
            )
            for kind, title in self.folders.items()
        ]

    def _shards(self, folder: str) -> tuple[tuple[Unit, ...], ...]:
        from include.benchmark_qa.manifest.render import read_shard
        from include.benchmark_qa.manifest.shards import INDEX_NAME, read_index

        index = read_index(self._bucket.read(f"{folder}{INDEX_NAME}"))
        return tuple(
            tuple(read_shard(self._bucket.read(f"{folder}{info.name}"), index.url_prefix)) for info in index.shards
        )

    def _present(self, parts: Sequence[_Part]) -> dict[str, dict[str, str]]:
        """Return what each kind's folder holds, ``{kind: {source key: item uuid}}``."""
        return {part.kind: self.hook.storage.items_by_source(part.folder_uuid) for part in parts}

    def _submit_missing(self, parts: Sequence[_Part], integration_hash: str) -> dict[str, Any]:
        jobs: list[tuple[str, str]] = []
        present = self._present(parts)
        for part in parts:
            held = present[part.kind]
            missing = [[unit for unit in shard if source_of(unit) not in held] for shard in part.shards]
            count = sum(map(len, missing))
            self.log.info("%s: %d of %d units to register", part.kind, count, len(part.sources))
            jobs += [(part.folder_uuid, self._start(part, shard, integration_hash)) for shard in missing if shard]
        if jobs:
            self._wait(jobs, then="finish")
            present = self._present(parts)
        return self._link_all(parts, present)

    def _start(self, part: _Part, units: Sequence[Unit], integration_hash: str) -> str:
        job = self.hook.storage.start_upload(part.folder_uuid, integration_hash, units)
        self._ledger.remember(part.folder_uuid, job)
        self.log.info("Started import %s of %d %s units", job, len(units), part.kind)
        return job

    def _wait(self, jobs: Sequence[tuple[str, str]], *, then: str) -> None:
        end_time = time.time() + self.timeout
        if self.deferrable:
            self.defer(
                trigger=EncordUploadJobsTrigger(
                    jobs=jobs, encord_conn_id=self.encord_conn_id, poll_interval=self.poll_interval, end_time=end_time
                ),
                method_name=then,
            )
        while pending := self.hook.storage.count_pending_jobs(jobs):
            if time.time() >= end_time:
                self._check_event({"status": "timeout", "pending": pending})
            time.sleep(self.poll_interval)

    def _check_event(self, event: dict[str, Any] | None) -> None:
        status = event.get("status") if event else None
        if status == "success":
            return
        if event and status == "timeout":
            raise EncordTimeoutError(
                f"{event.get('pending')} import(s) were not finished after {self.timeout:.0f} s; "
                "a second run waits for them before it asks for anything anew"
            )
        message = event.get("message") if event else None
        raise EncordTriggerEventError(message or f"unexpected trigger event {event!r}")

    def _link_all(self, parts: Sequence[_Part], present: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        failures = [sentence for part in parts for sentence in self._close_jobs(part)]
        self._refuse_missing(parts, present, failures)
        return {name: value for part in parts for name, value in self._link(part, present[part.kind]).items()}

    def _close_jobs(self, part: _Part) -> list[str]:
        failures: list[str] = []
        for job in self._ledger.open_jobs(part.folder_uuid):
            failures += self.hook.storage.upload_state(part.folder_uuid, job).errors
            self._ledger.close(part.folder_uuid, job)
        return failures

    def _refuse_missing(
        self, parts: Sequence[_Part], present: Mapping[str, Mapping[str, str]], failures: Sequence[str]
    ) -> None:
        missing = [source for part in parts for source in part.sources if source not in present[part.kind]]
        if not missing:
            return
        message = (
            f"Encord did not register {len(missing)} unit(s): {', '.join(missing[:NAMED_FAILURES])}"
            f"{' and more' if len(missing) > NAMED_FAILURES else ''}. "
            f"It says: {'; '.join(failures[:NAMED_FAILURES]) or 'nothing'}"
        )
        if len(missing) > self.max_failed:
            raise EncordUploadError(message)
        self.log.warning("%s (at most %d may fail)", message, self.max_failed)

    def _link(self, part: _Part, present: Mapping[str, str]) -> dict[str, Any]:
        title = self.datasets[part.kind]
        dataset_hash = self._ensured("dataset", title, self.hook.datasets.ensure(title))
        items = [present[source] for source in part.sources if source in present]
        linked = self.hook.datasets.link(dataset_hash, items)
        self.log.info("%s: %d units registered, %d newly linked to %r", part.kind, len(present), linked, title)
        return {
            f"{part.kind}_folder": part.folder_uuid,
            f"{part.kind}_dataset": dataset_hash,
            f"{part.kind}_registered": len(present),
            f"{part.kind}_linked": linked,
        }

    def _ensured(self, noun: str, title: str, result: tuple[str, bool]) -> str:
        identifier, created = result
        if created:
            self.log.info("Created %s %r (%s)", noun, title, identifier)
        return identifier
