"""What else is done with label rows: branches, answers in bulk, validation, interpolation, complete and reopen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import ConfigDict, Field

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.labels.interpolation import interpolate
from include.encord_emulator.labels.structure import FrameNumber, Hash
from include.encord_emulator.paging import offset_page
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.labels import blobs, copy_labels, label_rows, present_problems
from include.encord_emulator.store.projects import hash_of_path, hash_of_scope, project_workflow, require_project
from include.encord_emulator.store.tables import LABELS, TASKS
from include.encord_emulator.wire.labels import (
    BranchesQuery,
    BulkAnswersRequest,
    CopyBranchRequest,
    NodeAction,
    read_uids,
)
from include.encord_emulator.wire.payload import Payload
from include.encord_emulator.workflow import engine

routes = Routes()
_ANSWER_KEYS = (
    "classificationHash", "featureHash", "range", "createdAt", "createdBy", "lastEditedAt", "lastEditedBy",
    "manualAnnotation",
)  # fmt: skip


@routes.query("labelworkflowgraphnode", "POST")
def complete_or_reopen(call: Call) -> Any:
    project_hash = hash_of_scope(call)
    action = call.read(NodeAction).action
    workflow = project_workflow(call.connection, project_hash)
    if action == "reopen" and any(stage.type == "CONSENSUS_REVIEW" for stage in workflow.stages):
        raise invalid("tasks of a project with consensus cannot be reopened")
    rows = label_rows(call, project_hash, read_uids(call.uid), with_labels=False)
    data_hashes = [row["data_hash"] for row in rows]
    statement = sa.select(TASKS).where(TASKS.c.project_hash == project_hash)
    tasks = fetch_in(call.connection, statement, TASKS.c.data_hash, list(dict.fromkeys(data_hashes)))
    destination = workflow.complete if action == "complete" else workflow.stage(workflow.start)
    engine.record_actions(call, "move", tasks)
    engine.enter(call, destination, tasks, returned=action == "reopen")
    return True


@routes.on("GET", "projects/{project}/branches")
def list_branches(call: Call) -> Any:
    project_hash = hash_of_path(call)
    limit = call.arguments(BranchesQuery).limit or int(call.switches["page_size"])
    first = sa.func.min(LABELS.c.seq)
    named = sa.select(LABELS.c.branch.label("name")).where(LABELS.c.project_hash == project_hash)
    rows, token = offset_page(call, named.group_by(LABELS.c.branch).order_by(first), limit)
    return {"results": rows, "nextPageToken": token}


@routes.on("POST", "projects/{project}/label-rows/classifications")
def bulk_classifications(call: Call) -> Any:
    project_hash, wanted = hash_of_path(call), call.read(BulkAnswersRequest)
    rows = label_rows(call, project_hash, wanted.label_uuids)
    if call.switches["bulk_answers_branch"] == "asked":
        rows = [row for row in rows if row["branch"] == wanted.branch_name]
    return {
        "labels": [
            {
                "labelUuid": blob["label_hash"],
                "dataUuid": blob["data_hash"],
                "dataTitle": blob["data_title"],
                "branchName": blob["branch_name"],
                "classificationAnswers": {
                    key: _answer(answer) for key, answer in blob["classification_answers"].items()
                },
                "exportUuid": None,
                "exportedAt": None,
            }
            for blob in blobs(call, project_hash, rows)
        ]
    }


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a classification answer with the keys that the SDK's model has."""
    given = answer.get("classifications") or []
    return {key: answer.get(key) for key in _ANSWER_KEYS} | {
        "classifications": [
            {
                "name": one.get("name") or "",
                "value": one.get("value") or "",
                "answers": one.get("answers"),
                "featureHash": one["featureHash"],
                "manualAnnotation": one.get("manualAnnotation", True) is not False,
            }
            for one in given
        ]
    }


@routes.on("POST", "projects/{project}/labels/copy-branch")
def copy_branch(call: Call) -> Any:
    project_hash, wanted = hash_of_path(call), call.read(CopyBranchRequest)
    if wanted.source_branch_name == wanted.target_branch_name:
        raise invalid("sourceBranchName and targetBranchName are the same")
    rows = _rows_of_branch(call, project_hash, wanted)
    if not wanted.overwrite:
        on_target = sa.select(LABELS.c.data_hash).where(
            LABELS.c.project_hash == project_hash, LABELS.c.branch == wanted.target_branch_name
        )
        there = {row["data_hash"] for row in call.fetch(on_target)}
        rows = [row for row in rows if row["data_hash"] not in there]
    return {"copiedCount": copy_labels(call, project_hash, rows, wanted.target_branch_name)}


def _rows_of_branch(call: Call, project_hash: str, wanted: CopyBranchRequest) -> list[Record]:
    """Return the label rows to copy; whatever they are chosen by, the database chooses: documents are large."""
    statement = (
        sa.select(LABELS)
        .where(LABELS.c.project_hash == project_hash, LABELS.c.branch == wanted.source_branch_name)
        .order_by(LABELS.c.seq)
    )
    if wanted.label_uuids is None and wanted.data_uuids is None:
        return call.fetch(statement)
    if wanted.label_uuids is None:
        return fetch_in(call.connection, statement, LABELS.c.data_hash, list(dict.fromkeys(wanted.data_uuids or [])))
    rows = fetch_in(call.connection, statement, LABELS.c.label_hash, list(dict.fromkeys(wanted.label_uuids)))
    return [row for row in rows if wanted.data_uuids is None or row["data_hash"] in wanted.data_uuids]


@routes.on("GET", "projects/{project}/labels/{label}/validation-state")
def validation_state(call: Call) -> Any:
    project_hash = hash_of_path(call)
    [row] = label_rows(call, project_hash, [call.path_uuid("label")])
    errors = present_problems(call, project_hash, row)
    return {
        "labelHash": row["label_hash"],
        "branchName": row["branch"],
        "version": row["version"],
        "isValid": not errors,
        "errors": errors,
    }


class _KeyObject(Payload):
    """An object on a key frame, with its geometry under the key of its shape."""

    model_config = ConfigDict(extra="allow")
    object_hash: Annotated[Hash, Field(alias="objectHash")]


class _KeyFrame(Payload):
    model_config = ConfigDict(extra="ignore")
    objects: list[_KeyObject]


class _Parameters(Payload):
    key_frames: Annotated[dict[FrameNumber, _KeyFrame], Field(min_length=1)]
    objects_to_interpolate: Annotated[list[str], Field(min_length=1)]


class AlgorithmRequest(Payload):
    """``LabelingAlgorithm``."""

    algorithm_name: Literal["interpolation"]
    algorithm_parameters: _Parameters


@routes.query("labelingalgorithm", "POST")
def run_algorithm(call: Call) -> Any:
    require_project(call, call.resource_id)
    given = call.read(AlgorithmRequest).algorithm_parameters
    frames = {
        number: [one.model_dump(by_alias=True) for one in frame.objects] for number, frame in given.key_frames.items()
    }
    return interpolate(frames, given.objects_to_interpolate)
