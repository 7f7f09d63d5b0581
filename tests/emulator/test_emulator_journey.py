from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encord.workflow.stages.consensus_review import ConsensusReviewStage

from tests.emulator.emulator_support import (
    ANNOTATORS,
    BENCHMARK_QA,
    MANAGER,
    REVIEWER,
    Control,
    image_manifest,
    make_dataset,
    road_ontology,
)

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.project import Project

pytestmark = pytest.mark.emulator


def route(client: EncordUserClient, project: Project, benchmark: str) -> None:
    known = {row.uid for row in client.get_dataset(benchmark).data_rows}
    with project.create_bundle() as bundle:
        for task in list(project.workflow.get_stage(name="Benchmark Task?").get_tasks()):
            task.proceed("YES" if str(task.data_hash) in known else "NO", bundle=bundle)


def test_benchmark_units_go_from_the_bucket_to_consensus_and_the_rest_to_ordinary_review(
    client: EncordUserClient, control: Control
) -> None:
    benchmark = make_dataset(client, "Benchmark", image_manifest(2, "benchmark"))
    production = make_dataset(client, "Production", image_manifest(5, "production"))
    ontology = client.create_ontology("Roads", structure=road_ontology())
    project_hash = client.create_project(
        "Production",
        [benchmark, production],
        ontology_hash=ontology.ontology_hash,
        workflow_template_hash=BENCHMARK_QA,
    )
    project = client.get_project(project_hash)
    project.add_users(list(ANNOTATORS), user_role=1)
    project.add_users([REVIEWER], user_role=2)

    route(client, project, benchmark)
    assert control.project(project_hash)["tasks"] == {
        "Benchmark Task? (AGENT)": 0,
        "Consensus 1 (CONSENSUS_ANNOTATION)": 2,
        "Consensus 1 (CONSENSUS_REVIEW)": 0,
        "Annotate (ANNOTATION)": 5,
        "Review (REVIEW)": 0,
        "Complete (DONE)": 0,
    }

    for annotator in ANNOTATORS:
        taken = control.take(annotator, project_hash, "CONSENSUS_ANNOTATION")
        assert len(taken) == 2
        control.submit(annotator, project_hash, taken)
    review_stage = next(stage for stage in project.workflow.stages if isinstance(stage, ConsensusReviewStage))
    for review_task in review_stage.get_tasks():
        assert {option.annotator for option in review_task.options} == set(ANNOTATORS)
        assert len({option.label_hash for option in review_task.options}) == 4
        assert all(option.label_branch_name.startswith("encord-") for option in review_task.options)

    control.submit(ANNOTATORS[0], project_hash, control.take(ANNOTATORS[0], project_hash, "ANNOTATION"))
    control.review(REVIEWER, project_hash, "approve", "REVIEW", "CONSENSUS_REVIEW")
    assert control.project(project_hash)["tasks"]["Complete (DONE)"] == 7
    assert {row.workflow_graph_node.title for row in project.list_label_rows_v2()} == {"Complete"}
    assert control.call("GET", "ui/projects", user=MANAGER)[0]["role"] == "ADMIN"
