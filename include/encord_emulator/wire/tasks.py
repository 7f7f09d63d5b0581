"""Tasks as the API shows them, one shape for each type of stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.encord_emulator.store.database import Record
from include.encord_emulator.workflow.engine import COMPLETED, MAIN
from include.encord_emulator.workflow.template import Stage

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
        return common | state | {"options": _options(task, subtasks, label_hashes)}
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


def _options(task: Record, subtasks: Sequence[Record], label_hashes: LabelHashes) -> list[dict[str, Any]]:
    return [
        {
            "annotator": subtask["assignee"],
            "labelBranchName": subtask["branch"],
            "labelHash": label_hashes.get((task["data_hash"], subtask["branch"])),
        }
        for subtask in subtasks
        if subtask["status"] == COMPLETED
    ]
