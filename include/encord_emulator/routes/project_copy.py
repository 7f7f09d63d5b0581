"""Copying a project."""

from __future__ import annotations

from typing import Any

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import not_found
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.new_projects import insert_project
from include.encord_emulator.store.project_copy import clone_data, copy_labels, copy_people
from include.encord_emulator.store.project_datasets import attach, attached
from include.encord_emulator.store.projects import require_managed_project
from include.encord_emulator.store.tables import PROJECTS
from include.encord_emulator.store.titles import refuse_taken_title
from include.encord_emulator.store.units import project_units
from include.encord_emulator.wire.project_copy import CopyLabels, CopyMetadata, ProjectCopy

routes = Routes()


@routes.query("projectcopy", "POST")
def copy_project(call: Call) -> Any:
    """
    Copy a project with its ontology and workflow, and with what the options name; models are passed over.

    Labels are copied only where the data units are, attached or cloned. All tasks begin anew.
    """
    source = require_managed_project(call, call.resource_id, by_admin=True)
    given = call.read(ProjectCopy)
    options, texts = given.copy_labels_options or CopyLabels(), given.project_copy_metadata or CopyMetadata()
    datasets = attached(call, source["project_hash"])
    for dataset_hash in options.datasets_to_data_hashes_map:
        if dataset_hash not in datasets:
            raise not_found("dataset", dataset_hash)
    target = _new_project(call, source, texts)
    data_hashes: dict[str, str] = {}
    if "datasets" in given.copy_project_options:
        attach(call, target, datasets)
        data_hashes = {unit["data_hash"]: unit["data_hash"] for unit in project_units(call.connection, target)}
    if options.create_new_dataset:
        data_hashes = _clone(call, source, target, options, texts)
    if "labels" in given.copy_project_options:
        copy_labels(call, source["project_hash"], target, data_hashes, options)
    if "collaborators" in given.copy_project_options:
        copy_people(call, source["project_hash"], target)
    return target


def _new_project(call: Call, source: Record, texts: CopyMetadata) -> str:
    title = texts.project_title or f"Copy of {source['title']}"
    refuse_taken_title(call, "project", PROJECTS.c.title, title)
    description = source["description"] if texts.project_description is None else texts.project_description
    kept = {name: source[name] for name in ("ontology_hash", "template", "workflow")}
    return insert_project(call, kept | {"title": title, "description": description})


def _clone(call: Call, source: Record, target: str, options: CopyLabels, texts: CopyMetadata) -> dict[str, str]:
    title = texts.dataset_title or f"Data of {source['title']}"
    dataset_hash, data_hashes = clone_data(
        call, source["project_hash"], title, texts.dataset_description or "", options.datasets_to_data_hashes_map
    )
    attach(call, target, [dataset_hash])
    return data_hashes
