from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from encord_provider.hooks.bucket import open_campaign_bucket
from include.benchmark_qa import paths
from include.benchmark_qa.prefixes import check_prefixes

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.benchmark_qa.listing.model import DataKind, ListingSummary, Progress

# Only these runs stand for a stretch of time; one that a person triggers covers everything.
INTERVAL_RUNS = frozenset({"scheduled", "backfill"})


class ListBucketOperator(BaseOperator):
    """
    List the benchmark and the production files of a bucket into the workspace, as Parquet.

    A scheduled or backfilled run lists what was last modified within its data interval (start inclusive, end
    exclusive), any other run everything. A retry of a task that was killed goes on where that stopped; a run that is
    cleared lists anew, and so finds what came late. Returns
    ``{"listing": folder, "benchmark": {"objects", "bytes", "filtered"}, "production": ...}``.

    :param bucket_uri: a URI of ``open_bucket`` (templated)
    :param benchmark_prefix: what the keys of known units begin with (templated)
    :param production_prefix: what the keys of real work begin with (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param filters: the fields of ``ListingFilters``: which files are listed at all (templated)
    :param bucket_options: keyword arguments of ``open_bucket``; no secrets
    :param bucket_conn_id: the Airflow connection of the bucket; None for the cloud's default credentials
    """

    template_fields: Sequence[str] = ("bucket_uri", "benchmark_prefix", "production_prefix", "workspace", "filters")

    def __init__(
        self,
        *,
        bucket_uri: str,
        benchmark_prefix: str,
        production_prefix: str,
        workspace: str,
        filters: Mapping[str, Any] | None = None,
        bucket_options: Mapping[str, str | bool] | None = None,
        bucket_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_uri = bucket_uri
        self.benchmark_prefix = benchmark_prefix
        self.production_prefix = production_prefix
        self.workspace = workspace
        self.filters = filters or {}
        self.bucket_options = bucket_options or {}
        self.bucket_conn_id = bucket_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """
        List, and say how much there is.

        :raises ValueError: the prefixes overlap, or a run over everything finds no file under one of them
        """
        from include.benchmark_qa.listing.filters import ListingFilters
        from include.benchmark_qa.listing.model import DataKind
        from include.benchmark_qa.listing.store import write_listing
        from include.object_storage import open_bucket

        check_prefixes(self.benchmark_prefix, self.production_prefix)  # as they are now: the form may have changed them
        bucket = open_campaign_bucket(self.bucket_uri, self.bucket_options, self.bucket_conn_id)
        prefixes = {DataKind.BENCHMARK: self.benchmark_prefix, DataKind.PRODUCTION: self.production_prefix}
        folder = f"{paths.run_folder(context['run_id'])}listing/"
        window = data_window(context)
        summary = write_listing(
            bucket,
            prefixes,
            open_bucket(self.workspace),
            folder,
            filters=ListingFilters.model_validate(self.filters),
            window=window,
            # A retry goes on where the attempt before it stopped; a run that was cleared is to see what came late.
            not_before=getattr(context["dag_run"], "start_date", None),
            on_progress=self._log_progress,
        )
        if window is None:
            refuse_empty(bucket.uri, prefixes, summary)
        found = summary.to_dict()
        self.log.info(
            "Listed %s%s", bucket.uri, f", what was modified from {window[0]} until {window[1]}" if window else ""
        )
        for kind, tally in summary.tallies.items():
            self.log.info(
                "%s: %d objects, %.1f MB; filters left out %d",
                kind.value,
                tally.objects,
                tally.bytes / 1e6,
                tally.filtered,
            )
        return {"listing": folder, **found}

    def _log_progress(self, progress: Progress) -> None:
        self.log.info("Listed %s", progress)


def refuse_empty(uri: str, prefixes: Mapping[DataKind, str], summary: ListingSummary) -> None:
    """
    Make sure that there is a file of each kind.

    :raises ValueError: there is none under a prefix, or the filters left all of them out
    """
    empty = {prefixes[kind]: tally.filtered for kind, tally in summary.tallies.items() if not tally.objects}
    if nothing := [f"{uri}/{prefix}" for prefix, filtered in empty.items() if not filtered]:
        raise ValueError(f"no files under {' and '.join(nothing)}: correct the bucket or its prefixes in the campaign")
    if empty:
        left_out = " and ".join(f"all {filtered:,} files under {uri}/{prefix}" for prefix, filtered in empty.items())
        raise ValueError(f"`bucket.filters` leave out {left_out}: correct them in the campaign")


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
