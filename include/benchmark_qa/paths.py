"""Where files lie in a campaign's workspace: names come from a run or from content, so a repeat overwrites."""

from __future__ import annotations

import hashlib
import re

SUBMISSIONS = "scores/submissions/"
VERDICTS = "scores/verdicts/"
ANNOTATORS = "scores/annotators.parquet"
BENCHMARK_UNITS = "scores/benchmark_units.json"
WORK_QUEUE = "scores/work_queue.json"
SCORECARD = "scorecard.html"
SUMMARY = "scorecard.json"
ACTIONS = "actions/"
DRY_RUNS = "dry_run/"
GATHERED_ACTIONS = "scores/gathered/actions.json.gz"


def run_folder(run_id: str) -> str:
    """Return the folder of one run's listing and manifests; the run's id, made safe for a path."""
    return f"runs/{re.sub(r'[^A-Za-z0-9._-]+', '_', run_id)}/"


def upload_jobs(folder_uuid: str) -> str:
    """Return the folder that remembers the upload jobs and syncs of one Encord folder, so that no run loses one."""
    return f"uploads/{folder_uuid}/"


def local_uploads(folder_uuid: str) -> str:
    """Return the file that remembers which local files are being uploaded to one Encord folder."""
    return f"uploads/{folder_uuid}.local.json"


def turns(name: str) -> str:
    """Return the folder of the turns in which runs that meet see to one thing."""
    return f"turns/{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}/"


def import_progress(run_id: str, kind: str) -> str:
    """Return the file that says how far a run's import of one kind is."""
    return f"{run_folder(run_id)}import/{kind}.json"


def import_report(run_id: str) -> str:
    """Return the file with the counts of a run's import."""
    return f"{run_folder(run_id)}import_report.json"


def import_quarantine(run_id: str) -> str:
    """Return the file that names what Encord did not register in a run, one JSON object a line."""
    return f"{run_folder(run_id)}import_quarantine.jsonl"


def batch(name: str) -> str:
    """Return the file that lists the submissions of one batch."""
    return f"batches/{name}.json"


def batch_name(key: str) -> str:
    """Return the name in the key of a batch, which all that comes of it carries."""
    return key.rpartition("/")[2].removesuffix(".json")


def ledger(project_hash: str) -> str:
    """Return the file that remembers which submissions of a project were scored, and how."""
    return f"scores/ledger/{project_hash}.json.gz"


def ledger_part(name: str) -> str:
    """Return the file with what one batch adds to the ledger."""
    return f"scores/ledger/batches/{name}.json.gz"


def ledger_archive(project_hash: str, name: str) -> str:
    """Return a file with what a project's ledger remembers of units that have gone on."""
    return f"scores/ledger/archive/{project_hash}/{name}.json.gz"


def gathered_table(table: str) -> str:
    """Return the file with what many files of one table hold."""
    return f"scores/gathered/{table}.parquet"


def actions(project_hash: str) -> str:
    """Return the folder of the records of what was done about a project's tasks and annotators, and why."""
    return f"{ACTIONS}{project_hash}/"


def dry_run(project_hash: str) -> str:
    """Return the file with what the last dry run would have done in a project."""
    return f"{DRY_RUNS}{project_hash}.jsonl"
