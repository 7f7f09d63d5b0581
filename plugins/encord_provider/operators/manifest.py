from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from encord_provider.hooks.bucket import open_campaign_bucket
from include.benchmark_qa import paths

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.benchmark_qa.listing.model import DataKind
    from include.benchmark_qa.manifest.shards import ManifestIndex


class GenerateManifestOperator(BaseOperator):
    """
    Make Encord's manifests from a listing, by the campaign's rules, as JSON shards in the workspace.

    Returns ``{"manifest": key of the folder, "units": {kind: count}, "ignored": {kind: count}}``; the folder holds
    one manifest a kind, each with its index.

    :param listing: folder of the listing in the workspace (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param bucket_uri: the bucket whose addresses the manifest names (templated)
    :param benchmark_prefix: what the keys of known units begin with (templated)
    :param production_prefix: what the keys of real work begin with (templated)
    :param rules: the fields of ``ManifestRules``
    :param bucket_options: keyword arguments of ``open_bucket``; no secrets
    :param bucket_conn_id: the Airflow connection of the bucket; None for the cloud's default credentials
    """

    template_fields: Sequence[str] = ("listing", "workspace", "bucket_uri", "benchmark_prefix", "production_prefix")

    def __init__(
        self,
        *,
        listing: str,
        workspace: str,
        bucket_uri: str,
        benchmark_prefix: str,
        production_prefix: str,
        rules: Mapping[str, Any],
        bucket_options: Mapping[str, str] | None = None,
        bucket_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.listing = listing
        self.workspace = workspace
        self.bucket_uri = bucket_uri
        self.benchmark_prefix = benchmark_prefix
        self.production_prefix = production_prefix
        self.rules = rules
        self.bucket_options = bucket_options or {}
        self.bucket_conn_id = bucket_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Write the manifests, each one's index last.

        :raises ManifestError: a file that Encord would refuse, by its key
        """
        from include.benchmark_qa.listing.model import DataKind

        folder = f"{paths.run_folder(context['run_id'])}manifest/"
        prefixes = {DataKind.BENCHMARK: self.benchmark_prefix, DataKind.PRODUCTION: self.production_prefix}
        made = {kind: self._write(kind, prefix, folder) for kind, prefix in prefixes.items()}
        for kind, index in made.items():
            self.log.info("%s: %s in %d shard(s)", kind.value, index.units or "no units", len(index.shards))
            if index.ignored:
                self.log.warning(
                    "%s: no rule of the manifest is for %d file(s), such as %s",
                    kind.value,
                    index.ignored,
                    ", ".join(index.first_ignored),
                )
        return {
            "manifest": folder,
            "units": {kind.value: sum(index.units.values()) for kind, index in made.items()},
            "ignored": {kind.value: index.ignored for kind, index in made.items()},
        }

    def _write(self, kind: DataKind, prefix: str, folder: str) -> ManifestIndex:
        from include.benchmark_qa.listing.store import read_listing
        from include.benchmark_qa.manifest.generate import ManifestGenerator
        from include.benchmark_qa.manifest.rules import ManifestRules
        from include.benchmark_qa.manifest.shards import INDEX_NAME, cut_shards, read_index, render_index
        from include.object_storage import open_bucket

        workspace = open_bucket(self.workspace)
        bucket = open_campaign_bucket(self.bucket_uri, self.bucket_options, self.bucket_conn_id)
        rules = ManifestRules.model_validate(self.rules)
        generator = ManifestGenerator(rules, kind, bucket.url, prefix)
        keys = (key for batch in read_listing(workspace, self.listing, kind=kind) for key in batch.keys)
        shards = []
        for shard in cut_shards(generator.units(keys), rules):
            workspace.write(f"{folder}{kind.value}/{shard.info.name}", shard.data)
            shards.append(shard.info)
        index = render_index(kind, shards, generator.tally)
        workspace.write(f"{folder}{kind.value}/{INDEX_NAME}", index)
        return read_index(index)
