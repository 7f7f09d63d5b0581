"""Projects through the older protocol, as the SDK's deprecated methods still ask for them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.labels import has_labels
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.ontologies import require_ontology
from include.encord_emulator.store.projects import is_member, project_role, require_project
from include.encord_emulator.store.tables import DATASETS, LABELS, PROJECT_DATASETS, PROJECTS
from include.encord_emulator.store.units import project_units
from include.encord_emulator.wire.projects import LegacyDetail, LegacyFilters, legacy_project
from include.encord_emulator.workflow.words import MAIN

routes = Routes()
DATASET_TYPE = "S3_COMPATIBLE_STR"


@routes.query("project", "GET")
def get_project(call: Call) -> Any:
    project = require_project(call, call.resource_id)
    wanted, project_hash = call.read(LegacyDetail), project["project_hash"]
    document = _document(call, project)
    document["datasets"] = _datasets(call, project_hash)
    if wanted.include_labels_metadata:
        document["label_rows"] = _label_rows(call, project_hash)
    return document


@routes.query("projectwithuserrole", "GET")
def list_projects(call: Call) -> Any:
    wanted = call.read(LegacyFilters).filter
    statement = sa.select(PROJECTS).where(is_member(call.user), *wanted.conditions(PROJECTS)).order_by(PROJECTS.c.seq)
    return [
        {"user_role": project_role(call, row["project_hash"], call.user), "project": _document(call, row)}
        for row in call.fetch(statement)
    ]


def _document(call: Call, project: Record) -> dict[str, Any]:
    return legacy_project(project, require_ontology(call, project["ontology_hash"])["editor"])


def _datasets(call: Call, project_hash: str) -> list[dict[str, Any]]:
    statement = (
        sa.select(DATASETS.c.dataset_hash, DATASETS.c.title, DATASETS.c.description)
        .join(PROJECT_DATASETS, PROJECT_DATASETS.c.dataset_hash == DATASETS.c.dataset_hash)
        .where(PROJECT_DATASETS.c.project_hash == project_hash)
        .order_by(PROJECT_DATASETS.c.seq)
    )
    return [row | {"dataset_type": DATASET_TYPE} for row in call.fetch(statement)]


def _label_rows(call: Call, project_hash: str) -> list[dict[str, Any]]:
    """Return every data unit with the label row of its main branch, if it has one."""
    statement = sa.select(LABELS).where(LABELS.c.project_hash == project_hash, LABELS.c.branch == MAIN)
    labels = {row["data_hash"]: row for row in call.fetch(statement)}
    return [_label_row(unit, labels.get(unit["data_hash"])) for unit in project_units(call.connection, project_hash)]


def _label_row(unit: Record, label: Record | None) -> dict[str, Any]:
    labelled = label is not None and has_labels(label["labels"])
    return {
        "label_hash": label["label_hash"] if label is not None else None,
        "data_hash": unit["data_hash"],
        "dataset_hash": unit["dataset_hash"],
        "dataset_title": unit["dataset_title"],
        "data_title": unit["title"],
        "data_type": unit["data_type"].upper(),
        "label_status": "LABELLED" if labelled else "NOT_LABELLED",
        "annotation_task_status": None,
    }
