from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from encord_provider.hooks.encord import EncordHook
from encord_provider.triggers.base import EncordPollingTrigger


class EncordUploadJobsTrigger(EncordPollingTrigger):
    """
    Wait until Encord has finished with all of some upload jobs; whether well or badly is for the task to judge.

    :param jobs: pairs of folder uuid and job uuid
    """

    def __init__(self, *, jobs: Sequence[Sequence[str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.jobs = [list(job) for job in jobs]

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "encord_provider.triggers.storage.EncordUploadJobsTrigger", {
            "jobs": self.jobs,
            "encord_conn_id": self.encord_conn_id,
            "poll_interval": self.poll_interval,
            "end_time": self.end_time,
        }

    def look(self, hook: EncordHook) -> tuple[bool, dict[str, Any]]:
        pending = hook.storage.count_pending_jobs(self.jobs)
        return pending == 0, {"pending": pending}

    def describe(self, seen: Mapping[str, Any]) -> str:
        return f"Imports: {len(self.jobs) - seen['pending']} of {len(self.jobs)} upload job(s) finished"
