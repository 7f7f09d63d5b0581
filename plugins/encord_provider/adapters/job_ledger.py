"""Which upload jobs a campaign has started: written down at once, so that no later run loses sight of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from include.benchmark_qa import paths

if TYPE_CHECKING:
    from include.object_storage.protocol import Bucket


class JobLedger:
    """
    Remember the upload jobs of Encord folders in the workspace.

    Encord has no call that lists its upload jobs, and one of them may outlive the task that started it: a task that
    is killed and started again must wait for that job before it asks for anything anew.
    """

    def __init__(self, workspace: Bucket) -> None:
        self._workspace = workspace

    def open_jobs(self, folder_uuid: str) -> list[str]:
        """Return the uuids of the folder's jobs that nobody has seen the end of, in order."""
        prefix = paths.upload_jobs(folder_uuid)
        keys = [key for batch in self._workspace.list(prefix) for key in batch.keys]
        return [_job(key) for key in keys if not orjson.loads(self._workspace.read(key))["finished"]]

    def remember(self, folder_uuid: str, job_uuid: str) -> None:
        """Write down a job that was just started."""
        self._write(folder_uuid, job_uuid, finished=False)

    def close(self, folder_uuid: str, job_uuid: str) -> None:
        """Write down that a job has ended."""
        self._write(folder_uuid, job_uuid, finished=True)

    def _write(self, folder_uuid: str, job_uuid: str, *, finished: bool) -> None:
        key = f"{paths.upload_jobs(folder_uuid)}{job_uuid}.json"
        self._workspace.write(key, orjson.dumps({"folder": folder_uuid, "job": job_uuid, "finished": finished}))


def _job(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".json")
