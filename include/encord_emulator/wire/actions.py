"""What may be asked of tasks, and of reviews of single labels: the request bodies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from include.encord_emulator.wire.payload import Name, Payload, Uuid


class TaskAction(Payload):
    """
    What all actions have in common.

    ``assignee`` is who is to have done it; with ``retain_assignee`` it is whoever has the task, who must be somebody.
    """

    task_uuid: Uuid
    assignee: Name | None = None
    retain_assignee: bool = False


class Proceed(Payload):
    """Along a pathway of an agent stage, by its uuid or its name."""

    task_uuid: Uuid
    action: Literal["PATHWAY_ACTION"]
    pathway_uuid: Uuid | None = None
    pathway_name: str | None = None


class Submit(TaskAction):
    """``_ActionSubmit``."""

    action: Literal["SUBMIT"]
    resolve_label_reviews: bool = True


class Approve(TaskAction):
    """``_ActionApprove`` of review and of consensus review."""

    action: Literal["APPROVE"]
    approve_label_reviews: bool = True


class Reject(TaskAction):
    """``_ActionReject`` of review and of consensus review."""

    action: Literal["REJECT"]
    reject_label_reviews: bool = True


class Assign(Payload):
    """``_ActionAssign``."""

    task_uuid: Uuid
    action: Literal["ASSIGN"]
    assignee: Name


class Release(Payload):
    """``_ActionRelease``."""

    task_uuid: Uuid
    action: Literal["RELEASE"]


class Skip(Payload):
    """Only people can do it, in the web app; the SDK has no such action."""

    task_uuid: Uuid
    action: Literal["SKIP"] = "SKIP"


AnyAction = Proceed | Submit | Approve | Reject | Assign | Release | Skip


class Actions(RootModel[list[Annotated[Proceed | Submit | Approve | Reject | Assign | Release,
                                       Field(discriminator="action")]]]):  # fmt: skip
    """The body of ``actions``."""


class MoveTasks(Payload):
    """``WorkflowMoveTasksRequest``."""

    task_uuids: list[Uuid]
    destination_stage_uuid: Uuid


class Priorities(Payload):
    """``TaskPriorityParams``: data hashes with numbers from 0 to 1, the highest first in line."""

    priorities: list[tuple[Uuid, Annotated[float, Field(ge=0, le=1)]]]


class _ReviewAction(Payload):
    review_uuid: Uuid


class ApproveLabel(_ReviewAction):
    """``_LabelReviewActionApprove``."""

    action: Literal["APPROVE"]


class RejectLabel(_ReviewAction):
    """``_LabelReviewActionReject``."""

    action: Literal["REJECT"]
    comment: str | None = None
    comment_tags: list[str] | None = None


class ReopenLabel(_ReviewAction):
    """``_LabelReviewActionReopen``."""

    action: Literal["REOPEN"]


AnyLabelAction = Annotated[ApproveLabel | RejectLabel | ReopenLabel, Field(discriminator="action")]


class LabelActions(RootModel[list[AnyLabelAction]]):
    """The body of ``reviews/actions``."""
