"""A small campaign whose annotators have submitted, and the last four tasks of its Dag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encord_provider.operators.dataset import EncordCreateDatasetOperator
from encord_provider.operators.decisions import EncordApplyDecisionsOperator
from encord_provider.operators.labels import EncordScoreLabelsOperator
from encord_provider.operators.scorecard import PublishScoresOperator
from encord_provider.operators.submissions import EncordListSubmissionsOperator
from include.benchmark_qa.results.tables import submissions_from_parquet
from tests.emulator.emulator_support import ANNOTATORS, ESTABLISHING, REVIEWER
from tests.unit.encord_provider.provider_support import (
    BENCHMARK_PROJECT,
    DATASETS,
    PRODUCTION_PROJECT,
    ROADS,
    SCORED_STAGE,
    annotate,
    images,
    importer,
    project_maker,
    router,
    run,
    task_context,
    write_manifest,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from include.benchmark_qa.results.rows import SubmissionRow
    from tests.emulator.emulator_support import Control

PERFECT, SHIFTED, BESIDE, BLANK = ANNOTATORS
PEOPLE = [{"email": email, "role": "ANNOTATOR"} for email in ANNOTATORS] + [{"email": REVIEWER, "role": "REVIEWER"}]
TRUE_LEFT = 0.1
# The true car is 0.25 wide, so one that is 0.05 off shares 0.20 with it and together they cover 0.30.
LEFT = {PERFECT: TRUE_LEFT, SHIFTED: TRUE_LEFT + 0.05, BESIDE: 0.6, BLANK: None}
SETTINGS = {"iou_threshold": 0.5, "pass_mark": 0.8}


def usual_left(person: str, _title: str) -> float | None:
    return LEFT[person]


def true_left(_person: str, _title: str) -> float:
    return TRUE_LEFT


@dataclass(frozen=True)
class Campaign:
    """A campaign whose people are about to label, or have labelled."""

    workspace: Path
    project_hash: str

    def list(self, **arguments: Any) -> list[dict[str, Any]]:
        settings = {
            "project_hash": self.project_hash,
            "scored_stage": SCORED_STAGE,
            "benchmark_project_title": BENCHMARK_PROJECT,
            "workspace": str(self.workspace),
            "settings": SETTINGS,
        }
        return list(run(EncordListSubmissionsOperator(task_id="list_submissions", **settings | arguments)))

    def score(self, batch: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        settings = {
            "batch": batch,
            "campaign": "roads",
            "project_hash": self.project_hash,
            "workspace": str(self.workspace),
            "settings": SETTINGS,
        }
        return dict(run(EncordScoreLabelsOperator(task_id="score_labels", **settings | arguments)))

    def decide(
        self, scores: list[dict[str, Any]] | None, decision: dict[str, Any] | None = None, **policy: Any
    ) -> dict[str, int]:
        return EncordApplyDecisionsOperator(
            task_id="apply_decisions",
            scores=scores,
            project_hash=self.project_hash,
            scored_stage=SCORED_STAGE,
            workspace=str(self.workspace),
            policy=policy,
            decision=decision,
        ).execute(task_context())

    def publish(self) -> dict[str, Any]:
        return PublishScoresOperator(
            task_id="publish_scores",
            campaign_title="Roads of <2026>",
            workspace=str(self.workspace),
            decision={"required_pass_rate": 0.5, "min_tasks": 1},
            settings=SETTINGS,
        ).execute(task_context())

    def rows(self, scored: dict[str, Any]) -> list[SubmissionRow]:
        return submissions_from_parquet((self.workspace / scored["scores"]).read_bytes())


RunCampaign = Callable[..., Campaign]


def open_campaign(
    workspace: Path,
    client: EncordUserClient,
    control: Control,
    left: Callable[[str, str], float | None] = usual_left,
    *,
    units: int = 2,
    truth_ontology: dict[str, Any] = ROADS,
    copied_dataset: bool = False,
    submitted_by: Sequence[str] = ANNOTATORS,
) -> Campaign:
    """Run a campaign of so many known images up to where its annotators have submitted."""
    write_manifest(workspace, {"benchmark": images("benchmark", units), "production": images("production", 1)})
    done = run(importer(workspace))
    known = done["benchmark_dataset"]
    truth_hash = run(
        project_maker(BENCHMARK_PROJECT, [known], workflow_template=ESTABLISHING, users=PEOPLE, ontology=truth_ontology)
    )
    structure = client.get_project(truth_hash).ontology_structure
    annotate(control, [PERFECT], truth_hash, structure, true_left)
    control.review(REVIEWER, truth_hash, "approve", "REVIEW")
    if copied_dataset:
        items = [str(row.backing_item_uuid) for row in client.get_dataset(known).data_rows]
        known = run(EncordCreateDatasetOperator(task_id="copy", title="Copy", item_uuids=items))
    project_hash = run(project_maker(PRODUCTION_PROJECT, [known, done["production_dataset"]], users=PEOPLE))
    run(router(benchmark_dataset_title="Copy" if copied_dataset else DATASETS["benchmark"]))
    annotate(control, submitted_by, project_hash, client.get_project(project_hash).ontology_structure, left)
    return Campaign(workspace, project_hash)


def stages(control: Control) -> dict[str, int]:
    """Return how many tasks of the production project are in its scored block and at its end."""
    [project] = [one for one in control.call("GET", "state")["projects"] if one["title"] == PRODUCTION_PROJECT]
    wanted = {"annotation": "CONSENSUS_ANNOTATION", "review": "CONSENSUS_REVIEW", "complete": "DONE"}
    return {
        word: sum(count for name, count in project["tasks"].items() if name.endswith(f"({kind})"))
        for word, kind in wanted.items()
    }
