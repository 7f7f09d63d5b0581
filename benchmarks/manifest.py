"""
Making a manifest, ours beside scripts with ``json.dump``: ``python -m benchmarks.manifest [--objects 1000000]``.

From a stored listing to files on disk; contestants take turns, each in a process of its own, and their files must
hold the same items. MB are those of the files. Then, from end to end: ``python -m include.benchmark_qa.manifest``
lists the canned server, stores the listing and writes the manifest.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

import yaml

from benchmarks.listing import listing_server
from benchmarks.listing_clients import ENVIRONMENT
from benchmarks.manifest_writers import SHARD_ITEMS
from benchmarks.measure import Cost, alternate, medians, ratio, run, surroundings, table

_WRITERS = "benchmarks.manifest_writers"
_SCRIPTS = {
    "json.dump, indent=2": "json_dump_indented",
    "json.dump": "json_dump",
    "json.dumps": "json_dumps",
}
_HEADER = ("writer", "objects", "CPU s", "objects per CPU s", "MB", "MB per CPU s", "wall s", "peak MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    sys.stdout.write(f"{surroundings('orjson', 'pyarrow', 'obstore')}\n\n")
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(compare(folder, options.objects, options.repetitions) + "\n\n")
        sys.stdout.flush()
        cost = end_to_end(Path(folder), options.objects)
    sys.stdout.write(
        f"From end to end, listing included: {cost.cpu_s:.1f} CPU s, {cost.wall_s:.1f} s, peak {cost.peak_mb:.0f} MB\n"
    )


def compare(folder: str, objects: int, repetitions: int) -> str:
    """Return a table, and the ratios below it."""
    run(f"{_WRITERS}:prepare", folder, str(objects))
    contestants = {"ours": "ours"} | _SCRIPTS
    costs = alternate(
        {name: partial(_cost, folder, writer) for name, writer in contestants.items()},
        repetitions,
    )
    found = {name: run(f"{_WRITERS}:contents", folder, writer).result for name, writer in contestants.items()}
    if len({tuple(each) for each in found.values()}) != 1 or found["ours"][0] != objects:
        raise RuntimeError(f"the manifests differ (items, digest): {found}")
    rows = [_row(name, objects, medians(runs)) for name, runs in costs.items()]
    ratios = [f"{script} to ours: CPU {ratio(costs[script], costs['ours'])}" for script in _SCRIPTS]
    return "\n".join([table(_HEADER, rows), "", *ratios])


def end_to_end(folder: Path, objects: int) -> Cost:
    """Return what the command costs that lists a bucket and writes its manifest."""
    rules = folder / "rules.yaml"
    with listing_server("s3", objects) as url:
        campaign = {
            "bucket": {"uri": "s3://bucket", "options": {"endpoint_url": url, "region": "us-east-1"}},
            "manifest": {"rules": [{"match": [".jpg"], "type": "image"}], "shard_items": SHARD_ITEMS},
        }
        rules.write_text(yaml.safe_dump(campaign), encoding="utf-8")
        command = ("include.benchmark_qa.manifest", "s3://bucket", "--rules", str(rules), "--out", str(folder / "out"))
        return run("benchmarks.measure:command", *command, environment=ENVIRONMENT)


def _cost(folder: str, writer: str) -> Cost:
    shutil.rmtree(Path(folder, writer), ignore_errors=True)
    # Ours takes the folder as a key prefix, the scripts as a path.
    return run(f"{_WRITERS}:{writer}", folder, f"{writer}/")


def _row(name: str, objects: int, cost: Cost) -> tuple[str, ...]:
    size_mb = cost.result / 1e6
    return (
        name,
        f"{objects:,}",
        f"{cost.cpu_s:.2f}",
        f"{objects / cost.cpu_s:,.0f}",
        f"{size_mb:.0f}",
        f"{size_mb / cost.cpu_s:.1f}",
        f"{cost.wall_s:.2f}",
        f"{cost.peak_mb:.0f}",
    )


if __name__ == "__main__":
    main()
