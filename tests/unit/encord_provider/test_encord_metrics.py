"""Metrics as Airflow sends them: real OpenTelemetry over HTTP, from a process that ends as a task's does."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from encord_provider import metrics
from encord_provider.hooks.encord import EncordHook
from encord_provider.operators.dataset import EncordCreateDatasetOperator
from tests.conftest import ROOT
from tests.unit.encord_provider.provider_support import run, task_context

if TYPE_CHECKING:
    from tests.emulator.emulator_support import Control

PROGRAM = """
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory
from encord_provider import metrics
from encord_provider.operators.dataset import EncordCreateDatasetOperator
from tests.unit.encord_provider.provider_support import run, task_context

stats.initialize(factory=get_stats_factory(), export_legacy_names=True)  # as Airflow's task runner does
metrics.count_each(task_context(), "tasks_routed", "pathway", {"YES": 3, "NO": 0})
metrics.gauge(task_context(), "ground_truth_complete", 37)
run(EncordCreateDatasetOperator(task_id="t", title="New"))
"""
TAGS = {"dag_id": "benchmark_qa__roads", "task_id": "task", "campaign": "roads"}
Points = dict[str, list[tuple[dict[str, str], float]]]


@contextmanager
def collector() -> Iterator[tuple[int, Points]]:
    """Run an OpenTelemetry collector that keeps the points of our metrics by name."""
    points: Points = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            _take(points, ExportMetricsServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep the tests' output clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, points
        server.shutdown()


def _take(points: Points, request: ExportMetricsServiceRequest) -> None:
    for scope in (scope for resource in request.resource_metrics for scope in resource.scope_metrics):
        for metric in scope.metrics:
            data = metric.sum if metric.HasField("sum") else metric.gauge
            points[metric.name] = [
                ({one.key: one.value.string_value for one in point.attributes}, point.as_double or point.as_int)
                for point in data.data_points
            ]


@pytest.mark.emulator
def test_a_tasks_metrics_reach_an_opentelemetry_collector(encord_default: str, control: Control) -> None:
    with collector() as (port, points):
        environment = {
            **os.environ,
            "AIRFLOW__METRICS__OTEL_ON": "True",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(ROOT)]),
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert points["airflow.benchmark_qa.tasks_routed"] == [(TAGS | {"pathway": "YES"}, 3)]
    assert points["airflow.benchmark_qa.ground_truth_complete"] == [(TAGS, 37)]
    assert points["airflow.benchmark_qa.encord_requests"] == [(TAGS, len(control.requests()))]


@pytest.mark.emulator
def test_the_hook_counts_its_requests(encord_default: str, control: Control) -> None:
    hook = EncordHook(encord_default)
    hook.storage.integration_titles()
    hook.datasets.ensure("New")
    assert hook.requests == len(control.requests()) > 2


@pytest.mark.emulator
def test_a_task_that_fails_says_how_often_it_asked(
    encord_default: str, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(metrics.stats, "incr", lambda name, number, tags: sent.append((name, number)))  # noqa: ARG005
    control.call("POST", "faults", {"match": "datasets", "status": 403})
    with pytest.raises(ValueError, match="does the user of this key have access"):
        run(EncordCreateDatasetOperator(task_id="t", title="New"))
    assert sent == [("benchmark_qa.encord_requests", len(control.requests()))]


def test_metrics_that_are_switched_off_do_nothing() -> None:
    metrics.count(task_context(), "units_registered", 5, kind="benchmark")


def test_docs_name_every_metric() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(ROOT, "plugins/encord_provider").rglob("*.py")]
    page = (ROOT / "docs/observability.md").read_text(encoding="utf-8")
    named = {name for source in sources for name in _metric_names(source)}
    assert len(named) > 8
    assert not [name for name in named if f"`benchmark_qa.{name}`" not in page]


def _metric_names(source: str) -> list[str]:
    return re.findall(r'metrics\.(?:count|count_each|gauge)\(\s*context,\s*"(\w+)"', source)
