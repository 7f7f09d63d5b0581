"""Which jobs a campaign has started: written down at once, so that no later run loses sight of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import orjson

from include.benchmark_qa import paths

if TYPE_CHECKING:
    from include.object_storage.protocol import Bucket

_STARTED, _ENDED = ".json", ".ended.json"


class JobLedger:
    """
    Remember the upload jobs and syncs of Encord folders in the workspace, and the errors they ended with.

    Encord has no call that lists its jobs, and one of them may outlive the task that started it: a task that is killed
    and started again must wait for that job before it asks for anything anew. A job is a file when it has started and
    another when its end was seen, so that writers never race and finding the open ones reads no file.
    """

    def __init__(self, workspace: Bucket) -> None:
        self._workspace = workspace

    def open_jobs(self, folder_uuid: str) -> list[str]:
        """Return the uuids of the folder's jobs that nobody has seen the end of, in order."""
        names = {
            key.rpartition("/")[2] for batch in self._workspace.list(self._folder(folder_uuid)) for key in batch.keys
        }
        ended = {name.removesuffix(_ENDED) for name in names if name.endswith(_ENDED)}
        started = {name.removesuffix(_STARTED) for name in names if not name.endswith(_ENDED)}
        return sorted(started - ended)

    def remember(self, folder_uuid: str, job_uuid: str) -> None:
        """Write down a job that was just started."""
        self._write(folder_uuid, job_uuid + _STARTED, {"folder": folder_uuid, "job": job_uuid})

    def close(self, folder_uuid: str, job_uuid: str, errors: Iterable[Sequence[str]] = ()) -> None:
        """Write down that a job has ended, with its errors as pairs of URL and sentence."""
        self._write(folder_uuid, job_uuid + _ENDED, {"folder": folder_uuid, "job": job_uuid, "errors": list(errors)})

    def errors(self, folder_uuid: str, job_uuid: str) -> list[tuple[str, str]]:
        """Return the errors of a job that was closed."""
        ended = orjson.loads(self._workspace.read(f"{self._folder(folder_uuid)}{job_uuid}{_ENDED}"))
        return [(url, sentence) for url, sentence in ended["errors"]]

    def _folder(self, folder_uuid: str) -> str:
        return paths.upload_jobs(folder_uuid)

    def _write(self, folder_uuid: str, name: str, content: object) -> None:
        self._workspace.write(f"{self._folder(folder_uuid)}{name}", orjson.dumps(content))
