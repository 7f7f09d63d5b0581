from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from encord_provider.hooks.bucket import open_campaign_bucket
from encord_provider.hooks.encord import EncordHook
from encord_provider.operators.bucket import data_window
from include.benchmark_qa import paths

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.benchmark_qa.listing.model import DataKind, ObjectColumns
    from include.benchmark_qa.manifest.metadata.enrich import Enricher
    from include.benchmark_qa.manifest.metadata.schema import Schema
    from include.benchmark_qa.manifest.rules import ManifestRules
    from include.benchmark_qa.manifest.shards import ManifestIndex
    from include.benchmark_qa.manifest.whole_groups import WholeGroups
    from include.object_storage import Bucket

_FIRST_LEFT_OUT = 10
_BYTES_LOOKED_AT = 256_000


@dataclass(frozen=True, slots=True)
class _Makings:
    """What the manifests of both kinds are made with."""

    rules: ManifestRules
    bucket: Bucket
    schema: Schema | None
    enricher: Enricher
    window: tuple[datetime, datetime] | None


class GenerateManifestOperator(BaseOperator):
    """
    Make Encord's manifests from a listing, by the campaign's rules, as JSON shards in the workspace.

    In a run of an interval, a group of which a file was listed is taken whole, whenever its other files were modified.
    Returns ``{"manifest": key of the folder, "units": {kind: count}, "quarantined": {kind: count}}``; the folder holds
    one manifest a kind, each with its index and its ``quarantine.jsonl``: the objects that are left out, and why.

    :param listing: folder of the listing in the workspace (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param bucket_uri: the bucket whose addresses the manifest names (templated)
    :param benchmark_prefix: what the keys of known units begin with (templated)
    :param production_prefix: what the keys of real work begin with (templated)
    :param rules: the fields of ``ManifestRules`` (templated)
    :param filters: the fields of ``ListingFilters``: which files there are for the campaign at all (templated)
    :param bucket_options: keyword arguments of ``open_bucket``; no secrets
    :param bucket_conn_id: the Airflow connection of the bucket; None for the cloud's default credentials
    :param encord_conn_id: the Airflow connection of the Encord whose metadata schema units must fit; None for no check
    """

    template_fields: Sequence[str] = (
        "listing",
        "workspace",
        "bucket_uri",
        "benchmark_prefix",
        "production_prefix",
        "rules",
        "filters",
    )

    def __init__(
        self,
        *,
        listing: str,
        workspace: str,
        bucket_uri: str,
        benchmark_prefix: str,
        production_prefix: str,
        rules: Mapping[str, Any],
        filters: Mapping[str, Any] | None = None,
        bucket_options: Mapping[str, str | bool] | None = None,
        bucket_conn_id: str | None = None,
        encord_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.listing = listing
        self.workspace = workspace
        self.bucket_uri = bucket_uri
        self.benchmark_prefix = benchmark_prefix
        self.production_prefix = production_prefix
        self.rules = rules
        self.filters = filters or {}
        self.bucket_options = bucket_options or {}
        self.bucket_conn_id = bucket_conn_id
        self.encord_conn_id = encord_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Write the manifests, each one's index last.

        :raises ManifestError: with ``strict`` rules, an object that cannot be registered: all of them, by their keys
        """
        from include.benchmark_qa.listing.model import DataKind
        from include.benchmark_qa.manifest.metadata.enrich import Enricher
        from include.benchmark_qa.manifest.rules import ManifestRules

        rules = ManifestRules.model_validate(self.rules)
        folder = f"{paths.run_folder(context['run_id'])}manifest/"
        prefixes = {DataKind.BENCHMARK: self.benchmark_prefix, DataKind.PRODUCTION: self.production_prefix}
        bucket = open_campaign_bucket(self.bucket_uri, self.bucket_options, self.bucket_conn_id)
        # One enricher for both kinds, since a table may describe both.
        window = data_window(context)
        makings = _Makings(rules, bucket, self._schema(rules), Enricher(bucket, bucket.uri), window)
        made = {kind: self._write(kind, prefix, f"{folder}{kind.value}/", makings) for kind, prefix in prefixes.items()}
        if window is None:  # the files of one interval are rightly few of a table's
            self._log_unused(makings.enricher)
        return {
            "manifest": folder,
            "units": {kind.value: sum(index.units.values()) for kind, index in made.items()},
            "quarantined": {kind.value: index.quarantined for kind, index in made.items()},
        }

    def _schema(self, rules: ManifestRules) -> Schema | None:
        """Return Encord's metadata schema, or None where the rules give no metadata that could clash with it."""
        named = {name for rule in rules.rules for name in rule.client_metadata}
        is_open = any(rule.metadata.sidecar or rule.metadata.table for rule in rules.rules)
        if self.encord_conn_id is None or not (named or is_open):
            return None
        hook = EncordHook(self.encord_conn_id)
        with hook.refusal_said_plainly():
            schema = hook.metadata_schema.schema()
        return schema if is_open or named & set(schema) else None

    def _write(self, kind: DataKind, prefix: str, folder: str, makings: _Makings) -> ManifestIndex:
        from include.benchmark_qa.listing.store import read_listing
        from include.benchmark_qa.manifest.generate import generate_manifest
        from include.benchmark_qa.manifest.metadata.schema import SchemaCheck
        from include.benchmark_qa.manifest.units import Place
        from include.object_storage import open_bucket

        workspace, bucket, schema = open_bucket(self.workspace), makings.bucket, makings.schema
        listed: Iterable[ObjectColumns] = read_listing(workspace, self.listing, kind=kind, columns=("key", "size"))
        groups = self._groups(kind, prefix, makings)
        index = generate_manifest(
            groups.completed(listed) if groups else listed,
            makings.rules,
            kind,
            place=Place(uri=bucket.uri, prefix=prefix, url=bucket.url, url_prefix=bucket.url_prefix),
            workspace=workspace,
            folder=folder,
            reader=bucket,
            check=SchemaCheck(schema, bucket.uri) if schema is not None else None,
            enricher=makings.enricher,
        )
        self.log.info(
            "%s: %d objects, of which %d in %d units (%s) in %d shard(s)",
            kind.value,
            index.listed,
            index.used,
            sum(index.units.values()),
            ", ".join(f"{unit_type}: {count}" for unit_type, count in index.units.items()) or "none",
            len(index.shards),
        )
        if groups:
            self._log_groups(groups)
        if index.quarantined:
            self._log_quarantine(index, workspace, folder)
        return index

    def _groups(self, kind: DataKind, prefix: str, makings: _Makings) -> WholeGroups | None:
        from include.benchmark_qa.listing.filters import ListingFilters
        from include.benchmark_qa.manifest.whole_groups import WholeGroups

        if makings.window is None:
            return None
        filters = ListingFilters.model_validate(self.filters)
        return WholeGroups(makings.bucket, makings.rules, kind, prefix, filters, makings.window[0])

    def _log_groups(self, groups: WholeGroups) -> None:
        if groups.added:
            self.log.info("%d file(s) of other intervals complete the groups of this one", groups.added)
        if groups.grown:
            self.log.warning(
                "%d group(s) got files after others, such as %s: if a run registered one before, Encord keeps it as it "
                "was. To renew it, delete its item in Encord and run this interval again",
                len(groups.grown),
                ", ".join(sorted(groups.grown)[:_FIRST_LEFT_OUT]),
            )

    def _log_unused(self, enricher: Enricher) -> None:
        for unused in enricher.unused_rows():
            self.log.warning(
                "table %s: %d row(s) describe no unit, such as %s", unused.path, unused.count, ", ".join(unused.first)
            )

    def _log_quarantine(self, index: ManifestIndex, workspace: Bucket, folder: str) -> None:
        """Say how many objects are left out, why, and which are the first."""
        import orjson

        from include.benchmark_qa.manifest.quarantine import QUARANTINE_NAME

        place = f"{folder}{QUARANTINE_NAME}"
        beginning = workspace.read_range(place, 0, _BYTES_LOOKED_AT).splitlines(keepends=True)
        whole = [line for line in beginning if line.endswith(b"\n")][:_FIRST_LEFT_OUT]
        self.log.warning(
            "%s: %d of %d objects are left out (%s), all listed in %s/%s; the first are:\n%s",
            index.kind.value,
            index.quarantined,
            index.listed,
            ", ".join(f"{reason}: {count}" for reason, count in index.reasons.items()),
            workspace.uri,
            place,
            "\n".join(f"{line['key']}: {line['reason']}" for line in map(orjson.loads, whole)),
        )
