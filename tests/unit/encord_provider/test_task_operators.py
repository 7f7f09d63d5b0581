"""Operators on the tasks of data units, as any Dag may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from encord.utilities.project_user import ProjectUserRole

from encord_provider.exceptions import EncordWorkflowError
from encord_provider.operators.tasks import (
    EncordMoveTasksOperator,
    EncordProceedTasksOperator,
    EncordReviewTasksOperator,
)
from tests.emulator.emulator_support import (
    ANNOTATORS,
    BENCHMARK_QA,
    ESTABLISHING,
    image_manifest,
    make_dataset,
    road_ontology,
)
from tests.unit.encord_provider.provider_support import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from encord import EncordUserClient
    from encord.project import Project

    from tests.emulator.emulator_support import Control

    MakeProject = Callable[[str], Project]

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]


@pytest.fixture
def make_project(client: EncordUserClient) -> MakeProject:
    """Return a function that makes a project of three images with one annotator in it."""

    def make(template: str) -> Project:
        dataset_hash = make_dataset(client, "Dataset", image_manifest(3))
        ontology_hash = client.create_ontology("Roads", structure=road_ontology()).ontology_hash
        project_hash = client.create_project(
            "Project", [dataset_hash], ontology_hash=ontology_hash, workflow_template_hash=template
        )
        project = client.get_project(project_hash)
        project.add_users([ANNOTATORS[0]], ProjectUserRole.ANNOTATOR)
        return project

    return make


def units(project: Project) -> list[str]:
    return sorted(str(row.data_hash) for row in project.list_label_rows_v2())


def counts(control: Control, project: Project) -> dict[str, int]:
    tasks = control.project(str(project.project_hash))["tasks"]
    return {name.rsplit(" (", 1)[0]: count for name, count in tasks.items() if count}


def operate(operator: Any, project: Project, data_hashes: list[str], **arguments: Any) -> int:
    settings = {"task_id": "act", "project_hash": str(project.project_hash), "data_hashes": data_hashes}
    return int(run(operator(**settings | arguments)))


def test_tasks_of_an_agent_stage_go_along_a_pathway_once(make_project: MakeProject, control: Control) -> None:
    project = make_project(BENCHMARK_QA)
    first, *_ = units(project)
    for expected in (1, 0):
        done = operate(EncordProceedTasksOperator, project, [first], stage="Benchmark Task?", pathway="NO")
        assert done == expected
    assert counts(control, project) == {"Benchmark Task?": 2, "Annotate": 1}
    with pytest.raises(EncordWorkflowError, match="has no pathway 'MAYBE'; it has 'YES', 'NO'"):
        operate(EncordProceedTasksOperator, project, [first], stage="Benchmark Task?", pathway="MAYBE")


def test_tasks_are_approved_and_rejected(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING)
    project_hash = str(project.project_hash)
    control.submit(ANNOTATORS[0], project_hash, control.take(ANNOTATORS[0], project_hash))
    good, bad, _ = units(project)
    assert operate(EncordReviewTasksOperator, project, [good], stage="Review", action="approve") == 1
    assert operate(EncordReviewTasksOperator, project, [bad], stage="Review", action="reject") == 1
    assert counts(control, project) == {"Complete": 1, "Annotate": 1, "Review": 1}
    with pytest.raises(ValueError, match="action: 'approved' is neither"):
        operate(EncordReviewTasksOperator, project, [bad], stage="Review", action="approved")


def test_tasks_are_moved_and_a_refusal_names_stage_and_task(make_project: MakeProject, control: Control) -> None:
    project = make_project(BENCHMARK_QA)
    first, second, _ = units(project)
    assert operate(EncordMoveTasksOperator, project, [first], stage="Benchmark Task?", destination="Complete") == 1
    control.switch(legal_moves="connected")
    with pytest.raises(EncordWorkflowError, match=r"refuses 1 task.* at stage 'Benchmark Task.*cannot be moved"):
        operate(EncordMoveTasksOperator, project, [second], stage="Benchmark Task?", destination="Complete")
    assert counts(control, project) == {"Benchmark Task?": 2, "Complete": 1}


def test_no_units_are_no_tasks(make_project: MakeProject, control: Control) -> None:
    project = make_project(BENCHMARK_QA)
    assert operate(EncordMoveTasksOperator, project, [], stage="Benchmark Task?", destination="Complete") == 0
    with pytest.raises(EncordWorkflowError, match="no stages with title 'Complete' where this can be done"):
        operate(EncordReviewTasksOperator, project, [], stage="Complete", action="approve")
