from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import conf

from encord_provider import metrics
from encord_provider.adapters.patience import PASSING, patiently
from encord_provider.exceptions import EncordTimeoutError, EncordTriggerEventError, EncordUploadError
from encord_provider.links.encord import EncordDatasetLink, EncordFolderLink
from encord_provider.operators.base import EncordBaseOperator, turns_of
from encord_provider.triggers.storage import EncordUploadJobsTrigger
from include.benchmark_qa.listing.model import DataKind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.import_report import KindReport
    from encord_provider.adapters.importer import Job, KindImport
    from encord_provider.adapters.turns import Alone
    from include.object_storage.protocol import Bucket


class EncordCreateFolderOperator(EncordBaseOperator):
    """
    Ensure that a storage folder of this title exists; returns its uuid.

    :param title: the folder's name, exact (templated)
    :param description: for a folder that has to be created (templated)
    :param workspace: URI of a workspace, by which runs at the same time never make two; None where there is one run
    """

    template_fields: Sequence[str] = ("title", "description")
    operator_extra_links = (EncordFolderLink(),)

    def __init__(self, *, title: str, description: str = "", workspace: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.title = title
        self.description = description
        self.workspace = workspace
        self.folder_uuids: dict[str, str] = {}

    def execute(self, context: Context) -> str:
        """Find the folder, or create it."""
        alone = turns_of(self, self.workspace, context)
        folder_uuid, created = self.hook.storage.ensure_folder(self.title, self.description, alone=alone)
        self.folder_uuids = {"": folder_uuid}
        self.log.info("%s folder %r (%s)", "Created" if created else "Found", self.title, folder_uuid)
        return folder_uuid


class EncordImportFilesOperator(EncordBaseOperator):
    """
    Register a manifest's units in Encord and make them units of datasets: each once, however often this runs.

    Ensures one folder and one dataset a kind, waits for imports that an earlier attempt left running, asks Encord for
    the units that its folder does not hold yet, asks once more for those that did not come, links what is there, and
    writes ``import_report.json`` and ``import_quarantine.jsonl`` into the run's folder of the workspace. The files of a
    manifest with ``file://`` addresses are uploaded through the SDK. Returns the report's key as ``report`` and for
    each kind ``<kind>_folder``, ``<kind>_dataset``, and in units ``<kind>_registered``, ``<kind>_already_there``,
    ``<kind>_refused`` and ``<kind>_linked`` (just now).

    :param manifest: key of the manifest's index in the workspace (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param integration: title of Encord's cloud integration for the bucket; local files need none (templated)
    :param folders: ``{kind: folder title}``
    :param datasets: ``{kind: dataset title}``
    :param mode: ``manifest``, or ``cloud_synced``: Encord fetches by itself what lies under the prefixes (templated)
    :param bucket_uri: the bucket; for ``cloud_synced`` (templated)
    :param prefixes: ``{kind: prefix}`` of the keys; for ``cloud_synced`` (templated)
    :param bucket_options: keyword arguments of ``open_bucket``; for ``cloud_synced``; no secrets
    :param bucket_conn_id: the Airflow connection of the bucket; for ``cloud_synced``
    :param concurrency: how many upload jobs may be in flight (templated)
    :param upload_workers: how many local units are uploaded at once (templated)
    :param settle_seconds: how long Encord may take to make an item of local files whose upload was cut short
    :param max_failed: how many units Encord may refuse before the task fails, when all else is done (templated)
    :param poll_interval: seconds between looks at the upload jobs (templated)
    :param timeout: seconds that the upload jobs in flight may take
    :param deferrable: wait in the triggerer, without a worker slot; default: Airflow's ``default_deferrable``
    """

    template_fields: Sequence[str] = (
        "manifest",
        "workspace",
        "integration",
        "folders",
        "datasets",
        "bucket_uri",
        "prefixes",
        "mode",
        "concurrency",
        "upload_workers",
        "max_failed",
        "poll_interval",
    )
    operator_extra_links = tuple(
        link(kind.value) for kind in DataKind for link in (EncordFolderLink, EncordDatasetLink)
    )

    def __init__(
        self,
        *,
        manifest: str,
        workspace: str,
        folders: Mapping[str, str],
        datasets: Mapping[str, str],
        integration: str | None = None,
        mode: Literal["manifest", "cloud_synced"] = "manifest",
        bucket_uri: str = "",
        prefixes: Mapping[str, str] | None = None,
        bucket_options: Mapping[str, str | bool] | None = None,
        bucket_conn_id: str | None = None,
        concurrency: int = 2,
        upload_workers: int = 4,
        settle_seconds: float = 30.0,
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
        self.mode = mode
        self.bucket_uri = bucket_uri
        self.prefixes = prefixes or {}
        self.bucket_options = bucket_options or {}
        self.bucket_conn_id = bucket_conn_id
        self.concurrency = concurrency
        self.upload_workers = upload_workers
        self.settle_seconds = settle_seconds
        self.max_failed = max_failed
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.deferrable = deferrable
        self.folder_uuids: dict[str, str] = {}
        self.linked_datasets: dict[str, str] = {}

    @cached_property
    def _bucket(self) -> Bucket:
        from include.object_storage import open_bucket

        return open_bucket(self.workspace)

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Register, wait, link, report.

        :raises EncordNotFoundError: the cloud integration does not exist
        :raises EncordFolderError: a folder of this title is no cloud-synced one, or is one of another place
        :raises EncordUploadError: Encord refused more units than ``max_failed``; names the first ones and why
        """
        return self._begin(context)

    def begin(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Go on after the triggerer's wait for others' imports; raises what :meth:`go_on` does."""
        self._check_event(event)
        return self._begin(context)

    def go_on(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """
        Go on after the triggerer's wait for this attempt's imports.

        :raises EncordTimeoutError: Encord did not finish in time
        :raises EncordTriggerEventError: the wait failed, or ended in a way that this task does not know
        :raises EncordUploadError: Encord refused more units than ``max_failed``
        """
        self._check_event(event)
        return self._advance(context, self._imports(context))

    def _imports(self, context: Context) -> list[KindImport]:
        from encord_provider.operators.import_setup import ImportSetup

        imports = ImportSetup(self, self._bucket, context["run_id"], self._alone(context)).imports()
        self.folder_uuids = {one.kind: one.folder_uuid for one in imports}
        return imports

    def _alone(self, context: Context) -> Alone:
        return turns_of(self, self.workspace, context, timeout=self.timeout)

    def _begin(self, context: Context) -> dict[str, Any]:
        """
        Start the first jobs when it is this run's turn and no other run's jobs are left.

        So of runs that have units in common, such as one over everything and one over an interval, the later one finds
        what the earlier one registered, or is registering.
        """
        imports, alone = self._imports(context), self._alone(context)
        while True:
            with ExitStack() as turns:
                for folder in sorted(one.folder_uuid for one in imports):
                    turns.enter_context(alone(f"imports into folder {folder}"))
                if not (left_over := [job for one in imports for job in one.left_over()]):
                    for one in imports:
                        one.begin()
                    jobs = self._start_more(imports)
                    break
            self.log.info("Waiting for %d import(s) that another run or an earlier attempt started", len(left_over))
            self._wait(left_over, then="begin")
        if jobs:
            self._wait(jobs, then="go_on")
        return self._advance(context, imports)

    def _advance(self, context: Context, imports: Sequence[KindImport]) -> dict[str, Any]:
        while jobs := self._start_more(imports):
            self._wait(jobs, then="go_on")
        return self._conclude(context, imports)

    def _start_more(self, imports: Sequence[KindImport]) -> list[Job]:
        jobs: list[Job] = []
        for one in imports:
            jobs += one.advance(self.concurrency - len(jobs))
        return jobs

    def _wait(self, jobs: Sequence[Job], *, then: str) -> None:
        end_time = time.time() + self.timeout
        if self.deferrable:
            self.defer(
                trigger=EncordUploadJobsTrigger(
                    jobs=jobs, encord_conn_id=self.encord_conn_id, poll_interval=self.poll_interval, end_time=end_time
                ),
                method_name=then,
            )
        while pending := self._count_pending(jobs, end_time):
            if time.time() >= end_time:
                self._check_event({"status": "timeout", "pending": pending})
            time.sleep(self.poll_interval)

    def _count_pending(self, jobs: Sequence[Job], end_time: float) -> int:
        return patiently(
            lambda: self.hook.storage.count_pending_jobs(jobs),
            pause=self.poll_interval,
            end_time=end_time,
            passing=PASSING,
        )

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

    def _conclude(self, context: Context, imports: Sequence[KindImport]) -> dict[str, Any]:
        from encord_provider.adapters.import_report import make_report
        from include.benchmark_qa import paths

        reports = make_report(self._bucket, context["run_id"], imports)
        done: dict[str, Any] = {"report": paths.import_report(context["run_id"])}
        for one, report in zip(imports, reports, strict=True):
            self.log.info("%s", report)
            done |= self._link(one, report, self._alone(context))
            metrics.count(context, "units_registered", report.registered.units, kind=one.kind)
            metrics.count(context, "units_refused", report.not_registered.units, kind=one.kind)
            one.finish()
        self._refuse_failures(reports, done["report"])
        return done

    def _link(self, one: KindImport, report: KindReport, alone: Alone) -> dict[str, Any]:
        title = self.datasets[one.kind]
        dataset_hash, created = self.hook.datasets.ensure(title, alone=alone)
        self.linked_datasets[one.kind] = dataset_hash
        linked = self.hook.datasets.link(dataset_hash, report.item_uuids())
        verb = "Created" if created else "Found"
        self.log.info("%s dataset %r (%s); %d units newly linked", verb, title, dataset_hash, linked)
        counts = {
            "folder": one.folder_uuid,
            "dataset": dataset_hash,
            "registered": report.registered.units,
            "already_there": report.already_there.units,
            "refused": report.not_registered.units,
            "linked": linked,
        }
        return {f"{one.kind}_{name}": value for name, value in counts.items()}

    def _refuse_failures(self, reports: Sequence[KindReport], report_key: str) -> None:
        refused = sum(report.not_registered.units for report in reports)
        if not refused:
            return
        first = "; ".join(sentence for report in reports for sentence in report.refused)
        message = f"Encord did not register {refused} unit(s), all named beside {report_key}; the first: {first}"
        if refused > self.max_failed:
            raise EncordUploadError(f"{message}. All others are registered and linked")
        self.log.warning("%s (at most %d may fail)", message, self.max_failed)
