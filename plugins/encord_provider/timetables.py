"""When a campaign's first Dag runs, beside the timetables that come with Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.timetables.interval import CronDataIntervalTimetable

if TYPE_CHECKING:
    from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction


class BackfillTimetable(CronDataIntervalTimetable):
    """
    Data intervals for backfills alone: nothing is ever scheduled by itself.

    The scheduler asks for a Dag's next run with the Dag's ``catchup``, a backfill always with ``catchup=True``; so this
    goes with ``catchup=False``. Airflow has none of the sort: ``schedule=None`` refuses backfills.
    """

    @property
    def summary(self) -> str:
        """What the list of Dags shows as the schedule."""
        return "On request"

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the next interval of a backfill, and to the scheduler nothing."""
        if not restriction.catchup:
            return None
        return super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=restriction
        )
