"""The tasks of any stage by the units that they are of, and what can be done with them there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from encord_provider.adapters.refusals import Sent, send_in_parts
from encord_provider.adapters.stages import StageAdapter
from encord_provider.exceptions import EncordWorkflowError

# As many as the SDK puts into one request by itself; of moves it puts fewer.
BUNDLE_SIZE = 500


class StageTaskAdapter(StageAdapter):
    """Approve, reject, send along a pathway or move the tasks of some data units, wherever they wait."""

    def review(self, project_hash: str, stage_title: str, action: str, data_hashes: Collection[str]) -> Sent:
        """Approve or reject tasks of a review, of consensus or of one annotator's work."""
        from encord.workflow import ConsensusReviewStage, ReviewStage

        stage = self._titled(project_hash, stage_title, (ReviewStage, ConsensusReviewStage))
        return _send(stage, data_hashes, lambda task, bundle: getattr(task, action)(bundle=bundle))

    def proceed(self, project_hash: str, stage_title: str, pathway: str, data_hashes: Collection[str]) -> Sent:
        """
        Send tasks of an agent stage along a pathway.

        :raises EncordWorkflowError: the stage has no pathway of this name
        """
        from encord.workflow import AgentStage

        stage = self._titled(project_hash, stage_title, (AgentStage,))
        uuids = {one.name: one.uuid for one in stage.pathways}
        if pathway not in uuids:
            raise EncordWorkflowError(
                f"agent stage {stage_title!r} of project {project_hash} has no pathway {pathway!r}; "
                f"it has {', '.join(map(repr, uuids)) or 'none'}"
            )
        return _send(stage, data_hashes, lambda task, bundle: task.proceed(pathway_uuid=uuids[pathway], bundle=bundle))

    def move(self, project_hash: str, stage_title: str, destination: str, data_hashes: Collection[str]) -> Sent:
        """Move tasks to the stage of another title."""
        from uuid import UUID

        from encord.workflow import ConsensusAnnotationStage

        # The tasks of consensus annotation are several to a unit; of the block's two stages the review is meant.
        stages = tuple({type(one) for one in self._all_stages(project_hash)} - {ConsensusAnnotationStage})
        stage = self._titled(project_hash, stage_title, stages)
        end = UUID(self.stage_uuid(project_hash, destination))
        return _send(stage, data_hashes, lambda task, bundle: task.move(destination_stage_uuid=end, bundle=bundle))

    def _titled(self, project_hash: str, title: str, types: tuple[type[Any], ...]) -> Any:
        fitting = [stage for stage in self._all_stages(project_hash) if isinstance(stage, types)]
        exact = [stage for stage in fitting if stage.title == title]
        found = exact or [stage for stage in fitting if stage.title == f"{title} Review"]
        return self._only(found, project_hash, f"stages with title {title!r} where this can be done")


def _send(stage: Any, data_hashes: Collection[str], act: Callable[[Any, Any], None]) -> Sent:
    """Act on the tasks of these units; those that have left the stage are passed over."""
    from encord.http.bundle import Bundle

    def send(tasks: Sequence[Any]) -> None:
        with Bundle(bundle_size=BUNDLE_SIZE) as bundle:
            for task in tasks:
                act(task, bundle)

    def waiting() -> list[Any]:
        return [task for task in stage.get_tasks() if str(task.data_hash) in wanted]

    wanted = set(map(str, data_hashes))
    tasks = waiting() if wanted else []
    words = {str(task.uuid): word for task, word in send_in_parts(tasks, send, size=BUNDLE_SIZE)}
    still = {str(task.uuid) for task in waiting()} if words else set()
    refused = {task_uuid: word for task_uuid, word in words.items() if task_uuid in still}
    return Sent(len(tasks) - len(refused), refused)
