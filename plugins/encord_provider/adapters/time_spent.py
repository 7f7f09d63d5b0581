"""How long people worked on the units of a consensus block, and when they submitted them, where Encord tells."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from uuid import UUID

from encord_provider.adapters.project_client import project_client
from include.benchmark_qa.ledger.moments import stamp

if TYPE_CHECKING:
    from encord.project import Project
    from encord.user_client import EncordUserClient

    from encord_provider.adapters.workflow import WorkflowAdapter

log = logging.getLogger(__name__)
T = TypeVar("T")

# Units that one request may name: each takes about 50 of the few thousand characters of an address.
MOST_UNITS = 50
# Of so many units it pays to ask by name: beyond, the history of the block is less to ask for, however long it is.
FEW_UNITS = 1_000

# Data hash and the annotator's e-mail address.
WorkKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class AnnotationTimes:
    """
    What Encord tells of the work in one block; what it does not tell is missing.

    ``seconds`` are summed over days, and over the rounds of a unit that was sent back. ``submitted_at`` is the last
    time, as the ledger writes moments.
    """

    seconds: dict[WorkKey, float] = field(default_factory=dict)
    submitted_at: dict[WorkKey, str] = field(default_factory=dict)


class TimeAdapter:
    """Read analytics, which are reported and decide nothing: none of their faults is raised."""

    def __init__(self, client: EncordUserClient, workflow: WorkflowAdapter) -> None:
        self._client = client
        self._workflow = workflow

    def annotation_times(self, project_hash: str, stage_title: str, data_hashes: Collection[str]) -> AnnotationTimes:
        """
        Return the times of the annotation of some units in a consensus block.

        Never raises; an answer cut short counts as none. The times may be those of more units than asked for: up to
        1,000 units are asked for by name, 50 in a request, of more the whole history of the block.
        """
        place = _told("the stage", lambda: self._place(project_hash, stage_title)) if data_hashes else None
        if place is None:
            return AnnotationTimes()
        units = [UUID(one) for one in sorted(set(data_hashes))]
        named = [units[start : start + MOST_UNITS] for start in range(0, len(units), MOST_UNITS)]
        asked: Sequence[list[UUID] | None] = named if len(units) <= FEW_UNITS else [None]
        return AnnotationTimes(
            seconds=_told("time spent", lambda: _merged(_seconds(self._client, *place, only) for only in asked)) or {},
            submitted_at=_told("task actions", lambda: _merged(_submitted_at(*place, only) for only in asked)) or {},
        )

    def _place(self, project_hash: str, stage_title: str) -> tuple[Project, str]:
        return self._client.get_project(project_hash), self._workflow.annotation_uuid(project_hash, stage_title)


def _merged(parts: Iterable[Mapping[WorkKey, T]]) -> dict[WorkKey, T]:
    """Return the parts as one; no unit is in two of them."""
    return {key: value for part in parts for key, value in part.items()}


def _told(what: str, ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - a score without its time is better than no score
        log.warning("Encord does not tell when people worked (%s): %s: %s", what, type(error).__name__, error)
        return None


def _seconds(
    client: EncordUserClient, project: Project, stage_uuid: str, only: list[UUID] | None
) -> dict[WorkKey, float]:
    from encord.orm.analytics import TimeSpentParams

    # The project's own method takes no units.
    asked = TimeSpentParams(
        project_uuid=project.project_hash,
        after=_beginning(project),
        before=datetime.now(UTC),
        workflow_stage_uuids=[UUID(stage_uuid)],
        data_uuids=only,
    )
    spent: dict[WorkKey, float] = defaultdict(float)
    for one in project_client(client, project.project_hash).get_time_spent(asked):
        spent[str(one.data_uuid), one.user_email] += one.time_spent_seconds
    return dict(spent)


def _submitted_at(project: Project, stage_uuid: str, only: list[UUID] | None) -> dict[WorkKey, str]:
    from encord.orm.analytics import TaskActionType

    # With an end of our own: the one that the SDK fills in carries no zone.
    actions = project.get_task_actions(
        after=_beginning(project),
        before=datetime.now(UTC),
        action_type=TaskActionType.SUBMIT,
        workflow_stage_uuid=stage_uuid,
        data_unit_uuid=only,
    )
    submitted: dict[WorkKey, str] = {}
    for one in actions:
        key = str(one.data_unit_uuid), one.actor_email
        submitted[key] = max(submitted.get(key, ""), stamp(one.timestamp))
    return submitted


def _beginning(project: Project) -> datetime:
    # A day early: time spent is told per day, and a day begins before what happens on it.
    return datetime.fromisoformat(stamp(project.created_at)) - timedelta(days=1)
