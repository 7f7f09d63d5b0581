"""What a task tells of the assets that it has made or changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context


def describe_outlets(context: Context, outlets: Iterable[Any], facts: Mapping[str, Any]) -> None:
    """Put facts into the events of a task's outlets: what those that they trigger, and people, want to know."""
    for asset in outlets:
        context["outlet_events"][asset].extra.update(facts)
