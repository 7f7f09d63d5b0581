from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class EncordProjectLink(BaseOperatorLink):
    """Open the task's project in Encord's web app; for operators with ``project_hash`` and ``hook``."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Open in Encord"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the project's address, or nothing where the task ended before it knew the project."""
        project_hash = getattr(operator, "project_hash", None)
        return operator.hook.project_url(project_hash) if project_hash else ""  # type: ignore[attr-defined]
