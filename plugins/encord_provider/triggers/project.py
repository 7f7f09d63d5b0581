from __future__ import annotations

from typing import Any

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
        self.log.info("%s", progress)
        return progress.is_complete, {"complete": progress.complete, "units": progress.units}
