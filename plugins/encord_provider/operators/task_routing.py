from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from encord_provider.exceptions import EncordWorkflowError

if TYPE_CHECKING:
    from encord_provider.adapters.workflow import AgentTask, WorkflowAdapter

BUNDLE_SIZE = 1000
# So many tasks that are there and refused one by one are not a few bad ones among good ones.
MAX_REFUSED = 5


class TaskRouting:
    """
    Empties an agent stage, up to 1,000 tasks in a request.

    A request with one task that has left the stage is refused whole. Then the stage is listed anew; a bundle of what
    is still there and refused again is halved, until the tasks that Encord refuses stand alone and all others have
    moved.
    """

    def __init__(self, workflow: WorkflowAdapter, project_hash: str, stage: str) -> None:
        self.workflow = workflow
        self.project_hash = project_hash
        self.stage = stage
        self.log = logging.getLogger(__name__)
        self._size = BUNDLE_SIZE
        self._suspects: set[str] = set()
        self._refused: dict[str, AgentTask] = {}

    def tasks(self) -> list[AgentTask]:
        """
        List the tasks that are still to be sent.

        :raises EncordWorkflowError: none is left but those that Encord refuses to move
        """
        tasks = self.workflow.agent_tasks(self.project_hash, self.stage)
        self._refused = {task.task_uuid: task for task in tasks if task.task_uuid in self._refused}
        tasks = [task for task in tasks if task.task_uuid not in self._refused]
        if self._refused and not tasks:
            raise self._refusal()
        return tasks

    def send(self, tasks: Sequence[AgentTask], pathways: Mapping[str, str]) -> None:
        """
        Send tasks along pathways, ``{task uuid: pathway uuid}``, or some of them: list again for what is left.

        :raises EncordWorkflowError: Encord refuses to move tasks that are there
        """
        for start in range(0, len(tasks), self._size):
            bundle = tasks[start : start + self._size]
            if self._sent(bundle, pathways):
                continue
            uuids = {task.task_uuid for task in bundle}
            if not uuids <= self._suspects:
                self._suspects |= uuids
                return  # a look at the stage says what has moved
            self._send_halves(bundle, pathways)

    def _send_halves(self, bundle: Sequence[AgentTask], pathways: Mapping[str, str]) -> None:
        if len(bundle) > self._size:  # too many at once, as is known by now: the next listing has them
            return
        if len(bundle) == 1:
            self._refused[bundle[0].task_uuid] = bundle[0]
            if len(self._refused) > MAX_REFUSED:
                raise self._refusal()
            return
        middle = (len(bundle) + 1) // 2
        halves = (bundle[:middle], bundle[middle:])
        refused = [half for half in halves if not self._sent(half, pathways)]
        if not refused:
            self._size = middle  # no task was bad, there were too many
        for half in refused:
            self._send_halves(half, pathways)

    def _sent(self, bundle: Sequence[AgentTask], pathways: Mapping[str, str]) -> bool:
        from encord.exceptions import InvalidArgumentsError

        try:
            self.workflow.proceed(bundle, pathways)
        except InvalidArgumentsError as error:
            # Somebody, perhaps this call's own first try whose answer was lost, has moved one of the tasks; or Encord
            # takes fewer at once.
            self.log.warning("Encord refused to move %d task(s) at once: %s", len(bundle), error.message)
            return False
        return True

    def _refusal(self) -> EncordWorkflowError:
        one = next(iter(self._refused.values()))
        return EncordWorkflowError(
            f"Encord refuses to move {len(self._refused)} task(s) out of agent stage {self.stage!r} of project "
            f"{self.project_hash}, such as {one.task_uuid} ({one.data_title})"
        )
