"""From a bucket to manifests in a folder, without Airflow: list, generate, and write as JSON or CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

import orjson

from include.benchmark_qa.listing.model import DataKind, ListingSource
from include.benchmark_qa.listing.store import read_listing, write_listing
from include.benchmark_qa.manifest.command_progress import ProgressBar
from include.benchmark_qa.manifest.command_settings import CommandSettings
from include.benchmark_qa.manifest.csv_manifest import CsvManifest, render_csv
from include.benchmark_qa.manifest.generate import generate_manifest
from include.benchmark_qa.manifest.metadata.enrich import ObjectReader
from include.benchmark_qa.manifest.quarantine import QUARANTINE_NAME, Reason
from include.benchmark_qa.manifest.render import read_shard
from include.benchmark_qa.manifest.shards import INDEX_NAME, ManifestIndex
from include.benchmark_qa.manifest.units import Place
from include.benchmark_qa.workspace import Workspace

# Of use only until the manifests are there: a run that was stopped goes on from it.
LISTING_FOLDER = ".listing/"

_NOT_CSV = "no way to write it as CSV"


class SourceBucket(ListingSource, ObjectReader, Protocol):
    """The bucket, as far as the command needs it."""

    @property
    def url_prefix(self) -> str:
        """What every URL begins with."""

    def url(self, key: str) -> str:
        """Return the URL by which Encord is told of an object."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of the objects of one kind: ``listed == used + quarantined``.

    ``units`` counts units by type, ``reasons`` objects that were left out, ``files`` is what the kind's folder holds.
    """

    kind: DataKind
    listed: int
    used: int
    quarantined: int
    units: Mapping[str, int]
    reasons: Mapping[str, int]
    files: tuple[str, ...]

    @property
    def has_faults(self) -> bool:
        """Whether something was left out that somebody should look at: more than hidden files and such."""
        return any(reason == _NOT_CSV or Reason(reason).is_fault for reason in self.reasons)


def list_bucket(bucket: SourceBucket, settings: CommandSettings, workspace: Workspace) -> Mapping[DataKind, int]:
    """Store the bucket's listing in the workspace and return how many objects of each kind it holds."""
    with ProgressBar("listing") as bar:
        summary = write_listing(
            bucket,
            settings.prefixes,
            workspace,
            LISTING_FOLDER,
            filters=settings.filters,
            window=None,
            on_progress=lambda progress: bar.reach(progress.objects),
        )
    return {kind: tally.objects for kind, tally in summary.tallies.items()}


def write_json(
    bucket: SourceBucket, settings: CommandSettings, kind: DataKind, count: int, listing: Workspace, target: Workspace
) -> Outcome:
    """
    Write the manifest of one kind as JSON into a folder of the target that is called like the kind.

    :param count: how many objects are listed, for the progress bar
    :param listing: the workspace that holds the listing
    :raises ManifestError: the rules are strict and an object was left out.
    """
    index = _generate(bucket, settings, kind, count, listing, target)
    names = (*(shard.name for shard in index.shards), QUARANTINE_NAME, INDEX_NAME)
    return Outcome(kind, index.listed, index.used, index.quarantined, index.units, index.reasons, names)


def write_csv(
    bucket: SourceBucket,
    settings: CommandSettings,
    kind: DataKind,
    count: int,
    listing: Workspace,
    target: Workspace,
    scratch: Workspace,
) -> Outcome:
    """
    Write the manifest of one kind as CSV, a file for each shard of its JSON.

    :param scratch: where the JSON is written, of which the CSV is made

    Other parameters and errors as in ``write_json``.
    """
    index = _generate(bucket, settings, kind, count, listing, scratch)
    outcome = Outcome(kind, index.listed, index.used, index.quarantined, index.units, index.reasons, ())
    quarantine = [scratch.read(f"{kind}/{QUARANTINE_NAME}")]
    for shard in index.shards:
        name = shard.name.replace(".json", ".csv")
        manifest = render_csv(read_shard(scratch.read(f"{kind}/{shard.name}"), bucket.url_prefix), bucket.uri)
        if manifest.units:
            target.write(f"{kind}/{name}", manifest.data)
            outcome = replace(outcome, files=(*outcome.files, name))
        quarantine += _quarantine_lines(manifest)
        outcome = _without(outcome, manifest)
    target.write(f"{kind}/{QUARANTINE_NAME}", b"".join(quarantine))
    return replace(outcome, files=(*outcome.files, QUARANTINE_NAME))


def _generate(
    bucket: SourceBucket, settings: CommandSettings, kind: DataKind, count: int, listing: Workspace, target: Workspace
) -> ManifestIndex:
    with ProgressBar(f"{kind} manifest", count) as bar:
        return generate_manifest(
            bar.over(read_listing(listing, LISTING_FOLDER, kind=kind, columns=("key", "size"))),
            settings.rules,
            kind,
            place=Place(bucket.uri, settings.prefixes[kind], bucket.url, bucket.url_prefix),
            workspace=target,
            folder=f"{kind}/",
            reader=bucket,
        )


def _quarantine_lines(manifest: CsvManifest) -> Iterator[bytes]:
    for unit, problem in manifest.left_out:
        for key in unit.source_keys:
            yield orjson.dumps(asdict(replace(problem, key=key)), option=orjson.OPT_APPEND_NEWLINE)


def _without(outcome: Outcome, manifest: CsvManifest) -> Outcome:
    """Return the outcome without the units that CSV cannot carry."""
    if not manifest.left_out:
        return outcome
    lost = [unit for unit, _ in manifest.left_out]
    objects = sum(len(unit.source_keys) for unit in lost)
    units = Counter(outcome.units) - Counter(unit.type.value for unit in lost)
    return replace(
        outcome,
        used=outcome.used - objects,
        quarantined=outcome.quarantined + objects,
        units=units,
        reasons=Counter(outcome.reasons) + Counter({_NOT_CSV: objects}),
    )


def describe(outcomes: Sequence[Outcome]) -> str:
    """Return a summary for people: units by type, and objects left out by reason."""
    lines = []
    for outcome in outcomes:
        units = _count(sum(outcome.units.values()), "unit")
        lines.append(f"{outcome.kind}: {_count(outcome.listed, 'object')}, of which {outcome.used:,} in {units}")
        lines += [f"  {count:>12,}  {unit_type}" for unit_type, count in outcome.units.items()]
        if outcome.quarantined:
            lines.append(f"  left out: {_count(outcome.quarantined, 'object')}")
            lines += [f"  {count:>12,}  {reason}" for reason, count in outcome.reasons.items()]
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
