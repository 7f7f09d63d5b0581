"""The listing of label rows, with its many filters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import invalid
from include.encord_emulator.labels.documents import fresh_spaces
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.labels import label_facts
from include.encord_emulator.store.media import METADATA, granted_urls
from include.encord_emulator.store.progress import label_status, task_status, unit_statuses
from include.encord_emulator.store.projects import hash_of_scope, project_workflow
from include.encord_emulator.store.tables import LABELS, TASKS
from include.encord_emulator.store.units import group_parts, images_data, parts_of, project_units
from include.encord_emulator.wire.labels import ListRequest
from include.encord_emulator.wire.media import DATA_TYPES
from include.encord_emulator.workflow.template import Stage
from include.encord_emulator.workflow.words import MAIN

routes = Routes()
Row = dict[str, Any]
_NO_LINK = {"img_group", "dicom", "group"}
"""Made of several files, so that there is no link to the one (docstring of ``LabelRowV2.data_link``)."""


@routes.query("labelrowmetadata", "GET")
def list_label_rows(call: Call) -> Any:
    project_hash = hash_of_scope(call)
    wanted = call.read(ListRequest)
    if wanted.branch_name and wanted.include_all_label_branches:
        raise invalid("branch_name and include_all_label_branches exclude each other")
    if wanted.shadow_data_state == "SHADOW_DATA":
        return []  # no unit here is the annotators' view of a benchmark
    fits_title = _title_filter(wanted.data_title_eq, wanted.data_title_like)
    chosen = _data_hashes(call, project_hash, wanted)
    parts = group_parts(call.connection, project_hash, chosen or []) if wanted.include_children else []
    looked_up = None if chosen is None else [*chosen, *(part["group_hash"] for part in parts)]
    units = [unit for unit in project_units(call.connection, project_hash, looked_up) if fits_title(unit["title"])]
    listing = _Listing(call, project_hash, wanted, units, everything=chosen is None)
    rows = [row for unit in units for row in listing.rows(unit)]
    if not parts:
        return rows
    asked = set(chosen or ())
    return [row for row in rows if {row["data_hash"], row.get("group_hash")} & asked]


def _data_hashes(call: Call, project_hash: str, wanted: ListRequest) -> list[str] | None:
    """Return the data hashes that may be in the answer; ``None`` for all."""
    chosen = wanted.data_hashes
    if wanted.label_hashes is not None:
        statement = sa.select(LABELS.c.data_hash).where(LABELS.c.project_hash == project_hash)
        rows = fetch_in(call.connection, statement, LABELS.c.label_hash, wanted.label_hashes)
        by_label = {row["data_hash"] for row in rows}
        chosen = sorted(by_label if chosen is None else by_label.intersection(chosen))
    return chosen


def _title_filter(equal: str | None, like: str | None) -> Callable[[str], bool]:
    """Return the condition that a title is ``equal``, and like SQL's ``like``."""
    parts = ({"%": ".*", "_": "."}.get(character, re.escape(character)) for character in like or "%")
    pattern = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    return lambda title: (equal is None or title == equal) and (like is None or pattern.fullmatch(title) is not None)


