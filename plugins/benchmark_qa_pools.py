"""Sees to it that the pools exist in which tasks call Encord."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from encord_provider import pool_listener


class BenchmarkQAPoolsPlugin(AirflowPlugin):
    """The listener."""

    name = "benchmark_qa_pools"
    listeners = [pool_listener]  # noqa: RUF012 - Airflow's form
