"""Stages of Encord's workflows, found by type and title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from encord_provider.exceptions import EncordWorkflowError

if TYPE_CHECKING:
    from encord.project import Project
    from encord.user_client import EncordUserClient
    from encord.workflow import FinalStage


class StageAdapter:
    """Find the stages of projects; those of a project are asked for once."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client
        self._projects: dict[str, Project] = {}
        self._stages: dict[str, Sequence[Any]] = {}

    def know(self, project_hash: str, stages: Sequence[Any]) -> None:
        """Take a project's stages from somebody who has asked for them."""
        self._stages[project_hash] = stages

    def others(self, project_hash: str, known: Iterable[str]) -> list[str]:
        """Return the uuids of the stages that are neither final nor among those known, in the workflow's order."""
        from encord.workflow import FinalStage

        stages = [stage for stage in self._all_stages(project_hash) if not isinstance(stage, FinalStage)]
        return [uuid for stage in stages if (uuid := str(stage.uuid)) not in set(known)]

    def has_tasks(self, project_hash: str, stage_uuid: str) -> bool:
        """Say whether any task is in a stage, by the first page of its listing."""
        [stage] = [stage for stage in self._all_stages(project_hash) if str(stage.uuid) == stage_uuid]
        return next(iter(stage.get_tasks()), None) is not None

    def titles(self, project_hash: str, final: str, other: str | None) -> frozenset[str]:
        """
        Return the titles, as units carry them, of a final stage and of another stage of whatever type.

        Of a consensus block, both stages count as the block.

        :raises EncordWorkflowError: there is no such stage
        """
        titles = {self._final_stage(project_hash, final).title}
        if other is not None:
            found = [stage.title for stage in self._all_stages(project_hash) if _is_called(stage, other)]
            titles.update(found or self._only([], project_hash, f"stages with title {other!r}"))
        return frozenset(titles)

    def unit_stages(self, project_hash: str) -> dict[str, str | None]:
        """Return where each unit of a project is, ``{data hash: stage title}``; None: it has no task yet."""
        rows = self._project(project_hash).list_label_rows_v2()
        return {str(row.data_hash): node.title if (node := row.workflow_graph_node) else None for row in rows}

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

    def past_annotators(self, project_hash: str) -> set[str]:
        """Return the uuids of the stages at which no task waits for an annotator: reviews and final stages."""
        from encord.workflow import ConsensusReviewStage, FinalStage, ReviewStage

        past = (ConsensusReviewStage, FinalStage, ReviewStage)
        return {str(stage.uuid) for stage in self._all_stages(project_hash) if isinstance(stage, past)}

    def _final_stage(self, project_hash: str, title: str) -> FinalStage:
        from encord.workflow import FinalStage

        stage: FinalStage = self._stage(project_hash, title, FinalStage)
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
            self._stages[project_hash] = self._project(project_hash).workflow.stages
        return self._stages[project_hash]

    def _project(self, project_hash: str) -> Project:
        if project_hash not in self._projects:
            self._projects[project_hash] = self._client.get_project(project_hash)
        return self._projects[project_hash]


def _is_called(stage: Any, title: str) -> bool:
    """Tell whether a stage carries a title; the second stage of a consensus block may have a word after it."""
    from encord.workflow import ConsensusReviewStage

    is_second = isinstance(stage, ConsensusReviewStage) and stage.title.startswith(f"{title} ")
    return bool(stage.title == title or is_second)


def _describe(stages: Sequence[Any]) -> str:
    return ", ".join(f"{stage.title!r} ({stage.stage_type.value})" for stage in stages) or "none"