class _Listing:
    """What the rows of a listing are made from, fetched once for all of them."""

    def __init__(
        self, call: Call, project_hash: str, wanted: ListRequest, units: Sequence[Record], *, everything: bool
    ) -> None:
        self._wanted = wanted
        hashes = None if everything else [unit["data_hash"] for unit in units]
        composite = {"group", "img_group"} if wanted.include_images_data else {"group"}
        self._children = parts_of(call.connection, [unit for unit in units if unit["data_type"] in composite])
        parts = [child["uuid"] for children in self._children.values() for child in children]
        self._labels: dict[str, dict[str, Record]] = defaultdict(dict)
        for row in label_facts(call, project_hash, None if hashes is None else hashes + parts):
            if wanted.include_all_label_branches or row["branch"] == (wanted.branch_name or MAIN):
                self._labels[row["data_hash"]][row["branch"]] = row
        self._stages = {stage.uuid: stage for stage in project_workflow(call.connection, project_hash).stages}
        self._tasks = _tasks(call, project_hash, hashes)
        self._statuses = unit_statuses(call, project_hash, [unit["data_hash"] for unit in units])
        linked = wanted.include_client_metadata and wanted.client_metadata_as_signed_url
        items = [unit["item_uuid"] for unit in units if linked and unit["client_metadata"] is not None]
        self._metadata_urls = granted_urls(call, METADATA, items) if items else {}
        self._fits_node = _title_filter(wanted.workflow_graph_node_title_eq, wanted.workflow_graph_node_title_like)
        self._label_hashes = None if wanted.label_hashes is None else set(wanted.label_hashes)

    def rows(self, unit: Record) -> Iterator[Row]:
        """Yield the rows of a data unit, one for each branch, and those of a data group's children."""
        task = self._tasks.get(unit["data_hash"])
        stage = self._stages[task["stage"]] if task else None
        if not self._fits_node(stage.title if stage else ""):
            return
        status = task_status(stage, task) if stage and task else None
        for branch, label in self._branches(unit["data_hash"]):
            if not self._fits(label, status, self._statuses.get(unit["data_hash"])):
                continue
            row = self._unit_part(unit) | _label_part(branch, label, self._statuses.get(unit["data_hash"]))
            row |= self._task_part(task, stage)
            yield row
            if self._wanted.include_children and unit["data_type"] == "group":
                yield from self._child_rows(unit, row)

    def _branches(self, data_hash: str) -> list[tuple[str, Record | None]]:
        """Return the branches to show; one without labels yet is shown where it was asked for, or is main."""
        labels = self._labels.get(data_hash, {})
        asked = self._wanted.branch_name or MAIN
        return [(asked, labels.get(asked)), *((name, row) for name, row in labels.items() if name != asked)]

    def _fits(self, label: Record | None, status: str | None, of_unit: str | None) -> bool:
        wanted = self._wanted
        if label is None and not wanted.include_uninitialised_labels:
            return False
        if self._label_hashes is not None and (label is None or label["label_hash"] not in self._label_hashes):
            return False
        if wanted.label_statuses is not None and not {status, label_status(label, of_unit)} & set(
            wanted.label_statuses
        ):
            return False
        if wanted.edited_before is None and wanted.edited_after is None:
            return True
        return label is not None and (
            (wanted.edited_before is None or label["edited_at"] < wanted.edited_before)
            and (wanted.edited_after is None or label["edited_at"] > wanted.edited_after)
        )

    def _unit_part(self, unit: Record) -> Row:
        wanted, children = self._wanted, self._children.get(unit["item_uuid"])
        row = {
            "data_hash": unit["data_hash"],
            "dataset_hash": unit["dataset_hash"],
            "dataset_title": unit["dataset_title"],
            "data_title": unit["title"],
            "backing_item_uuid": unit["item_uuid"],
            "spaces": fresh_spaces(unit, children),
            "is_shadow_data": False,
        } | _item_facts(unit)
        link = self._metadata_urls.get(unit["item_uuid"])
        inline = wanted.include_client_metadata and link is None
        row["client_metadata"] = unit["client_metadata"] if inline else None
        if wanted.client_metadata_as_signed_url:
            row["client_metadata_signed_url"] = link
        if wanted.include_images_data and unit["data_type"] == "img_group":
            row["images_data"] = images_data(children or [])
        return row

    def _child_rows(self, unit: Record, group_row: Row) -> Iterator[Row]:
        """Yield rows of a group's children; people label them in the spaces of the group."""
        branch = group_row["branch_name"]
        for child in self._children.get(unit["item_uuid"], []):
            yield group_row | _item_facts(child | {"data_type": DATA_TYPES.get(child["item_type"], "")}) | {
                "data_hash": child["uuid"],
                "group_hash": unit["data_hash"],
                "data_title": child["name"],
                "backing_item_uuid": child["uuid"],
                "spaces": {},
                "client_metadata": child["client_metadata"] if self._wanted.include_client_metadata else None,
            } | _label_part(branch, self._labels.get(child["uuid"], {}).get(branch), None)  # fmt: skip

    def _task_part(self, task: Record | None, stage: Stage | None) -> Row:
        if task is None or stage is None:
            return {"workflow_graph_node": None, "annotation_task_status": None}
        node = {"uuid": stage.uuid, "title": stage.title} if self._wanted.include_workflow_graph_node else None
        return {
            "workflow_graph_node": node,
            "annotation_task_status": task_status(stage, task),
            "task_uuid": None if stage.type == "CONSENSUS_ANNOTATION" else task["uuid"],
            "priority": None if stage.type == "DONE" else task["priority"],
            "assigned_user_email": task["assignee"],
            "last_actioned_by_user_email": task["last_actioned_by"],
        }


def _tasks(call: Call, project_hash: str, data_hashes: list[str] | None) -> dict[str, Record]:
    statement = sa.select(TASKS).where(TASKS.c.project_hash == project_hash, TASKS.c.visible_at <= call.now)
    if data_hashes is None:
        rows = call.fetch(statement)
    else:
        rows = fetch_in(call.connection, statement, TASKS.c.data_hash, data_hashes)
    return {row["data_hash"]: row for row in rows}


def _item_facts(unit: Record) -> Row:
    """Return what a row tells of the media."""
    media = unit["media"]
    return {
        "data_type": unit["data_type"].upper(),
        "data_link": None if unit["data_type"] in _NO_LINK else unit["url"],
        "number_of_frames": media["frames"],
        "frames_per_second": media["fps"],
        "duration": media["duration"],
        "width": media["width"],
        "height": media["height"],
        "file_type": media["mime"],
        **{f"audio_{name}": value for name, value in (media["audio"] or {}).items()},
    }


def _label_part(branch: str, label: Record | None, of_unit: str | None) -> Row:
    return {
        "branch_name": branch,
        "label_hash": label["label_hash"] if label else None,
        "label_status": label_status(label, of_unit),
        "created_at": label["created_at"] if label else None,
        "last_edited_at": label["edited_at"] if label else None,
        "is_valid": not (label and label["problems"]),
    }
