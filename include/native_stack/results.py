"""What a campaign has published: fetched from the stack's bucket, to be shown and to be looked into."""

from __future__ import annotations

from pathlib import Path

from include.benchmark_qa import paths
from include.benchmark_qa.campaign import Campaign
from include.benchmark_qa.results.report import read_report
from include.benchmark_qa.results.scorecard import scorecard_text
from include.demo.bucket import download, s3_client
from include.native_stack.parts import WORKSPACES_BUCKET
from include.native_stack.stack import NativeStack


def fetch_workspace(stack: NativeStack, folder: Path) -> Path:
    """Copy all that is in the bucket of workspaces into a folder, which is returned."""
    download(s3_client(stack.addresses.bucket_url), WORKSPACES_BUCKET, folder)
    return folder


def scores(workspace: Path, campaign: Campaign) -> str:
    """Return the annotators' table of a workspace, for a terminal."""
    files = sorted((workspace / paths.SUBMISSIONS).glob("*.parquet"))
    return scorecard_text(read_report(files, [], campaign.decision).annotators)
