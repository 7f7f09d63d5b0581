"""Tells Airflow of the timetables that campaigns use, so that it can read the Dags that it has stored."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from encord_provider.timetables import BackfillTimetable


class BenchmarkQATimetablesPlugin(AirflowPlugin):
    """The timetables."""

    name = "benchmark_qa_timetables"
    timetables = [BackfillTimetable]  # noqa: RUF012 - Airflow's form
