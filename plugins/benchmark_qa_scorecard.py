"""Airflow's UI shows a campaign's scorecard as a tab, on its Dags and on each of their runs."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from include.scorecard_tab.lazy import URL_PREFIX, scorecard_app


def _tab(destination: str) -> dict[str, str]:
    return {
        "name": "Scorecard",
        "href": f"{URL_PREFIX}/{{DAG_ID}}",
        "destination": destination,
        "url_route": f"scorecard-{destination.replace('_', '-')}",
    }


class BenchmarkQAScorecardPlugin(AirflowPlugin):
    """The tab and the pages behind it."""

    name = "benchmark_qa_scorecard"
    fastapi_apps = [{"app": scorecard_app, "url_prefix": URL_PREFIX, "name": "Benchmark QA scorecard"}]  # noqa: RUF012 - Airflow's form
    external_views = [_tab("dag"), _tab("dag_run")]  # noqa: RUF012 - Airflow's form
