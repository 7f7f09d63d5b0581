"""
Manifests for Encord without Airflow: ``python -m include.benchmark_qa.manifest``.

This is the one module of the domain that opens buckets; the others are handed what they need.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from include.benchmark_qa.campaign import CampaignError
from include.benchmark_qa.listing.model import ListingError
from include.benchmark_qa.manifest.command import (
    LISTING_FOLDER,
    Outcome,
    describe,
    list_bucket,
    write_csv,
    write_json,
)
from include.benchmark_qa.manifest.command_settings import CommandSettings, read_settings
from include.benchmark_qa.manifest.model import ManifestError, Problem
from include.benchmark_qa.manifest.quarantine import QUARANTINE_NAME
from include.benchmark_qa.manifest.validate import SUFFIXES, validate_files
from include.object_storage import Bucket, ObjectStorageError, open_bucket

DONE, PROBLEMS, BAD_INPUT = 0, 1, 2
STOPPED = 130  # as shells say of a program that was interrupted

_NOT_FETCHED = (
    "its addresses are those of local files, which Encord cannot fetch: name the address that they have on the web in "
    "bucket.options.object_url_base of the rules, or let a campaign upload them"
)
_EPILOG = """\
examples:
  %(prog)s s3://bucket/raw --rules campaign.yaml --out build/manifests
  %(prog)s gs://bucket --out build/manifests --format csv
  %(prog)s s3://bucket/raw --rules campaign.yaml --validate-only
  %(prog)s build/manifests/production/shard-*.json mine.csv

exit status: 0 done; 1 objects were left out (with --strict or --validate-only), or files have faults;
2 wrong arguments or rules, or a bucket that cannot be read.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make manifests of a bucket, or check files that hold some; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # what it says in ten lines, our error says in one
    try:
        if all(name.lower().endswith(SUFFIXES) for name in options.source):
            return _check_files([Path(name) for name in options.source])
        if len(options.source) > 1:
            parser.error("give one bucket, or manifest files that end in .json or .csv")
        if not options.out and not options.validate_only:
            parser.error("--out DIR is needed, or --validate-only")
        return _make(options)
    except (CampaignError, ListingError, ManifestError, ObjectStorageError, OSError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.benchmark_qa.manifest",
        description="Write the manifests by which Encord registers a bucket's files, or check manifests that exist.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source", nargs="+", metavar="BUCKET_URI | FILE", help="a bucket or folder; or manifests to check (.json, .csv)"
    )
    parser.add_argument("--rules", type=Path, metavar="YAML", help="a campaign, or its manifest part alone")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the manifests go")
    parser.add_argument("--format", choices=("json", "csv"), default="json", help="default: json, which carries more")
    parser.add_argument("--strict", action="store_true", help="fail when an object is left out")
    parser.add_argument("--validate-only", action="store_true", help="write nothing; list what would be left out")
    return parser


def _check_files(paths: Sequence[Path]) -> int:
    validation = validate_files(paths)
    for problem in validation.problems:
        print(_line(problem))
    units = ", ".join(f"{count:,} {unit_type}" for unit_type, count in sorted(validation.units.items()))
    print(f"files: {validation.files}; problems: {len(validation.problems):,}; sound units: {units or 'none'}")
    return PROBLEMS if validation.problems else DONE


def _make(options: argparse.Namespace) -> int:
    (uri,) = options.source
    settings = read_settings(options.rules, uri) if options.rules else CommandSettings()
    is_strict = options.strict or settings.rules.strict
    # Where nothing is to be written, strictness would hide all problems but the first ones.
    rules = settings.rules.model_copy(update={"strict": is_strict and not options.validate_only})
    settings = CommandSettings(rules, settings.prefixes, settings.filters, settings.options)
    bucket = open_bucket(uri, **settings.options)
    with _output(options) as folder:
        try:
            outcomes = _write(bucket, settings, folder, options.format)
        except ManifestError as error:
            if not settings.rules.strict:
                raise
            for kind in settings.prefixes:  # what was refused must not look like a manifest
                _remove_leftovers(folder / kind, ())
            print(error, file=sys.stderr)
            return PROBLEMS
        if options.validate_only:
            for outcome in outcomes:
                _print_quarantine(folder / outcome.kind / QUARANTINE_NAME)
        print(describe(outcomes))
        if not options.validate_only:
            print(f"written to {', '.join(str(folder / outcome.kind) for outcome in outcomes)}")
            if bucket.url_prefix.startswith("file:"):
                print(_NOT_FETCHED)
    is_judged = is_strict or options.validate_only
    return PROBLEMS if is_judged and any(outcome.has_faults for outcome in outcomes) else DONE


def _write(bucket: Bucket, settings: CommandSettings, folder: Path, form: str) -> list[Outcome]:
    out = open_bucket(str(folder))
    counts = list_bucket(bucket, settings, out)
    outcomes = []
    for kind in settings.prefixes:
        if form == "json":
            outcome = write_json(bucket, settings, kind, counts[kind], out, out)
        else:
            with tempfile.TemporaryDirectory(prefix="manifest-") as scratch:
                outcome = write_csv(bucket, settings, kind, counts[kind], out, out, open_bucket(scratch))
        _remove_leftovers(folder / kind, outcome.files)
        outcomes.append(outcome)
    shutil.rmtree(folder / LISTING_FOLDER)
    return outcomes


def _remove_leftovers(folder: Path, files: Sequence[str]) -> None:
    """Remove what an earlier run wrote and this one did not, since people hand in ``shard-*``; also halves of files."""
    for pattern in ("shard-*.json", "shard-*.csv", "manifest_index.json", ".object-storage-*"):
        for path in folder.glob(pattern):
            if path.name not in files:
                path.unlink()


@contextmanager
def _output(options: argparse.Namespace) -> Iterator[Path]:
    if not options.validate_only:
        yield options.out.expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="manifest-") as folder:
        yield Path(folder)


def _print_quarantine(path: Path) -> None:
    with path.open("rb") as lines:
        for line in lines:
            print(_line(Problem(**orjson.loads(line))))


def _line(problem: Problem) -> str:
    return ": ".join(part for part in (problem.file, problem.key, problem.field, problem.reason) if part)


if __name__ == "__main__":
    sys.exit(main())
