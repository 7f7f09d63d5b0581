from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encord_provider.adapters.progress import Progress, Requirement
from encord_provider.hooks.encord import EncordHook
from encord_provider.triggers.base import EncordPollingTrigger


class EncordGroundTruthCompleteTrigger(EncordPollingTrigger):
    """
    Wait until enough units of a project are far enough.

    :param project_hash: the benchmark project
    :param complete_stage: title of the final stage
    :param require: ``all``, a share of the units, or ``{"stage": title}``; see :class:`Requirement`
    """

    def __init__(self, *, project_hash: str, complete_stage: str, require: Any = "all", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.complete_stage = complete_stage
        self.require = require

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "encord_provider.triggers.project.EncordGroundTruthCompleteTrigger", {
            "project_hash": self.project_hash,
            "complete_stage": self.complete_stage,
            "require": self.require,
            "encord_conn_id": self.encord_conn_id,
            "poll_interval": self.poll_interval,
            "end_time": self.end_time,
        }

    def look(self, hook: EncordHook) -> tuple[bool, dict[str, Any]]:
        progress = hook.progress(self.project_hash, self.complete_stage, Requirement.read(self.require))
        return progress.is_complete, {
            "complete": progress.complete,
            "units": progress.units,
            "required": progress.required,
        }

    def describe(self, seen: Mapping[str, Any]) -> str:
        return f"Ground truth: {Progress(**seen, stage=Requirement.read(self.require).stage)}"
