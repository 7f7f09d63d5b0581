"""The asset's state store as the place where one pass leaves its cursor for the next."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowRuntimeError

from include.benchmark_qa.ledger.cursor import Cursor, load_cursor

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)
KEY = "last_pass"


def read_cursor(context: Context) -> Cursor | None:
    """Return what the last pass left with the task's one asset; None where there is nothing, or no such store."""
    store = _store(context)
    try:
        return load_cursor(store.get(KEY)) if store is not None else None
    except AirflowRuntimeError as error:
        log.warning("The last pass is not known, so everything is looked at: %s", error)
        return None


def write_cursor(context: Context, cursor: Cursor) -> None:
    """Leave a cursor with the task's one asset; where that fails, the next pass looks at everything."""
    store = _store(context)
    try:
        if store is not None:
            store.set(KEY, cursor.dump())
    except AirflowRuntimeError as error:
        log.warning("This pass cannot be remembered, so the next one looks at everything: %s", error)


def _store(context: Context) -> Any:
    # Airflow gives the store to tasks with an asset only, and only within Airflow.
    return context.get("asset_state_store")
