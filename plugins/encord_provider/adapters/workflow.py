"""Encord's workflows: the tasks of agent stages, listed to the end before any of them moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from encord_provider.adapters.reviews import ReviewAdapter
from encord_provider.exceptions import EncordWorkflowError

if TYPE_CHECKING:
    from encord.workflow import AgentStage

BUNDLE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class AgentTask:
    """A task that waits at an agent stage; ``handle`` is the SDK's own object."""

    task_uuid: str
    data_hash: str
    data_title: str
    handle: Any = field(repr=False, compare=False)


class WorkflowAdapter(ReviewAdapter):
    """Look at a project's workflow: its stages, its consensus blocks, its agent stages; move their tasks."""

    def pathways(self, project_hash: str, stage_title: str, names: Iterable[str]) -> dict[str, str]:
        """
        Return the uuids of an agent stage's pathways, ``{name: uuid}``.

        :raises EncordWorkflowError: the stage or one of the pathways is missing; the message lists what there is
        """
        stage = self._agent_stage(project_hash, stage_title)
        known = {pathway.name: str(pathway.uuid) for pathway in stage.pathways}
        if missing := [name for name in names if name not in known]:
            raise EncordWorkflowError(
                f"agent stage {stage_title!r} of project {project_hash} lacks pathway(s) "
                f"{', '.join(map(repr, missing))}; it has {', '.join(map(repr, known)) or 'none'}"
            )
        return {name: known[name] for name in names}

    def agent_uuid(self, project_hash: str, stage_title: str) -> str:
        """Return the uuid of the agent stage of this title."""
        return str(self._agent_stage(project_hash, stage_title).uuid)

    def agent_tasks(self, project_hash: str, stage_title: str) -> list[AgentTask]:
        """List all tasks of an agent stage, to the last page."""
        tasks = list(self._agent_stage(project_hash, stage_title).get_tasks())
        return [AgentTask(str(task.uuid), str(task.data_hash), task.data_title, task) for task in tasks]

    def proceed(self, tasks: Iterable[AgentTask], pathways: Mapping[str, str]) -> None:
        """
        Send tasks of one agent stage along pathways, ``{task uuid: pathway uuid}``, up to 1,000 in a request.

        A request with one task that has left the stage is refused whole (``InvalidArgumentsError``), also when it was
        this very call that moved it and only the answer was lost: list the stage again before trying again.
        """
        from uuid import UUID

        from encord.http.bundle import Bundle

        with Bundle(bundle_size=BUNDLE_SIZE) as bundle:
            for task in tasks:
                task.handle.proceed(pathway_uuid=UUID(pathways[task.task_uuid]), bundle=bundle)

    def _agent_stage(self, project_hash: str, title: str) -> AgentStage:
        from encord.workflow import AgentStage

        stage: AgentStage = self._stage(project_hash, title, AgentStage)
        return stage
