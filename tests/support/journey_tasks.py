"""The tasks of a campaign's two Dags as operators, under their names in the Dags: each call makes one anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from encord_provider.operators.approval import EncordApproveGroundTruthOperator
from encord_provider.operators.bucket import ListBucketOperator
from encord_provider.operators.decisions import EncordApplyDecisionsOperator
from encord_provider.operators.labels import EncordScoreLabelsOperator
from encord_provider.operators.manifest import GenerateManifestOperator
from encord_provider.operators.passes import EncordFindWorkOperator, RememberPassOperator
from encord_provider.operators.project import EncordCreateProjectOperator
from encord_provider.operators.scorecard import PublishScoresOperator
from encord_provider.operators.storage import EncordImportFilesOperator
from encord_provider.operators.submissions import EncordListSubmissionsOperator
from encord_provider.operators.workflow import EncordRouteTasksOperator
from encord_provider.sensors.project import EncordGroundTruthSensor
from tests.emulator.emulator_support import BENCHMARK_QA, ESTABLISHING, INTEGRATION

ANNOTATORS = ("careful", "steady", "hasty", "careless")
KINDS = ("benchmark", "production")
TEMPLATES = {"benchmark": ESTABLISHING, "production": BENCHMARK_QA}
MEMBERS = {"benchmark": ("truth",), "production": ANNOTATORS}
ONTOLOGY = {
    "title": "Streets",
    "objects": [
        {"name": "Vehicle", "shape": "bounding_box"},
        {"name": "Person", "shape": "bounding_box"},
        {"name": "Region", "shape": "polygon"},
    ],
    "classifications": [{"name": "Scene", "type": "radio", "options": ["Indoor", "Outdoor"]}],
}
POLL = {"poll_interval": 0.02}


def email(name: str) -> str:
    return f"{name}@example.com"


@dataclass(frozen=True)
class JourneyTasks:
    """
    What a campaign over a folder of files consists of.

    :param folder: holds `files/`, and gets `workspace/`
    :param settle_seconds: how long routing waits for tasks that come late
    :param place: address of the workspace, if it is elsewhere
    """

    folder: Path
    settle_seconds: float = 10.0
    place: str = ""

    @property
    def workspace(self) -> str:
        return self.place or str(self.folder / "workspace")

    @property
    def _bucket(self) -> dict[str, Any]:
        return {
            "bucket_uri": str(self.folder / "files"),
            "benchmark_prefix": "benchmark/",
            "production_prefix": "production/",
            "workspace": self.workspace,
            "bucket_options": {"object_url_base": "https://bucket.s3.eu-west-1.amazonaws.com"},
        }

    def list_bucket(self) -> ListBucketOperator:
        return ListBucketOperator(task_id="list_bucket", **self._bucket)

    def generate_manifest(self, listing: str) -> GenerateManifestOperator:
        rules = {"rules": [{"match": [".jpg"], "type": "image"}]}
        return GenerateManifestOperator(task_id="generate_manifest", listing=listing, rules=rules, **self._bucket)

    def import_files(self, manifest: str, *, deferrable: bool = False) -> EncordImportFilesOperator:
        return EncordImportFilesOperator(
            task_id="import_files",
            manifest=manifest,
            workspace=self.workspace,
            integration=INTEGRATION,
            folders={kind: f"{kind} files" for kind in KINDS},
            datasets={kind: f"{kind} data" for kind in KINDS},
            deferrable=deferrable,
            **POLL,
        )

    def create_project(self, kind: str, datasets: Mapping[str, Any]) -> EncordCreateProjectOperator:
        """Return the task of the benchmark project, which takes one dataset, or of the production project."""
        users = [{"email": email(name), "role": "ANNOTATOR"} for name in MEMBERS[kind]]
        return EncordCreateProjectOperator(
            task_id=f"create_{kind}_project",
            title=f"{kind} project",
            dataset_hashes=[datasets[f"{one}_dataset"] for one in KINDS[: KINDS.index(kind) + 1]],
            ontology=ONTOLOGY,
            workflow_template=TEMPLATES[kind],
            tags=["qa"],
            users=[*users, {"email": email("reviewer"), "role": "REVIEWER"}],
        )

    def wait_for_ground_truth(self, project_hash: str, *, deferrable: bool = False) -> EncordGroundTruthSensor:
        return EncordGroundTruthSensor(
            task_id="wait_for_ground_truth", project_hash=project_hash, deferrable=deferrable, poke_interval=0.1
        )

    def approve_ground_truth(self, project_hash: str, progress: Mapping[str, int]) -> EncordApproveGroundTruthOperator:
        """Return the task that asks nobody, as in a campaign without approval."""
        return EncordApproveGroundTruthOperator(
            task_id="approve_ground_truth",
            required=False,
            project_title="production project",
            project_hash=project_hash,
            progress=progress,
        )

    def route_tasks(self) -> EncordRouteTasksOperator:
        return EncordRouteTasksOperator(
            task_id="route_tasks",
            project_title="production project",
            benchmark_dataset_title="benchmark data",
            settle_seconds=self.settle_seconds,
        )

    def find_work(self) -> EncordFindWorkOperator:
        return EncordFindWorkOperator(
            task_id="find_work",
            project_title="production project",
            agent_stage="Benchmark Task?",
            scored_stage="Consensus 1",
            workspace=self.workspace,
            terms={},
        )

    def remember_pass(self, project_hash: str) -> RememberPassOperator:
        return RememberPassOperator(
            task_id="remember_pass", project_hash=project_hash, workspace=self.workspace, terms={}
        )

    def list_submissions(self, project_hash: str) -> EncordListSubmissionsOperator:
        return EncordListSubmissionsOperator(
            task_id="list_submissions",
            project_hash=project_hash,
            scored_stage="Consensus 1",
            benchmark_project_title="benchmark project",
            workspace=self.workspace,
            settings={},
            batch_size=8,
        )

    def score_labels(self, project_hash: str, batch: Mapping[str, Any]) -> EncordScoreLabelsOperator:
        return EncordScoreLabelsOperator(
            task_id="score_labels",
            batch=batch,
            campaign="journey",
            project_hash=project_hash,
            workspace=self.workspace,
            settings={},
        )

    def apply_decisions(self, project_hash: str, scores: Sequence[Mapping[str, Any]]) -> EncordApplyDecisionsOperator:
        return EncordApplyDecisionsOperator(
            task_id="apply_decisions",
            scores=scores,
            project_hash=project_hash,
            scored_stage="Consensus 1",
            workspace=self.workspace,
            policy={"on_pass": "approve", "on_fail": "approve", "issues": True},
        )

    def publish_scores(self) -> PublishScoresOperator:
        return PublishScoresOperator(
            task_id="publish_scores",
            campaign_title="Journey",
            workspace=self.workspace,
            decision={"min_tasks": 3},
            settings={},
        )
