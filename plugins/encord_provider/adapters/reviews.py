"""Consensus blocks: their tasks in review, and what is done with those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from encord_provider.adapters.refusals import Sent, send_in_parts
from encord_provider.adapters.stages import StageAdapter

if TYPE_CHECKING:
    from encord.workflow import ConsensusReviewStage

BUNDLE_SIZE = 1000
MOVE_BUNDLE_SIZE = 500
# Of more units than these it is less to list all open work than to name them.
FEW_TASKS = 500
# Units that one request may name: each takes about 50 of the few thousand characters of an address.
MOST_UNITS = 50


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


class ReviewAdapter(StageAdapter):
    """Look at consensus blocks, approve, reject and move their tasks."""

    def consensus_tasks(self, project_hash: str, stage_title: str) -> list[ConsensusTask]:
        """
        List all tasks that wait in a consensus block's review, with each annotator's branch.

        Whether Encord lists a task there when the first annotator has submitted, or only when all have, is not settled:
        those that are still being annotated are left out. While few tasks wait, what is asked grows with them, and not
        with all that is still to be annotated.
        """
        stage = self._review_stage(project_hash, stage_title)
        units = [str(task.data_hash) for task in islice(stage.get_tasks(), FEW_TASKS + 1)]
        # Asked before the branches are listed: who submits meanwhile waits for the next pass.
        unfinished = self.being_annotated(project_hash, units)
        asked = None if len(units) > FEW_TASKS else [one for one in units if one not in unfinished]
        return [one for one in self.listed_tasks(project_hash, stage_title, asked) if one.data_hash not in unfinished]

    def listed_tasks(
        self, project_hash: str, stage_title: str, data_hashes: Sequence[str] | None = None
    ) -> list[ConsensusTask]:
        """
        List the tasks of a consensus block's review, also those that some annotators may not have submitted.

        :param data_hashes: of these units only; ``None``: of all
        """
        return [
            ConsensusTask(
                str(task.uuid), str(task.data_hash), task.data_title, tuple(map(_option, task.options)), task.updated_at
            )
            for task in _tasks(self._review_stage(project_hash, stage_title), data_hashes)
        ]

    def review_uuid(self, project_hash: str, stage_title: str) -> str:
        """Return the uuid of the review of a consensus block."""
        return str(self._review_stage(project_hash, stage_title).uuid)

    def review(self, project_hash: str, stage_title: str, verdicts: Mapping[str, str]) -> Sent:
        """
        Approve or reject tasks of a consensus review, ``{task uuid: "approve" | "reject"}``.

        Tasks that have left the stage already are passed over, and not counted.
        """
        from encord.http.bundle import Bundle

        def send(tasks: Sequence[Any]) -> None:
            with Bundle(bundle_size=BUNDLE_SIZE) as bundle:
                for task in tasks:
                    getattr(task, verdicts[str(task.uuid)])(bundle=bundle)

        tasks = self._still_in_review(project_hash, stage_title, verdicts)
        return self._sent(project_hash, stage_title, tasks, send_in_parts(tasks, send, size=BUNDLE_SIZE))

    def move(self, project_hash: str, stage_title: str, destinations: Mapping[str, str]) -> Sent:
        """
        Move tasks of a consensus review to other stages, ``{task uuid: stage uuid}``.

        Tasks that have left the stage already are passed over, and not counted.
        """
        from uuid import UUID

        from encord.http.bundle import Bundle

        def send(tasks: Sequence[Any]) -> None:  # all to one stage: the SDK bundles moves to one stage at a time
            with Bundle(bundle_size=MOVE_BUNDLE_SIZE) as bundle:
                for task in tasks:
                    task.move(destination_stage_uuid=UUID(destinations[str(task.uuid)]), bundle=bundle)

        tasks = self._still_in_review(project_hash, stage_title, destinations)
        refused: list[tuple[Any, str]] = []
        for destination in sorted(set(destinations.values())):
            chosen = [task for task in tasks if destinations[str(task.uuid)] == destination]
            refused += send_in_parts(chosen, send, size=MOVE_BUNDLE_SIZE)
        return self._sent(project_hash, stage_title, tasks, refused)

    def being_annotated(self, project_hash: str, data_hashes: Sequence[str] | None = None) -> set[str]:
        """
        Return the data hashes of units that somebody still has to annotate in a consensus block.

        :param data_hashes: of these units, or of more, where they are many; ``None``: of all
        """
        from encord.workflow import ConsensusAnnotationStage

        stages = [stage for stage in self._all_stages(project_hash) if isinstance(stage, ConsensusAnnotationStage)]
        asked = data_hashes if data_hashes is not None and len(data_hashes) <= FEW_TASKS else None
        return {str(task.data_hash) for stage in stages for task in _tasks(stage, asked)}

    def _sent(
        self, project_hash: str, stage_title: str, tasks: Sequence[Any], refused: Sequence[tuple[Any, str]]
    ) -> Sent:
        """Return what became of tasks; those that were refused, and are gone all the same, have left the stage."""
        words = {str(task.uuid): word for task, word in refused}
        still = {str(task.uuid) for task in self._still_in_review(project_hash, stage_title, words)}
        kept = {task_uuid: word for task_uuid, word in words.items() if task_uuid in still}
        return Sent(len(tasks) - len(kept), kept)

    def _still_in_review(self, project_hash: str, stage_title: str, wanted: Iterable[str]) -> list[Any]:
        uuids = set(wanted)
        tasks = self._review_stage(project_hash, stage_title).get_tasks() if uuids else ()
        return [task for task in tasks if str(task.uuid) in uuids]

    def _review_stage(self, project_hash: str, title: str) -> ConsensusReviewStage:
        from encord.workflow import ConsensusReviewStage

        stage: ConsensusReviewStage = self._stage(project_hash, title, ConsensusReviewStage)
        return stage


def _tasks(stage: Any, data_hashes: Sequence[str] | None) -> Iterator[Any]:
    """Yield the tasks of a stage, of some units or of all; a filter is never empty, for that would mean all."""
    if data_hashes is None:
        yield from stage.get_tasks()
        return
    for start in range(0, len(data_hashes), MOST_UNITS):
        yield from stage.get_tasks(data_hash=list(data_hashes[start : start + MOST_UNITS]))


def _option(option: Any) -> ReviewOption:
    return ReviewOption(
        annotator_email=option.annotator,
        label_branch_name=option.label_branch_name,
        label_hash=str(option.label_hash) if option.label_hash else None,
    )
