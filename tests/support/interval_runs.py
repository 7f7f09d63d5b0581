"""
`python -m tests.support.interval_runs FOLDER DAYS`: one of several processes that run the days of a backfill.

Each day is taken by the process that comes first. FOLDER has `files` and gets `workspace`; `<day>.json` is what the
import of a day returned.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from encord_provider.operators.bucket import ListBucketOperator
from encord_provider.operators.manifest import GenerateManifestOperator
from tests.unit.encord_provider.provider_support import importer, run

FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
RULES = {"rules": [{"match": [".jpg"], "type": "image"}]}


def interval(day: int) -> dict[str, Any]:
    """Return the context of a day's run."""
    start = FIRST_DAY + timedelta(days=day)
    return {
        "run_id": f"backfill__{start.isoformat()}",
        "dag_run": SimpleNamespace(run_type="backfill", start_date=None),
        "data_interval_start": start,
        "data_interval_end": start + timedelta(days=1),
    }


def run_day(folder: Path, day: int) -> dict[str, Any]:
    """List what was modified on a day, write its manifest, import it."""
    context = interval(day)
    bucket = {
        "bucket_uri": str(folder / "files"),
        "benchmark_prefix": "benchmark/",
        "production_prefix": "production/",
        "workspace": str(folder / "workspace"),
        "bucket_options": {"object_url_base": "https://files.s3.eu-west-1.amazonaws.com"},
    }
    listing = run(ListBucketOperator(task_id="list_bucket", **bucket), **context)["listing"]
    generate = GenerateManifestOperator(task_id="generate_manifest", listing=listing, rules=RULES, **bucket)
    manifest = run(generate, **context)["manifest"]
    importing = importer(folder / "workspace", manifest=manifest, poll_interval=0.05, timeout=600.0)
    return dict(run(importing, **context))


def main(folder: Path, days: int) -> None:
    """Run whatever days nobody else has taken."""
    for day in range(days):
        with suppress(FileExistsError):
            (folder / f"{day}.taken").touch(exist_ok=False)
            (folder / f"{day}.json").write_text(json.dumps(run_day(folder, day)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
