"""
Counts and durations as Airflow's own metrics; ``docs/observability.md`` names them all.

Where an installation has metrics switched off, as is Airflow's default, every call here does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow.sdk.observability import stats

if TYPE_CHECKING:
    from airflow.sdk import Context

PREFIX = "benchmark_qa."


def count(context: Context, name: str, number: int, **tags: str) -> None:
    """Add to a counter, such as ``benchmark_qa.units_registered``; nothing is sent of nothing."""
    if number:
        stats.incr(f"{PREFIX}{name}", number, tags=_tags(context) | tags)


def count_each(context: Context, name: str, tag: str, numbers: Mapping[str, int]) -> None:
    """Add to a counter once for each value of a tag: ``{"YES": 3, "NO": 7}``."""
    for value, number in numbers.items():
        count(context, name, number, **{tag: value})


def gauge(context: Context, name: str, value: float, **tags: str) -> None:
    """Tell how much of something there is now."""
    stats.gauge(f"{PREFIX}{name}", value, tags=_tags(context) | tags)


def _tags(context: Context) -> dict[str, str]:
    """Return what Airflow's own metrics of a task carry, and the campaign where the Dag's id names it after ``__``."""
    ti = context["ti"]
    campaign = ti.dag_id.partition("__")[2]
    return {"dag_id": ti.dag_id, "task_id": ti.task_id} | ({"campaign": campaign} if campaign else {})
