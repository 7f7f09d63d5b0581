"""When a wait is over: counted from a task's first try, not from each retry anew."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Context

KEY = "deadline"


def keep_deadline(context: Context, timeout: float) -> float:
    """
    Return when a wait that may last ``timeout`` seconds is over, in seconds since the epoch.

    It is kept in Airflow's task state store, where a retry finds it. A person who clears the task wants it to wait
    again: clearing raises the task's ``max_tries``, which a retry does not, and so tells the two apart.
    """
    fresh = time.time() + timeout
    store = context.get("task_state_store")
    if store is None:  # a task that is run without Airflow's API
        return fresh
    max_tries, kept = context["ti"].max_tries, store.get(KEY)
    if isinstance(kept, dict) and kept.get("max_tries") == max_tries:
        return float(str(kept["end_time"]))
    store.set(KEY, {"end_time": fresh, "max_tries": max_tries}, retention=timedelta(seconds=2 * timeout))
    return fresh
