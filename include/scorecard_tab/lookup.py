"""From a Dag to its campaign's scorecard."""

from __future__ import annotations

from typing import Final

from include.benchmark_qa import paths
from include.benchmark_qa.campaign import campaigns_folder, load_campaign
from include.object_storage import BucketNotFoundError, ObjectNotFoundError, open_bucket
from include.object_storage.local import LocalBucket

DAG_PREFIXES: Final = ("benchmark_qa_loop__", "benchmark_qa__")


def campaign_name(dag_id: str) -> str | None:
    """
    Return the name of the campaign that a Dag belongs to, or None if it belongs to none.

    Only the name of a campaign file that exists comes back, so whatever is in the id cannot lead to another file.
    """
    names = {path.stem for path in campaigns_folder().glob("*.yaml")}
    ids = (dag_id.removeprefix(prefix) for prefix in DAG_PREFIXES if dag_id.startswith(prefix))
    return next((name for name in ids if name in names), None)


def read_scorecard(name: str) -> bytes | None:
    """
    Return a campaign's scorecard as a page of HTML, or None while there is none.

    :raises CampaignError: the campaign file is wrong
    :raises ObjectStorageError: the workspace cannot be read
    """
    workspace = open_bucket(load_campaign(name).workspace_uri)
    try:
        return workspace.read(paths.SCORECARD)
    except ObjectNotFoundError:
        return None
    except BucketNotFoundError:
        if isinstance(workspace, LocalBucket):  # a folder appears with the first thing written, a bucket does not
            return None
        raise
