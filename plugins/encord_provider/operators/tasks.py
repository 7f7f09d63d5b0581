from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from encord_provider.exceptions import EncordWorkflowError
from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.refusals import Sent


class EncordTasksOperator(EncordBaseOperator):
    """
    What the operators on tasks of given data units share.

    Units whose tasks have left the stage are passed over, so that a repeat does nothing twice. Returns how many tasks
    were acted on.

    :param project_hash: the project (templated)
    :param stage: title of the stage where the tasks wait (templated)
    :param data_hashes: the data units; none means none, not all (templated)
    """

    template_fields: Sequence[str] = ("project_hash", "stage", "data_hashes")
    operator_extra_links = (EncordProjectLink(),)

    def __init__(self, *, project_hash: str, stage: str, data_hashes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.stage = stage
        self.data_hashes = data_hashes

    def execute(self, context: Context) -> int:
        """
        Act on all that Encord lets be acted on.

        :raises EncordWorkflowError: there is no such stage, or Encord refuses some of the tasks: the first is named
        """
        sent = self.send()
        self.log.info("%d of %d task(s) have left stage %r", sent.count, len(self.data_hashes), self.stage)
        if sent.refused:
            task_uuid, word = next(iter(sent.refused.items()))
            raise EncordWorkflowError(
                f"Encord refuses {len(sent.refused)} task(s) at stage {self.stage!r} of project {self.project_hash}, "
                f"such as {task_uuid}: {word}"
            )
        return sent.count

    @abstractmethod
    def send(self) -> Sent:
        """Send the tasks on."""


class EncordReviewTasksOperator(EncordTasksOperator):
    """
    Approve or reject the tasks of data units in a review, of consensus or of one annotator's work.

    :param action: ``approve`` or ``reject`` (templated)
    """

    template_fields: Sequence[str] = (*EncordTasksOperator.template_fields, "action")

    def __init__(self, *, action: Literal["approve", "reject"], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.action = action

    def send(self) -> Sent:
        """Approve or reject."""
        if self.action not in ("approve", "reject"):
            raise ValueError(f"action: {self.action!r} is neither 'approve' nor 'reject'")
        return self.hook.tasks.review(self.project_hash, self.stage, self.action, self.data_hashes)


class EncordProceedTasksOperator(EncordTasksOperator):
    """
    Send the tasks of data units along a pathway of the agent stage where they wait.

    :param pathway: the pathway's name (templated)
    """

    template_fields: Sequence[str] = (*EncordTasksOperator.template_fields, "pathway")

    def __init__(self, *, pathway: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pathway = pathway

    def send(self) -> Sent:
        """Send them along."""
        return self.hook.tasks.proceed(self.project_hash, self.stage, self.pathway, self.data_hashes)


class EncordMoveTasksOperator(EncordTasksOperator):
    """
    Move the tasks of data units to another stage.

    :param destination: title of the stage to move them to (templated)
    """

    template_fields: Sequence[str] = (*EncordTasksOperator.template_fields, "destination")

    def __init__(self, *, destination: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.destination = destination

    def send(self) -> Sent:
        """Move them."""
        return self.hook.tasks.move(self.project_hash, self.stage, self.destination, self.data_hashes)
