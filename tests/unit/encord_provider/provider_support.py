"""What the provider's tests share: the part of Airflow's context that our operators use, and campaigns' names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk.exceptions import TaskDeferred
from encord.objects import LabelRowV2, OntologyStructure
from encord.objects.coordinates import BoundingBoxCoordinates
from encord.orm.storage import CustomerProvidedImageMetadata

from encord_provider.operators.dataset import EncordCreateDatasetOperator
from encord_provider.operators.project import EncordCreateProjectOperator
from encord_provider.operators.storage import EncordImportFilesOperator
from encord_provider.operators.workflow import EncordRouteTasksOperator
from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.generate import generate_manifest
from include.benchmark_qa.manifest.rules import ManifestRules
from include.benchmark_qa.manifest.units import Place
from include.object_storage import open_bucket
from tests.emulator.emulator_support import BENCHMARK_QA, BUCKET_URL, INTEGRATION, Control
from tests.support.listings import listed

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

    from include.object_storage import Bucket

FOLDERS = {"benchmark": "Benchmark files", "production": "Production files"}
DATASETS = {"benchmark": "Benchmark", "production": "Production"}
PRODUCTION_PROJECT = "Production project"
BENCHMARK_PROJECT = "Ground truth"
SCORED_STAGE = "Consensus 1"
MANIFEST = "runs/manual/manifest/"
ROADS = {
    "title": "Roads",
    "objects": [{"name": "Car", "shape": "bounding_box"}],
    "classifications": [{"name": "Weather", "type": "radio", "options": ["Sunny", "Rainy"]}],
}


@dataclass
class FakeTaskInstance:
    """The things of a task instance that our operators touch."""

    dag_id: str = "benchmark_qa__roads"
    task_id: str = "task"
    start_date: datetime = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    pushed: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


def task_context(run_type: str = "manual", **more: Any) -> dict[str, Any]:
    """Return a context with what our operators read of Airflow's, and nothing else."""
    dag_run = SimpleNamespace(run_type=run_type)
    return {"ti": FakeTaskInstance(), "run_id": "manual", "dag_run": dag_run, **more}


def run(operator: Any, **context: Any) -> Any:
    return operator.execute(task_context(**context))


def run_to_the_end(make: Callable[[], Any], *, most_waits: int = 2) -> Any:
    """Do what Airflow does with a task that defers itself: run its trigger, then go on in a new operator."""
    method, arguments = "execute", {}
    for _ in range(most_waits + 1):
        try:
            return getattr(make(), method)(task_context(), **arguments)
        except TaskDeferred as deferred:
            [event] = asyncio.run(events_of(deferred.trigger))
            method, arguments = deferred.method_name, {"event": event}
    raise AssertionError(f"the task deferred itself more than {most_waits} times")


async def events_of(trigger: BaseTrigger) -> list[dict[str, Any]]:
    return [event.payload async for event in trigger.run()]


def object_url(key: str) -> str:
    return f"{BUCKET_URL}/{quote(key, safe='/')}"


def write_manifest(
    workspace: Path, keys: Mapping[str, Iterable[str]], bucket: Bucket | None = None, **rules: Any
) -> None:
    """Write the manifest of files as the task before the import does; without a bucket, of those of ``BUCKET_URL``."""
    uri, url, url_prefix = ("s3://bucket", object_url, f"{BUCKET_URL}/")
    if bucket:
        uri, url, url_prefix = bucket.uri, bucket.url, bucket.url_prefix
    for kind in DataKind:
        generate_manifest(
            [listed(*sorted(keys[kind.value]))],
            ManifestRules.model_validate(rules),
            kind,
            place=Place(uri, f"{kind.value}/", url, url_prefix),
            workspace=open_bucket(str(workspace)),
            folder=f"{MANIFEST}{kind.value}/",
        )


def read_report(workspace: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return the report of an import, and its quarantine."""
    folder = workspace / "runs/manual"
    lines = (folder / "import_quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    return json.loads((folder / "import_report.json").read_text(encoding="utf-8")), [json.loads(one) for one in lines]


def images(kind: str, count: int) -> list[str]:
    return [f"{kind}/{number}.jpg" for number in range(count)]


def importer(workspace: Path, **arguments: Any) -> EncordImportFilesOperator:
    settings = {
        "manifest": MANIFEST,
        "workspace": str(workspace),
        "integration": INTEGRATION,
        "folders": FOLDERS,
        "datasets": DATASETS,
        "poll_interval": 0.02,
        "timeout": 10.0,
        "deferrable": False,
    }
    return EncordImportFilesOperator(task_id="import_files", **settings | arguments)


def router(**arguments: Any) -> EncordRouteTasksOperator:
    settings = {"project_title": PRODUCTION_PROJECT, "benchmark_dataset_title": DATASETS["benchmark"]}
    return EncordRouteTasksOperator(task_id="route_tasks", **settings | arguments)


def project_maker(title: str, dataset_hashes: Iterable[str], **arguments: Any) -> EncordCreateProjectOperator:
    settings = {"ontology": ROADS, "workflow_template": BENCHMARK_QA}
    return EncordCreateProjectOperator(
        task_id="create_project", title=title, dataset_hashes=list(dataset_hashes), **settings | arguments
    )


def empty_dataset(title: str) -> str:
    return str(run(EncordCreateDatasetOperator(task_id="create_dataset", title=title)))


def titles(state: Mapping[str, Any], things: str) -> list[str]:
    """Return what the emulator holds of a sort, by title."""
    return [one.get("title") or one["name"] for one in state[things]]


def one_car(structure: OntologyStructure, label_row: Mapping[str, Any], *, left: float) -> dict[str, Any]:
    """Return the label row with one car in it, a quarter of the picture wide and high, made by the SDK."""
    media = CustomerProvidedImageMetadata(mime_type="image/jpeg", file_size=1, width=1920, height=1080)
    row = LabelRowV2.from_media_metadata(SimpleNamespace(structure=structure, ontology_hash="ontology"), media)
    row.from_labels_dict(dict(label_row))
    car = structure.get_child_by_title("Car").create_instance()
    box = BoundingBoxCoordinates(height=0.25, width=0.25, top_left_x=left, top_left_y=0.5)
    car.set_for_frames(box, frames=0)
    row.add_object_instance(car)
    return row.to_encord_dict()


def annotate(
    control: Control,
    people: Iterable[str],
    project_hash: str,
    structure: OntologyStructure,
    left: Callable[[str, str], float | None],
) -> None:
    """Let each person draw one car in every unit they are given, at ``left(person, title)``; None: save nothing."""
    for person in people:
        taken = control.take(person, project_hash, "CONSENSUS_ANNOTATION", "ANNOTATION")
        body = []
        for task in taken:
            edge = left(person, task["data_title"])
            drawn = None if edge is None else one_car(structure, task["label_row"], left=edge)
            body.append({"task_uuid": task["task_uuid"], "labels": drawn})
        control.call("POST", f"ui/projects/{project_hash}/submit", body, person)
