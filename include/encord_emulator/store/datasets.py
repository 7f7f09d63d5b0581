"""Datasets: finding them, and the roles that people have in them."""

from __future__ import annotations

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import not_found
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.tables import DATASETS

ADMIN, USER = 0, 1


def require_dataset(call: Call, dataset_hash: str) -> Record:
    """Return a dataset, or refuse with 404."""
    dataset = call.fetch_one(sa.select(DATASETS).where(DATASETS.c.dataset_hash == dataset_hash))
    if dataset is None:
        raise not_found("dataset", dataset_hash)
    return dataset
