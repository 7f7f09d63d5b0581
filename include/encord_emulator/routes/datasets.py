"""Datasets: making, finding and reading them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.filters import ListingFilters
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.datasets import ADMIN, USER, require_dataset
from include.encord_emulator.store.folders import make_folder
from include.encord_emulator.store.projects import is_organisation_admin
from include.encord_emulator.store.tables import DATASET_GROUPS, DATASET_USERS, DATASETS, GROUP_USERS
from include.encord_emulator.store.titles import refuse_taken_title
from include.encord_emulator.store.units import dataset_units
from include.encord_emulator.wire.data_rows import STORAGE_LOCATION, AccessSettings, row_dtos
from include.encord_emulator.wire.payload import Name, Payload

routes = Routes()
_ROLES = {ADMIN: "admin", USER: "user"}


class DatasetPayload(Payload):
    """``CreateDatasetPayload``; ``legacy_call`` is for Encord's statistics."""

    title: Name
    description: str | None = None
    create_backing_folder: bool = False
    legacy_call: bool = False


class DatasetQuery(Payload):
    """The payload of the legacy ``dataset`` query."""

    dataset_access_settings: AccessSettings = AccessSettings()


@routes.on("POST", "datasets")
def create_dataset(call: Call) -> Any:
    given = call.read(DatasetPayload)
    refuse_taken_title(call, "dataset", DATASETS.c.title, given.title)
    folder = make_folder(call, given.title)["uuid"] if given.create_backing_folder else None
    dataset = {
        "dataset_hash": str(uuid4()),
        "title": given.title,
        "description": given.description or "",
        "backing_folder": folder,
        "owner": call.user,
        "created_at": call.now,
        "edited_at": call.now,
    }
    call.insert(DATASETS, dataset)
    call.insert(DATASET_USERS, {"dataset_hash": dataset["dataset_hash"], "email": call.user, "role": ADMIN})
    return {"datasetUuid": dataset["dataset_hash"], "backingFolderUuid": folder}


@routes.on("GET", "datasets/list")
def list_datasets(call: Call) -> Any:
    conditions = call.arguments(ListingFilters).conditions(DATASETS)
    datasets = call.fetch(sa.select(DATASETS).where(*conditions).order_by(DATASETS.c.seq))
    roles = _own_roles(call)
    default = ADMIN if is_organisation_admin(call, call.user) else None
    return {"result": [_dataset_dto(row, roles.get(row["dataset_hash"], default)) for row in datasets]}


def _own_roles(call: Call) -> dict[str, int]:
    """Return the caller's roles by dataset, the stronger of his own and his groups'."""
    own = sa.select(DATASET_USERS.c.dataset_hash, DATASET_USERS.c.role).where(DATASET_USERS.c.email == call.user)
    through_groups = (
        sa.select(DATASET_GROUPS.c.dataset_hash, DATASET_GROUPS.c.role)
        .join(GROUP_USERS, GROUP_USERS.c.group_hash == DATASET_GROUPS.c.group_hash)
        .where(GROUP_USERS.c.email == call.user)
    )
    found = [(row["dataset_hash"], row["role"]) for row in (*call.fetch(own), *call.fetch(through_groups))]
    return dict(sorted(found, key=lambda pair: -pair[1]))


def _dataset_dto(dataset: Record, role: int | None) -> dict[str, Any]:
    return {
        "datasetUuid": dataset["dataset_hash"],
        "title": dataset["title"],
        "description": dataset["description"],
        "createdAt": dataset["created_at"],
        "lastEditedAt": dataset["edited_at"],
        "userRole": None if role is None else _ROLES[role],
        "storageLocation": STORAGE_LOCATION,
        "backingFolderUuid": dataset["backing_folder"],
    }


@routes.query("dataset", "GET")
def get_dataset(call: Call) -> Any:
    dataset, settings = require_dataset(call, call.resource_id), call.read(DatasetQuery).dataset_access_settings
    units = dataset_units(call.connection, dataset["dataset_hash"]) if settings.fetch_rows else []
    return {
        "dataset_hash": dataset["dataset_hash"],
        "title": dataset["title"],
        "description": dataset["description"],
        "dataset_type": "S3_COMPATIBLE_STR",
        "data_rows": row_dtos(call, units, with_metadata=settings.fetch_client_metadata),
        "backing_folder_uuid": dataset["backing_folder"],
    }
