"""Tasks as the API shows them, one shape for each type of stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.encord_emulator.store.database import Record
from include.encord_emulator.workflow.template import Stage
from include.encord_emulator.workflow.words import COMPLETED, MAIN

LabelHashes = Mapping[tuple[str, str], str]
"""Data hash and branch to label hash."""


def task_dto(
    stage: Stage, task: Record, title: str, subtasks: Sequence[Record], label_hashes: LabelHashes
) -> dict[str, Any]:
    """Return the ``AgentTask``, ``AnnotationTask``, ... that fits the stage."""
    common = {
        "uuid": task["uuid"],
        "createdAt": task["created_at"],
        "updatedAt": task["updated_at"],
        "dataHash": task["data_hash"],
        "dataTitle": title,
    }
    if stage.type == "DONE":
        return common
    if stage.type == "CONSENSUS_ANNOTATION":
        return common | {"subtasks": [_subtask_dto(common, subtask) for subtask in subtasks]}
    state = {"status": task["status"], "assignee": task["assignee"]}
    if stage.type == "CONSENSUS_REVIEW":
        return common | state | {"options": consensus_options(task, subtasks, label_hashes)}
    if stage.type == "REVIEW":
        return common | state
    branch = {"labelBranchName": MAIN}
    agent = {"lastActionedBy": task["last_actioned_by"]} if stage.type == "AGENT" else {}
    return common | state | branch | agent


def _subtask_dto(common: dict[str, Any], subtask: Record) -> dict[str, Any]:
    return common | {
        "uuid": subtask["uuid"],
        "createdAt": subtask["created_at"],
        "updatedAt": subtask["updated_at"],
        "status": subtask["status"],
        "labelBranchName": subtask["branch"],
        "assignee": subtask["assignee"],
    }


def consensus_options(task: Record, subtasks: Sequence[Record], label_hashes: LabelHashes) -> list[dict[str, Any]]:
    """Return a ``ConsensusReviewOption`` for each subtask that is finished."""
    return [
        {
            "annotator": subtask["assignee"],
            "labelBranchName": subtask["branch"],
            "labelHash": label_hashes.get((task["data_hash"], subtask["branch"])),
        }
        for subtask in subtasks
        if subtask["status"] == COMPLETED
    ]


def label_review_dto(review: Record) -> dict[str, Any]:
    """Return a ``LabelReview``."""
    return {
        "reviewUuid": review["uuid"],
        "status": review["status"],
        "labelType": review["label_type"],
        "labelId": review["label_id"],
    }
