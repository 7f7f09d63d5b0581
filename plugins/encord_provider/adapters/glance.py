"""A project at a glance: one request tells its status and its stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from encord_provider.adapters.titles import only_one

if TYPE_CHECKING:
    from encord.project import Project
    from encord.user_client import EncordUserClient

# Somebody has declared the work on the project to be over.
OVER = frozenset({"completed", "cancelled", "archived"})


@dataclass(frozen=True, slots=True)
class ProjectGlance:
    """A project's hash, its status in Encord's word, and its stages as the SDK's own objects."""

    project_hash: str
    status: str
    stages: Sequence[Any] = field(repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nobody works on it any more."""
        return self.status in OVER


class GlanceAdapter:
    """Look at projects for as few requests as can be."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def project(self, title: str) -> ProjectGlance | None:
        """Return the one project with exactly this title, or None."""
        found = {str(one.project_hash): one for one in self._client.list_projects(title_eq=title) if one.title == title}
        project_hash = only_one("project", title, list(found))
        if project_hash is None:
            return None
        project = found[project_hash]
        return ProjectGlance(project_hash, project.status.value, self._stages(project))

    def _stages(self, project: Project) -> Sequence[Any]:
        try:
            return project.workflow.stages
        except AttributeError:  # the listing leaves workflows out
            return self._client.get_project(project.project_hash).workflow.stages
