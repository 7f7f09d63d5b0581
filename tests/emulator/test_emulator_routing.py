from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from encord.exceptions import InvalidArgumentsError
from encord.orm.analytics import TaskActionType
from encord.orm.workflow import WorkflowStageType

from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.store.tables import DATA_ROWS, PROJECT_DATASETS, PROJECTS, SUBTASKS, TASKS
from include.encord_emulator.workflow.intake import take_in_dataset
from include.encord_emulator.workflow.template import parse_template
from include.encord_emulator.world import World
from tests.emulator.emulator_support import (
    ANNOTATORS,
    BENCHMARK_QA,
    ESTABLISHING,
    MANAGER,
    REVIEWER,
    Control,
    image_manifest,
    upload,
)
from tests.emulator.workflow_support import seed_template, stage_named, stage_of

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
FINAL = [{"title": "Complete", "type": "DONE"}, {"title": "Archive", "type": "ARCHIVE"}]
BLOCK = {"title": "Block", "type": "CONSENSUS", "annotators": 2, "approve_to": "Complete"}
ROUTED = [
    {"title": "Annotate", "type": "ANNOTATION", "to": "Whose"},
    {
        "title": "Whose",
        "type": "USER_ROUTER",
        "routes": [{"users": [ANNOTATORS[0]], "to": "Sample"}],
        "otherwise": "Complete",
    },
    {
        "title": "Sample",
        "type": "PERCENTAGE_ROUTER",
        "routes": [{"percentage": 100, "to": "Review"}, {"percentage": 0, "to": "Complete"}],
    },
    {"title": "Review", "type": "REVIEW", "approve_to": "Complete", "reject_to": "Archive"},
    *FINAL,
]


def test_tasks_pass_routers_at_once_and_the_api_never_shows_them(make_project: MakeProject, control: Control) -> None:
    project = make_project(seed_template(control, ROUTED), images=2)
    assert [stage.title for stage in project.workflow.stages] == ["Annotate", "Review", "Complete", "Archive"]
    first, second = stage_named(project, "Annotate").get_tasks()
    first.submit(assignee=ANNOTATORS[0])
    second.submit(assignee=ANNOTATORS[1])
    assert [task.uuid for task in stage_named(project, "Review").get_tasks()] == [first.uuid]
    assert [task.uuid for task in stage_named(project, "Complete").get_tasks()] == [second.uuid]
    next(iter(stage_named(project, "Review").get_tasks())).reject(assignee=REVIEWER)
    assert [task.uuid for task in stage_named(project, "Archive").get_tasks()] == [first.uuid]


def test_people_in_the_web_app_are_routed_by_who_they_are(make_project: MakeProject, control: Control) -> None:
    project = make_project(seed_template(control, ROUTED), images=2)
    for annotator in ANNOTATORS[:2]:
        control.submit(annotator, project.project_hash, control.take(annotator, project.project_hash, limit=1))
    assert len(list(stage_named(project, "Review").get_tasks())) == 1
    assert len(list(stage_named(project, "Complete").get_tasks())) == 1


def test_stages_and_pathways_have_the_same_uuids_in_every_project(make_project: MakeProject) -> None:
    first, second = (make_project(BENCHMARK_QA).workflow.stages for _ in range(2))
    assert [(stage.uuid, stage.title) for stage in first] == [(stage.uuid, stage.title) for stage in second]
    assert first[0].pathways == second[0].pathways
    assert str(first[0].pathways[0].uuid) == "2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1c12"


def test_a_pathway_is_taken_by_its_uuid(make_project: MakeProject) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    agent = project.workflow.stages[0]
    [task] = agent.get_tasks()
    task.proceed(pathway_uuid=agent.pathways[1].uuid)
    assert len(list(stage_of(project, WorkflowStageType.ANNOTATION).get_tasks())) == 1


