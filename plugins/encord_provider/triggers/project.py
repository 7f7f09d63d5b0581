from __future__ import annotations

from typing import Any

from encord_provider.adapters.progress import Progress
from encord_provider.hooks.encord import EncordHook
from encord_provider.triggers.base import EncordPollingTrigger


class EncordGroundTruthCompleteTrigger(EncordPollingTrigger):
    """
    Wait until every unit of a project has reached its final stage.

    :param project_hash: the benchmark project
    :param complete_stage: title of the final stage
    """

    def __init__(self, *, project_hash: str, complete_stage: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.complete_stage = complete_stage
        self._last_said: Progress | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "encord_provider.triggers.project.EncordGroundTruthCompleteTrigger", {
            "project_hash": self.project_hash,
            "complete_stage": self.complete_stage,
            "encord_conn_id": self.encord_conn_id,
            "poll_interval": self.poll_interval,
            "end_time": self.end_time,
        }

    def look(self, hook: EncordHook) -> tuple[bool, dict[str, Any]]:
        progress = hook.progress(self.project_hash, self.complete_stage)
        if progress != self._last_said:  # people take days: a line each look would bury the rest
            self.log.info(
                "Ground truth in project %s: %s in stage %r", self.project_hash, progress, self.complete_stage
            )
            self._last_said = progress
        return progress.is_complete, {"complete": progress.complete, "units": progress.units}
