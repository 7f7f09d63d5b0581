"""The listing of label rows, with its many filters."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.labels import has_labels
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.projects import project_workflow, require_project
from include.encord_emulator.store.tables import LABELS, TASKS
from include.encord_emulator.store.units import children_of, images_data, project_units
from include.encord_emulator.workflow.engine import MAIN

routes = Routes()


@routes.query("labelrowmetadata", "GET")
def list_label_rows(call: Call) -> Any:
    project_hash, wanted = require_project(call, call.resource_id)["project_hash"], call.body or {}
    if wanted.get("branch_name") and wanted.get("include_all_label_branches"):
        raise invalid("branch_name and include_all_label_branches exclude each other")
    units = project_units(call.connection, project_hash, _data_hashes(call, project_hash, wanted))
    labels = _labels(call, project_hash, units, wanted)
    tasks = _tasks(call, project_hash, units)
    stages = {stage.uuid: stage for stage in project_workflow(call.connection, project_hash).stages}
    children = children_of(call.connection, units) if wanted.get("include_images_data") else {}
    rows = []
    for unit in units:
        for branch, label in _branches(labels[unit["data_hash"]], wanted):
            row = (
                _unit_part(unit, wanted) | _label_part(branch, label) | _task_part(tasks.get(unit["data_hash"]), stages)
            )
            if unit["item_uuid"] in children:
                row["images_data"] = images_data(children[unit["item_uuid"]])
            rows.append(row)
    return [row for row in rows if _fits(row, wanted)]


def _data_hashes(call: Call, project_hash: str, wanted: dict[str, Any]) -> list[str] | None:
    """Return the data hashes that may be in the answer; ``None`` for all."""
    chosen = wanted.get("data_hashes")
    if wanted.get("label_hashes") is not None:
        statement = sa.select(LABELS.c.data_hash).where(LABELS.c.project_hash == project_hash)
        rows = fetch_in(call.connection, statement, LABELS.c.label_hash, wanted["label_hashes"])
        by_label = {row["data_hash"] for row in rows}
        chosen = [data_hash for data_hash in chosen if data_hash in by_label] if chosen else sorted(by_label)
    return chosen


def _labels(call: Call, project_hash: str, units: list[Record], wanted: dict[str, Any]) -> dict[str, dict[str, Record]]:
    """Return the label rows of the units by data hash and branch."""
    statement = sa.select(LABELS).where(LABELS.c.project_hash == project_hash)
    if not wanted.get("include_all_label_branches"):
        statement = statement.where(LABELS.c.branch == (wanted.get("branch_name") or MAIN))
    found: dict[str, dict[str, Record]] = defaultdict(dict)
    hashes = [unit["data_hash"] for unit in units]
    for row in fetch_in(call.connection, statement.order_by(LABELS.c.seq), LABELS.c.data_hash, hashes):
        found[row["data_hash"]][row["branch"]] = row
    return found


def _branches(labels: dict[str, Record], wanted: dict[str, Any]) -> list[tuple[str, Record | None]]:
    """Return the branches to show of a unit; one without labels yet is shown where it was asked for, or is main."""
    asked = wanted.get("branch_name") or MAIN
    return [(asked, labels.get(asked)), *((name, row) for name, row in labels.items() if name != asked)]


def _tasks(call: Call, project_hash: str, units: list[Record]) -> dict[str, Record]:
    statement = sa.select(TASKS).where(TASKS.c.project_hash == project_hash, TASKS.c.visible_at <= call.now)
    rows = fetch_in(call.connection, statement, TASKS.c.data_hash, [unit["data_hash"] for unit in units])
    return {row["data_hash"]: row for row in rows}


def _unit_part(unit: Record, wanted: dict[str, Any]) -> dict[str, Any]:
    media = unit["media"]
    return {
        "data_hash": unit["data_hash"],
        "dataset_hash": unit["dataset_hash"],
        "dataset_title": unit["dataset_title"],
        "data_title": unit["title"],
        "data_type": unit["data_type"].upper(),
        "data_link": unit["url"],
        "backing_item_uuid": unit["item_uuid"],
        "spaces": {},
        "is_shadow_data": False,
        "number_of_frames": media["frames"],
        "frames_per_second": media["fps"],
        "duration": media["duration"],
        "width": media["width"],
        "height": media["height"],
        "file_type": media["mime"],
        "client_metadata": unit["client_metadata"] if wanted.get("include_client_metadata") else None,
        **{f"audio_{name}": value for name, value in (media["audio"] or {}).items()},
    }


def _label_part(branch: str, label: Record | None) -> dict[str, Any]:
    if label is None:
        return {"branch_name": branch, "label_hash": None, "label_status": "NOT_LABELLED", "is_valid": True}
    return {
        "branch_name": branch,
        "label_hash": label["label_hash"],
        "label_status": "LABELLED" if has_labels(label["labels"]) else "NOT_LABELLED",
        "created_at": label["created_at"],
        "last_edited_at": label["edited_at"],
        "is_valid": True,
    }


def _task_part(task: Record | None, stages: dict[str, Any]) -> dict[str, Any]:
    if task is None:
        return {"workflow_graph_node": None, "annotation_task_status": None}
    stage = stages[task["stage"]]
    return {
        "workflow_graph_node": {"uuid": stage.uuid, "title": stage.title},
        "annotation_task_status": None,
        "task_uuid": None if stage.type == "CONSENSUS_ANNOTATION" else task["uuid"],
        "priority": None if stage.type == "DONE" else task["priority"],
        "assigned_user_email": task["assignee"],
        "last_actioned_by_user_email": task["last_actioned_by"],
    }


def _node_title(row: dict[str, Any]) -> str:
    return str((row["workflow_graph_node"] or {}).get("title", ""))


def _fits(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    if wanted.get("include_uninitialised_labels") is False and row["label_hash"] is None:
        return False
    if wanted.get("label_hashes") is not None and row["label_hash"] not in wanted["label_hashes"]:
        return False
    if wanted.get("label_statuses") is not None and row["label_status"] not in wanted["label_statuses"]:
        return False
    return _titles_fit(row, wanted) and _moment_fits(row, wanted)


def _titles_fit(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    titles = {"data_title": row["data_title"], "workflow_graph_node_title": _node_title(row)}
    for name, title in titles.items():
        equal, like = wanted.get(f"{name}_eq"), wanted.get(f"{name}_like")
        if equal is not None and title != equal:
            return False
        if like is not None and not _sql_like(title, like):
            return False
    return True


def _sql_like(text: str, pattern: str) -> bool:
    parts = ({"%": ".*", "_": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch("".join(parts), text, re.IGNORECASE | re.DOTALL) is not None


def _moment_fits(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    before, after, edited = wanted.get("edited_before"), wanted.get("edited_after"), row.get("last_edited_at")
    if before is None and after is None:
        return True
    if edited is None:
        return False
    return (before is None or edited < clock.normalise(before, "edited_before")) and (
        after is None or edited > clock.normalise(after, "edited_after")
    )
