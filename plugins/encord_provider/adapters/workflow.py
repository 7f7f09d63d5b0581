"""Encord's workflows: stages found by type and title, tasks listed to the end before any of them moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from encord_provider.exceptions import EncordWorkflowError

if TYPE_CHECKING:
    from encord.user_client import EncordUserClient
    from encord.workflow import AgentStage, ConsensusReviewStage, FinalStage

BUNDLE_SIZE = 1000
MOVE_BUNDLE_SIZE = 500


@dataclass(frozen=True, slots=True)
class AgentTask:
    """A task that waits at an agent stage; ``handle`` is the SDK's own object."""

    task_uuid: str
    data_hash: str
    data_title: str
    handle: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ReviewOption:
    """One annotator's branch in a consensus review task; no label hash means nothing was saved."""

    annotator_email: str
    label_branch_name: str
    label_hash: str | None


@dataclass(frozen=True, slots=True)
class ConsensusTask:
    """A task that all its annotators have submitted; ``updated_at``, with its zone, moves with the task."""

    task_uuid: str
    data_hash: str
    data_title: str
    options: tuple[ReviewOption, ...]
    updated_at: datetime


class WorkflowAdapter:
    """Look at stages and move their tasks."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client
        self._stages: dict[str, Sequence[Any]] = {}

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

    def count_final(self, project_hash: str, stage_title: str) -> int:
        """Return how many tasks have reached a final stage such as ``Complete``."""
        return sum(1 for _ in self._final_stage(project_hash, stage_title).get_tasks())

    def consensus_tasks(self, project_hash: str, stage_title: str) -> list[ConsensusTask]:
        """
        List all tasks that wait in a consensus block's review, with each annotator's branch.

        Whether Encord lists a task there when the first annotator has submitted, or only when all have, is not settled:
        those that are still being annotated are left out.
        """
        stage = self._review_stage(project_hash, stage_title)
        unfinished = self.being_annotated(project_hash)  # asked first: who submits meanwhile waits for the next pass
        tasks = [task for task in stage.get_tasks() if str(task.data_hash) not in unfinished]
        return [
            ConsensusTask(
                str(task.uuid), str(task.data_hash), task.data_title, tuple(map(_option, task.options)), task.updated_at
            )
            for task in tasks
        ]

    def review(self, project_hash: str, stage_title: str, verdicts: Mapping[str, str]) -> int:
        """
        Approve or reject tasks of a consensus review, ``{task uuid: "approve" | "reject"}``.

        Tasks that have left the stage already are passed over; returns how many were acted on.
        """
        from encord.http.bundle import Bundle

        tasks = self._still_in_review(project_hash, stage_title, verdicts)
        with Bundle(bundle_size=BUNDLE_SIZE) as bundle:
            for task in tasks:
                getattr(task, verdicts[str(task.uuid)])(bundle=bundle)
        return len(tasks)

    def move(self, project_hash: str, stage_title: str, destinations: Mapping[str, str]) -> int:
        """
        Move tasks of a consensus review to other stages, ``{task uuid: stage uuid}``.

        Tasks that have left the stage already are passed over; returns how many were moved.
        """
        from uuid import UUID

        from encord.http.bundle import Bundle

        tasks = self._still_in_review(project_hash, stage_title, destinations)
        for destination in sorted(set(destinations.values())):
            with Bundle(bundle_size=MOVE_BUNDLE_SIZE) as bundle:  # the SDK bundles moves to one stage at a time
                for task in tasks:
                    if destinations[str(task.uuid)] == destination:
                        task.move(destination_stage_uuid=UUID(destination), bundle=bundle)
        return len(tasks)

    def stage_uuid(self, project_hash: str, title: str) -> str:
        """
        Return the uuid of the stage of this title; of a consensus block that of its annotation, where tasks enter.

        :raises EncordWorkflowError: there is none, or there are several
        """
        from encord.workflow import ConsensusAnnotationStage

        found = [stage for stage in self._all_stages(project_hash) if stage.title == title]
        found = [stage for stage in found if isinstance(stage, ConsensusAnnotationStage)] or found
        return str(self._only(found, project_hash, f"stages with title {title!r}").uuid)

    def annotation_uuid(self, project_hash: str, stage_title: str) -> str:
        """
        Return the uuid of the stage in which a consensus block is annotated.

        :raises EncordWorkflowError: there is none, or there are several
        """
        from encord.workflow import ConsensusAnnotationStage

        return str(self._stage(project_hash, stage_title, ConsensusAnnotationStage).uuid)

    def pathway_end(self, project_hash: str, name: str) -> str:
        """
        Return the uuid of the stage that the one pathway of this name leads to, of whichever agent stage it is.

        :raises EncordWorkflowError: there is none, or there are several
        """
        from encord.workflow import AgentStage

        agents = [stage for stage in self._all_stages(project_hash) if isinstance(stage, AgentStage)]
        found = [pathway for stage in agents for pathway in stage.pathways if pathway.name == name]
        return str(self._only(found, project_hash, f"pathways with name {name!r}").destination_uuid)

    def _still_in_review(self, project_hash: str, stage_title: str, wanted: Iterable[str]) -> list[Any]:
        uuids = set(wanted)
        tasks = self._review_stage(project_hash, stage_title).get_tasks() if uuids else ()
        return [task for task in tasks if str(task.uuid) in uuids]

    def being_annotated(self, project_hash: str) -> set[str]:
        """Return the data hashes of units that somebody still has to annotate in a consensus block."""
        from encord.workflow import ConsensusAnnotationStage

        stages = [stage for stage in self._all_stages(project_hash) if isinstance(stage, ConsensusAnnotationStage)]
        return {str(task.data_hash) for stage in stages for task in stage.get_tasks()}

    def _agent_stage(self, project_hash: str, title: str) -> AgentStage:
        from encord.workflow import AgentStage

        stage: AgentStage = self._stage(project_hash, title, AgentStage)
        return stage

    def _final_stage(self, project_hash: str, title: str) -> FinalStage:
        from encord.workflow import FinalStage

        stage: FinalStage = self._stage(project_hash, title, FinalStage)
        return stage

    def _review_stage(self, project_hash: str, title: str) -> ConsensusReviewStage:
        from encord.workflow import ConsensusReviewStage

        stage: ConsensusReviewStage = self._stage(project_hash, title, ConsensusReviewStage)
        return stage

    def _stage(self, project_hash: str, title: str, stage_type: type[Any]) -> Any:
        """
        Find a stage by type first, then by title.

        A consensus block is one box in the web app and two stages in the API, and which of them carries the box's
        title is not settled: the title alone, or followed by a word such as "Review", is taken.
        """
        stages = self._all_stages(project_hash)
        fitting: list[Any] = [stage for stage in stages if isinstance(stage, stage_type)]
        exact = [stage for stage in fitting if stage.title == title]
        found = exact or [stage for stage in fitting if stage.title.startswith(f"{title} ")]
        return self._only(found, project_hash, f"{stage_type.__name__}s with title {title!r}")

    def _only(self, found: Sequence[Any], project_hash: str, wanted: str) -> Any:
        if len(found) == 1:
            return found[0]
        raise EncordWorkflowError(
            f"project {project_hash} has {len(found) or 'no'} {wanted}; "
            f"its stages are: {_describe(self._all_stages(project_hash))}. "
            "Correct the title, or the workflow template, in the campaign."
        )

    def _all_stages(self, project_hash: str) -> Sequence[Any]:
        if project_hash not in self._stages:  # a project's stages come from its template and stay
            self._stages[project_hash] = self._client.get_project(project_hash).workflow.stages
        return self._stages[project_hash]


def _option(option: Any) -> ReviewOption:
    return ReviewOption(
        annotator_email=option.annotator,
        label_branch_name=option.label_branch_name,
        label_hash=str(option.label_hash) if option.label_hash else None,
    )


def _describe(stages: Sequence[Any]) -> str:
    return ", ".join(f"{stage.title!r} ({stage.stage_type.value})" for stage in stages) or "none"