@pytest.mark.parametrize(("setting", "kept"), [("kept", True), ("renewed", False)])
def test_a_task_keeps_its_uuid_or_gets_a_new_one_at_every_stage(
    make_project: MakeProject, control: Control, setting: str, kept: bool
) -> None:
    control.switch(task_uuid=setting)
    project = make_project(BENCHMARK_QA, images=1)
    seen = [next(iter(project.workflow.stages[0].get_tasks())).uuid]
    next(iter(project.workflow.stages[0].get_tasks())).proceed("YES")
    [task] = stage_of(project, WorkflowStageType.CONSENSUS_ANNOTATION).get_tasks()
    seen.append(task.uuid)
    for annotator, subtask in zip(ANNOTATORS, task.subtasks, strict=True):
        subtask.submit(assignee=annotator)
    [in_review] = stage_of(project, WorkflowStageType.CONSENSUS_REVIEW).get_tasks()
    seen.append(in_review.uuid)
    assert {option.annotator for option in in_review.options} == set(ANNOTATORS)
    in_review.reject(assignee=MANAGER)
    [again] = stage_of(project, WorkflowStageType.CONSENSUS_ANNOTATION).get_tasks()
    seen.append(again.uuid)
    assert len(set(seen)) == (1 if kept else 4)
    assert [subtask.label_branch_name for subtask in again.subtasks] == [
        subtask.label_branch_name for subtask in task.subtasks
    ]


@pytest.mark.parametrize(
    ("setting", "origin", "destination", "allowed"),
    [
        ("any", "Annotate", "Complete", True),
        ("any", "Complete", "Annotate", True),
        ("not_from_final", "Annotate", "Complete", True),
        ("not_from_final", "Complete", "Annotate", False),
        ("connected", "Annotate", "Complete", False),
        ("connected", "Annotate", "Review", True),
    ],
)
def test_the_switch_says_which_moves_are_legal(
    make_project: MakeProject, control: Control, setting: str, origin: str, destination: str, allowed: bool
) -> None:
    project = make_project(ESTABLISHING, images=1)
    start, target = stage_named(project, origin), stage_named(project, destination)
    if origin == "Complete":
        next(iter(stage_named(project, "Annotate").get_tasks())).move(destination_stage_uuid=start.uuid)
    control.switch(legal_moves=setting)
    [task] = start.get_tasks()
    if allowed:
        task.move(destination_stage_uuid=target.uuid)
    else:
        with pytest.raises(InvalidArgumentsError):
            task.move(destination_stage_uuid=target.uuid)
    assert [one.uuid for one in (target if allowed else start).get_tasks()] == [task.uuid]


def test_moving_past_the_annotators_into_consensus_review_is_refused(make_project: MakeProject) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    review = stage_of(project, WorkflowStageType.CONSENSUS_REVIEW)
    with pytest.raises(InvalidArgumentsError, match="only from its annotation stage"):
        next(iter(project.workflow.stages[0].get_tasks())).move(destination_stage_uuid=review.uuid)


def test_rows_added_later_become_tasks(make_project: MakeProject, client: EncordUserClient) -> None:
    project = make_project(BENCHMARK_QA, images=2)
    [dataset] = project.list_datasets()
    folder = client.create_storage_folder("More")
    upload(client, folder, image_manifest(1, "late"))
    client.get_dataset(str(dataset.dataset_hash)).link_items([item.uuid for item in folder.list_items()])
    titles = {task.data_title for task in project.workflow.stages[0].get_tasks()}
    assert titles == {"image-0.jpg", "image-1.jpg", "late-0.jpg"}


def test_rows_that_are_gone_take_their_tasks_with_them() -> None:
    workflow = parse_template({"title": "T", "stages": [BLOCK, *FINAL]}).workflow(suffixed_titles=False)
    world = World()
    with world.transaction() as connection:
        call = Call(connection, MANAGER, clock.now(), world.switches)
        call.insert(PROJECTS, {"project_hash": "p", "workflow": workflow.to_dict()})
        call.insert(PROJECT_DATASETS, {"project_hash": "p", "dataset_hash": "d"})
        call.insert(DATA_ROWS, *({"data_hash": unit, "dataset_hash": "d", "title": unit} for unit in ("a", "b")))
        take_in_dataset(call, "d")
        assert len(call.fetch(sa.select(SUBTASKS))) == 4
        connection.execute(DATA_ROWS.delete().where(DATA_ROWS.c.data_hash == "a"))
        take_in_dataset(call, "d")
        assert [task["data_hash"] for task in call.fetch(sa.select(TASKS))] == ["b"]
        assert len(call.fetch(sa.select(SUBTASKS))) == 2


@pytest.mark.parametrize("word", ["submit", "move"])
def test_an_agents_decision_is_on_record_under_the_word_of_the_switch(
    make_project: MakeProject, control: Control, word: str
) -> None:
    control.switch(proceed_action=word)
    project = make_project(BENCHMARK_QA, images=1)
    next(iter(project.workflow.stages[0].get_tasks())).proceed("NO")
    actions: list[Any] = list(project.get_task_actions(after=datetime.now(UTC) - timedelta(hours=1)))
    assert [action.action_type for action in actions] == [TaskActionType(word)]
