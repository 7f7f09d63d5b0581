"""One task of a pass in a process of its own, with what it asked of Encord and of the workspace."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

AGENT, SCORED = "Benchmark Task?", "Consensus 1"
LOOKS = {"project_title": "production", "agent_stage": AGENT}
TRAFFIC = dict.fromkeys(("requests", "sent", "received", "reads", "read", "writes", "written", "listed"), 0)


class CountingBucket:
    """A workspace that counts the objects it reads, writes and lists, and their bytes."""

    def __init__(self, bucket: Any) -> None:
        self._bucket = bucket

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bucket, name)

    def read(self, key: str) -> bytes:
        content: bytes = self._bucket.read(key)
        _count(reads=1, read=len(content))
        return content

    def write(self, key: str, data: bytes) -> None:
        _count(writes=1, written=len(data))
        self._bucket.write(key, data)

    def list(self, prefix: str = "", **options: Any) -> Any:
        for batch in self._bucket.list(prefix, **options):
            _count(listed=len(batch))
            yield batch


def prepare(folder: str, name: str, argument: str) -> Callable[[], dict[str, Any]]:
    """Return a task as work; its own result goes into a file beside the workspace, for the task after it."""
    # What any task imports is not the pass's.
    import encord.workflow  # noqa: F401

    import include.benchmark_qa.results.report  # noqa: F401
    import include.benchmark_qa.scoring.scored  # noqa: F401

    _count_requests()
    _count_objects()
    given = json.loads(argument)
    # Of many batches, as a campaign's history has them, all are scored in one process: to start one takes seconds.
    operators = [operator_of(Path(folder), name, one) for one in (given if name == "score_labels" else [given])]

    def work() -> dict[str, Any]:
        before = _resident_mb()
        result = [execute(operator, Path(folder)) for operator in operators]
        return {"result": result, "resident_mb": before} | TRAFFIC

    return work


def execute(operator: Any, folder: Path) -> Any:
    """Run an operator as Airflow would; what it keeps with an asset is kept in the folder."""
    from airflow.sdk.exceptions import AirflowSkipException

    store = _Store(folder / "memory.pickle")
    instance = SimpleNamespace(start_date=datetime.now(UTC), xcom_push=lambda **_: None, dag_id="d", task_id="t")
    context = {"ti": instance, "run_id": "r", "dag_run": SimpleNamespace(run_type="manual"), "asset_state_store": store}
    try:
        return operator.execute(context)
    except AirflowSkipException as skipped:
        return f"skipped: {skipped}"


def operator_of(folder: Path, name: str, argument: Any = None) -> Any:
    """
    Return a task of a pass over the project of ``pass_world``, with its workspace in the folder.

    :param argument: what the task takes from the one before it: a batch, or what became of batches
    """
    from encord_provider.operators.decisions import EncordApplyDecisionsOperator
    from encord_provider.operators.labels import EncordScoreLabelsOperator
    from encord_provider.operators.passes import EncordFindWorkOperator, RememberPassOperator
    from encord_provider.operators.scorecard import PublishScoresOperator
    from encord_provider.operators.submissions import EncordListSubmissionsOperator
    from encord_provider.operators.workflow import EncordRouteTasksOperator

    workspace: dict[str, Any] = {"workspace": str(folder / "workspace")}
    project: dict[str, Any] = workspace | {"project_hash": _project_hash()}
    operators: dict[str, tuple[type[Any], dict[str, Any]]] = {
        "find_work": (EncordFindWorkOperator, LOOKS | {"scored_stage": SCORED, "terms": {}} | workspace),
        "route_tasks": (EncordRouteTasksOperator, LOOKS | {"benchmark_dataset_title": "benchmark"} | workspace),
        "list_submissions": (
            EncordListSubmissionsOperator,
            project
            | {"scored_stage": SCORED, "benchmark_project_title": "benchmark", "settings": {}, "batch_size": 200},
        ),
        "score_labels": (EncordScoreLabelsOperator, project | {"batch": argument, "campaign": "c", "settings": {}}),
        "apply_decisions": (
            EncordApplyDecisionsOperator,
            project
            | {"scores": argument, "scored_stage": SCORED, "policy": {"on_pass": "approve", "on_fail": "approve"}},
        ),
        "publish_scores": (PublishScoresOperator, workspace | {"campaign_title": "C", "decision": {}, "settings": {}}),
        "remember_pass": (RememberPassOperator, project | {"terms": {}}),
    }
    kind, settings = operators[name]
    return kind(task_id=name, **settings)


def _project_hash() -> str:
    from include.encord_emulator.seeding.items import stable_uuid

    return stable_uuid("project", "production")


class _Store:
    """What Airflow keeps with an asset, in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, key: str) -> Any:
        return pickle.loads(self._file.read_bytes())[key] if self._file.exists() else None  # noqa: S301 - our own

    def set(self, key: str, value: Any) -> None:
        self._file.write_bytes(pickle.dumps({key: value}))


def _count_requests() -> None:
    import requests.adapters as http

    plain = http.HTTPAdapter.send

    def send(self: Any, request: Any, **options: Any) -> Any:
        answer = plain(self, request, **options)
        _count(requests=1, sent=len(request.body or b"") + len(request.url), received=len(answer.content))
        return answer

    http.HTTPAdapter.send = send  # type: ignore[method-assign]


def _count_objects() -> None:
    import include.object_storage as storage

    plain = storage.open_bucket
    storage.open_bucket = lambda uri, **options: CountingBucket(plain(uri, **options))  # type: ignore[assignment, return-value]


def _count(**counts: int) -> None:
    for name, count in counts.items():
        TRAFFIC[name] += count


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6
