from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier, Context

    from include.benchmark_qa.ledger.actions import ActionRecord
    from include.benchmark_qa.policy import AnnotatorAction
    from include.benchmark_qa.scoring.settings import DecisionSettings, NotifierSettings


@dataclass(frozen=True, slots=True)
class Notice:
    """
    What a notifier's templates find under ``annotator``.

    ``action`` is the policy's, ``notify`` or ``remove``; rates are shares in [0, 1], ``low`` and ``high`` the ends of
    the 95 % interval. ``note`` says why somebody was not removed, and what to do. ``notice_id`` stays the same when a
    notice is sent again, as after a kill while it was sent.
    """

    email: str
    decision: str
    action: str
    reason: str
    submissions: int
    passes: int
    pass_rate: float
    low: float
    high: float
    required_pass_rate: float
    min_tasks: int
    project_url: str
    note: str
    notice_id: str


class Notifiers:
    """
    The campaign's notifiers, each of which is told of an annotator once for each decision.

    :raises ValueError: one of them is not there, is no notifier, or does not take its arguments
    """

    def __init__(self, settings: Sequence[NotifierSettings]) -> None:
        self._settings = dict(zip(_names(settings), settings, strict=True))
        for position, one in enumerate(settings):
            _make(one, position)

    @property
    def names(self) -> list[str]:
        """What each is called in the records: its import path, with a number where a path is there twice."""
        return list(self._settings)

    def send(self, name: str, notice: Notice, context: Context) -> None:
        """Send one notice; whatever goes wrong is the notifier's own error."""
        # Made anew each time, since a notifier replaces its templates by what they gave.
        _make(self._settings[name], 0)({**context, "annotator": notice})


def notice_of(
    person: AnnotatorAction, record: ActionRecord, decision: DecisionSettings, project_url: str, note: str
) -> Notice:
    """Return what is told of an annotator whose decision is FAIL."""
    return Notice(
        email=person.annotator_email,
        decision="FAIL",
        action=person.action,
        reason=person.reason,
        submissions=person.submissions,
        passes=person.passes,
        pass_rate=person.passes / person.submissions,
        low=person.low,
        high=person.high,
        required_pass_rate=decision.required_pass_rate,
        min_tasks=decision.min_tasks,
        project_url=project_url,
        note=note,
        notice_id=record.key,
    )


def _names(settings: Sequence[NotifierSettings]) -> list[str]:
    paths = [one.notifier for one in settings]
    counted = [(path, paths[:position].count(path)) for position, path in enumerate(paths)]
    return [f"{path} {before + 1}" if before else path for path, before in counted]


def _make(settings: NotifierSettings, position: int) -> BaseNotifier:
    from airflow.sdk import BaseNotifier

    field = f"policy.notify.{position}"
    try:
        found: Any = pkgutil.resolve_name(settings.notifier)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"{field}.notifier: {settings.notifier} cannot be imported ({error}): correct the path, or install the "
            "provider that it belongs to"
        ) from None
    if not (isinstance(found, type) and issubclass(found, BaseNotifier)):
        raise ValueError(f"{field}.notifier: {settings.notifier} is no notifier, a subclass of Airflow's BaseNotifier")
    try:
        return found(**settings.arguments)
    except TypeError as error:
        raise ValueError(f"{field}.arguments: {settings.notifier} does not take them: {error}") from None
