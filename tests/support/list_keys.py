"""List the bucket of a ``KeyServer`` into a workspace, in a process that a test can kill."""

from __future__ import annotations

import sys

from include.benchmark_qa.listing import shard_writer
from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.listing.store import write_listing
from include.object_storage import open_bucket

FOLDER = "runs/killed/listing/"

if __name__ == "__main__":
    url, workspace, part_rows = sys.argv[1:]  # where the server is, a folder, and how many rows a part has
    shard_writer.PART_ROWS = int(part_rows)
    write_listing(
        open_bucket("s3://bucket", endpoint_url=url, region="us-east-1"),
        {kind: f"{kind.value}/" for kind in DataKind},
        open_bucket(workspace),
        FOLDER,
        filters=ListingFilters(),
        window=None,
    )
