from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from include.benchmark_qa import paths
from include.benchmark_qa.prefixes import check_prefixes

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.object_storage.protocol import Bucket, ObjectBatch

# Only these runs stand for a stretch of time; one that a person triggers covers everything.
INTERVAL_RUNS = frozenset({"scheduled", "backfill"})


class ListBucketOperator(BaseOperator):
    """
    List the benchmark and the production files of a bucket into the workspace, as Parquet.

    A scheduled or backfilled run lists what was last modified within its data interval (start inclusive, end
    exclusive), any other run everything. Returns ``{"listing": key, "benchmark": {"objects", "bytes"}, ...}``.

    :param bucket_uri: ``s3://bucket`` or a folder (templated)
    :param benchmark_prefix: what the keys of known units begin with (templated)
    :param production_prefix: what the keys of real work begin with (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param bucket_options: keyword arguments of ``open_bucket``; no secrets
    """

    template_fields: Sequence[str] = ("bucket_uri", "benchmark_prefix", "production_prefix", "workspace")

    def __init__(
        self,
        *,
        bucket_uri: str,
        benchmark_prefix: str,
        production_prefix: str,
        workspace: str,
        bucket_options: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_uri = bucket_uri
        self.benchmark_prefix = benchmark_prefix
        self.production_prefix = production_prefix
        self.workspace = workspace
        self.bucket_options = bucket_options or {}

    def execute(self, context: Context) -> dict[str, Any]:
        """
        List, and say how much there is.

        :raises ValueError: the prefixes overlap, or a run over everything finds no file under one of them
        """
        from include.benchmark_qa.listing.model import DataKind
        from include.benchmark_qa.listing.store import write_listing
        from include.object_storage import open_bucket

        check_prefixes(self.benchmark_prefix, self.production_prefix)  # as they are now: the form may have changed them
        bucket = open_bucket(self.bucket_uri, **self.bucket_options)
        prefixes = {DataKind.BENCHMARK: self.benchmark_prefix, DataKind.PRODUCTION: self.production_prefix}
        window = data_window(context)
        with tempfile.TemporaryFile() as file:
            parts = ((kind, batch) for kind, prefix in prefixes.items() for batch in self._list(bucket, prefix, window))
            summary = write_listing(file, parts)
            if window is None:
                self._refuse_empty(bucket, {prefixes[kind]: count for kind, count in summary.objects.items()})
            file.seek(0)
            key = f"{paths.run_folder(context['run_id'])}listing.parquet"
            open_bucket(self.workspace).write(key, file)
        found = summary.to_dict()
        self.log.info("Listed %s%s: %s", bucket.uri, f" modified within {window}" if window else "", found)
        return {"listing": key, **found}

    def _list(self, bucket: Bucket, prefix: str, window: tuple[datetime, datetime] | None) -> Iterator[ObjectBatch]:
        start, end = window or (None, None)
        return bucket.list(prefix, modified_from=start, modified_until=end)

    def _refuse_empty(self, bucket: Bucket, counts: Mapping[str, int]) -> None:
        if empty := [prefix for prefix, count in counts.items() if not count]:
            places = " and ".join(f"{bucket.uri}/{prefix}" for prefix in empty)
            raise ValueError(f"no files under {places}: correct the bucket or its prefixes in the campaign")


def data_window(context: Context) -> tuple[datetime, datetime] | None:
    """
    Return the data interval that the run stands for, or None for a run over everything.

    An interval of no width means a schedule without intervals (a plain cron string gives those): listing it would
    find nothing, so it is an error that says what to use instead.
    """
    if str(getattr(context["dag_run"].run_type, "value", context["dag_run"].run_type)) not in INTERVAL_RUNS:
        return None
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        return None
    if start >= end:
        raise ValueError(
            f"run {context['run_id']} has a data interval of no width, so no file can fall into it: "
            "schedule the Dag with CronDataIntervalTimetable"
        )
    return start, end
