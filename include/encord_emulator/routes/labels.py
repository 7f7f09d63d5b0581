"""Label rows: making, reading, saving, branches, and complete or reopen through them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.paging import queue_page
from include.encord_emulator.store.database import fetch_in
from include.encord_emulator.store.labels import blobs, ensure_label_rows, label_rows, save_labels
from include.encord_emulator.store.projects import project_workflow, require_project
from include.encord_emulator.store.tables import LABELS, TASKS
from include.encord_emulator.workflow import engine

routes = Routes()


def _project(call: Call) -> str:
    return str(require_project(call, call.resource_id)["project_hash"])


def _uids(call: Call) -> list[str]:
    return [str(uid) for uid in (call.uid if isinstance(call.uid, list) else [call.uid])]


def _answer(call: Call, found: list[dict[str, Any]]) -> Any:
    """Return a list for a request of many, the single document else."""
    return found if isinstance(call.uid, list) else found[0]


@routes.query("labelrow", "PUT")
def init_labels(call: Call) -> Any:
    project_hash, branch = _project(call), (call.body or {}).get("branch_name") or engine.MAIN
    return _answer(call, blobs(call, project_hash, ensure_label_rows(call, project_hash, _uids(call), branch)))


@routes.query("labelrow", "GET")
def get_labels(call: Call) -> Any:
    project_hash, wanted = _project(call), call.body or {}
    found = blobs(call, project_hash, label_rows(call, project_hash, _uids(call)))
    for blob in found:
        _keep_features(blob, wanted.get("include_object_feature_hashes"), "object_answers", "objects")
        _keep_features(
            blob, wanted.get("include_classification_feature_hashes"), "classification_answers", "classifications"
        )
    return _answer(call, found)


def _keep_features(blob: dict[str, Any], features: list[str] | None, answers: str, key: str) -> None:
    """Drop the labels whose feature was not asked for."""
    if features is None:
        return
    kept: set[str] = set()
    for unit in blob["data_units"].values():
        labels = unit["labels"]
        for frame in [labels] if key in labels else labels.values():
            frame[key] = [label for label in frame.get(key, []) if label["featureHash"] in features]
            kept |= {label["objectHash"] for label in frame[key] if "objectHash" in label}
    blob[answers] = {
        name: answer for name, answer in blob[answers].items() if name in kept or answer.get("featureHash") in features
    }


@routes.query("labelrow", "POST")
def save(call: Call) -> Any:
    project_hash, body = _project(call), call.payload()
    given = body["labels"] if body.get("multi_request") else [body]
    if len(given) != len(_uids(call)):
        raise invalid(f"{len(given)} labels for {len(_uids(call))} label hashes")
    rows = label_rows(call, project_hash, _uids(call))
    save_labels(call, project_hash, list(zip(rows, given, strict=True)), call.user)
    return True


@routes.query("labelworkflowgraphnode", "POST")
def complete_or_reopen(call: Call) -> Any:
    project_hash, action = _project(call), call.payload().get("action")
    workflow = project_workflow(call.connection, project_hash)
    if action not in {"complete", "reopen"}:
        raise invalid(f"action: {action!r} is not complete or reopen")
    if action == "reopen" and any(stage.type == "CONSENSUS_REVIEW" for stage in workflow.stages):
        raise invalid("tasks of a project with consensus cannot be reopened")
    data_hashes = [row["data_hash"] for row in label_rows(call, project_hash, _uids(call))]
    statement = sa.select(TASKS).where(TASKS.c.project_hash == project_hash)
    tasks = fetch_in(call.connection, statement, TASKS.c.data_hash, data_hashes)
    final = next(stage for stage in workflow.stages if stage.type == "DONE")
    destination = final if action == "complete" else workflow.stage(workflow.start)
    engine.record_actions(call, "move", tasks)
    engine.enter(call, destination, tasks, returned=action == "reopen")
    return True


@routes.on("GET", "projects/{project}/branches")
def list_branches(call: Call) -> Any:
    project_hash = require_project(call, call.path_uuid("project"))["project_hash"]
    first = sa.select(sa.func.min(LABELS.c.seq).label("seq"), LABELS.c.branch.label("name"))
    grouped = first.where(LABELS.c.project_hash == project_hash).group_by(LABELS.c.branch).subquery()
    rows, token = queue_page(call, sa.select(grouped), grouped.c.seq)
    return {"results": [{"name": row["name"]} for row in rows], "nextPageToken": token}


@routes.on("POST", "projects/{project}/label-rows/classifications")
def bulk_classifications(call: Call) -> Any:
    project_hash = require_project(call, call.path_uuid("project"))["project_hash"]
    rows = label_rows(call, project_hash, [str(uuid) for uuid in call.required("labelUuids")])
    return {
        "labels": [
            {
                "labelUuid": blob["label_hash"],
                "dataUuid": blob["data_hash"],
                "dataTitle": blob["data_title"],
                "branchName": blob["branch_name"],
                "classificationAnswers": blob["classification_answers"],
            }
            for blob in blobs(call, project_hash, rows)
        ]
    }


@routes.on("POST", "projects/{project}/labels/copy-branch")
def copy_branch(call: Call) -> Any:
    project_hash, body = require_project(call, call.path_uuid("project"))["project_hash"], call.payload()
    source, target = call.required("sourceBranchName"), call.required("targetBranchName")
    rows = call.fetch(sa.select(LABELS).where(LABELS.c.project_hash == project_hash, LABELS.c.branch == source))
    for key, column in (("dataUuids", "data_hash"), ("labelUuids", "label_hash")):
        if body.get(key) is not None:
            rows = [row for row in rows if row[column] in body[key]]
    here = sa.select(LABELS.c.data_hash).where(LABELS.c.project_hash == project_hash, LABELS.c.branch == target)
    there = {row["data_hash"] for row in call.fetch(here)}
    chosen = [row for row in rows if body.get("overwrite") or row["data_hash"] not in there]
    copies = ensure_label_rows(call, project_hash, [row["data_hash"] for row in chosen], target)
    save_labels(
        call, project_hash, [(copy, row["labels"]) for copy, row in zip(copies, chosen, strict=True)], call.user
    )
    return {"copiedCount": len(copies)}
