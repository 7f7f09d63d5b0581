"""Where files lie in a campaign's workspace: names come from a run or from content, so a repeat overwrites."""

from __future__ import annotations

import re

SUBMISSIONS = "scores/submissions/"
VERDICTS = "scores/verdicts/"
SCORECARD = "scorecard.html"
SUMMARY = "scorecard.json"


def run_folder(run_id: str) -> str:
    """Return the folder of one run's listing and manifests; the run's id, made safe for a path."""
    return f"runs/{re.sub(r'[^A-Za-z0-9._-]+', '_', run_id)}/"


def upload_jobs(folder_uuid: str) -> str:
    """Return the folder that remembers the upload jobs of one Encord folder, so that no run loses sight of one."""
    return f"uploads/{folder_uuid}/"


def batch(name: str) -> str:
    """Return the file that lists the submissions of one batch."""
    return f"batches/{name}.json"
