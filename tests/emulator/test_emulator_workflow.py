from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from encord.exceptions import InvalidArgumentsError
from encord.orm.analytics import TaskActionType
from encord.orm.workflow import WorkflowStageType

from tests.emulator.emulator_support import ANNOTATORS, BENCHMARK_QA, ESTABLISHING, MANAGER, REVIEWER, Control

if TYPE_CHECKING:
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


def stage_of(project: Project, kind: WorkflowStageType) -> Any:
    return next(stage for stage in project.workflow.stages if stage.stage_type == kind)


def route_all(project: Project, pathway: str) -> None:
    with project.create_bundle() as bundle:
        for task in list(stage_of(project, WorkflowStageType.AGENT).get_tasks()):
            task.proceed(pathway, bundle=bundle)


def test_one_stale_task_rejects_the_whole_request(make_project: MakeProject, control: Control) -> None:
    project = make_project(BENCHMARK_QA)
    first, second, third = stage_of(project, WorkflowStageType.AGENT).get_tasks()
    first.proceed("NO")
    bundle = project.create_bundle()
    for task in (second, first, third):
        task.proceed("YES", bundle=bundle)
    with pytest.raises(InvalidArgumentsError, match="1 of 3 tasks are not at stage"):
        bundle.execute()
    assert control.project(project.project_hash)["tasks"]["Benchmark Task? (AGENT)"] == 2


def test_the_switch_lets_a_request_with_a_stale_task_do_the_rest(make_project: MakeProject, control: Control) -> None:
    control.switch(stale_action="200")
    project = make_project(BENCHMARK_QA)
    first, second, _ = stage_of(project, WorkflowStageType.AGENT).get_tasks()
    first.proceed("NO")
    with project.create_bundle() as bundle:
        for task in (first, second):
            task.proceed("YES", bundle=bundle)
    assert control.project(project.project_hash)["tasks"]["Consensus 1 (CONSENSUS_ANNOTATION)"] == 1


def test_an_unknown_pathway_is_refused_with_those_there_are(make_project: MakeProject) -> None:
    task = next(iter(stage_of(make_project(BENCHMARK_QA), WorkflowStageType.AGENT).get_tasks()))
    with pytest.raises(InvalidArgumentsError, match=r"no pathway 'MAYBE'; it has \['YES', 'NO'\]"):
        task.proceed("MAYBE")


@pytest.mark.parametrize(("paging", "left"), [("keyset", 0), ("offset", 4)])
def test_acting_while_paging_loses_tasks_under_offset_paging_only(
    make_project: MakeProject, control: Control, paging: str, left: int
) -> None:
    control.switch(task_paging=paging, page_size=2)
    project = make_project(BENCHMARK_QA, images=10)
    for task in stage_of(project, WorkflowStageType.AGENT).get_tasks():
        task.proceed("NO")
    assert control.project(project.project_hash)["tasks"]["Benchmark Task? (AGENT)"] == left


@pytest.mark.parametrize("paging", ["keyset", "offset"])
def test_listing_to_the_end_sees_every_task_once(make_project: MakeProject, control: Control, paging: str) -> None:
    control.switch(task_paging=paging, page_size=3)
    tasks = list(stage_of(make_project(BENCHMARK_QA, images=7), WorkflowStageType.AGENT).get_tasks())
    assert len({task.uuid for task in tasks}) == len(tasks) == 7


def test_tasks_are_filtered_by_the_server(make_project: MakeProject) -> None:
    project = make_project(BENCHMARK_QA)
    stage = stage_of(project, WorkflowStageType.AGENT)
    [dataset] = project.list_datasets()
    one = next(iter(stage.get_tasks(data_title="image-1")))
    assert [task.uuid for task in stage.get_tasks(data_hash=[one.data_hash])] == [one.uuid]
    assert len(list(stage.get_tasks(dataset_hash=[dataset.dataset_hash]))) == 3
    one.proceed("NO")
    annotate = stage_of(project, WorkflowStageType.ANNOTATION)
    next(iter(annotate.get_tasks())).assign(MANAGER)
    assert [task.data_hash for task in annotate.get_tasks(assignee=[MANAGER])] == [one.data_hash]
    assert list(annotate.get_tasks(status="NEW")) == []


def test_new_tasks_can_be_late(make_project: MakeProject, control: Control) -> None:
    control.switch(task_delay_s=0.3)
    stage = stage_of(make_project(BENCHMARK_QA), WorkflowStageType.AGENT)
    assert list(stage.get_tasks()) == []
    deadline = time.monotonic() + 5
    while not list(stage.get_tasks()) and time.monotonic() < deadline:
        pass
    assert len(list(stage.get_tasks())) == 3


def test_submit_review_reject_and_resubmit_through_the_api(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=1)
    annotate, review = (stage_of(project, WorkflowStageType[name]) for name in ("ANNOTATION", "REVIEW"))
    [task] = annotate.get_tasks()
    task.assign(ANNOTATORS[0])
    task.submit(retain_assignee=True)
    [in_review] = review.get_tasks()
    assert in_review.uuid == task.uuid
    in_review.reject(assignee=REVIEWER)
    [returned] = annotate.get_tasks()
    assert returned.status == "REOPENED"
    returned.submit(retain_assignee=True)
    next(iter(review.get_tasks())).approve(assignee=REVIEWER)
    assert [str(done.data_hash) for done in stage_of(project, WorkflowStageType.DONE).get_tasks()] == [
        str(task.data_hash)
    ]


def test_consensus_takes_one_subtask_of_each_annotator(make_project: MakeProject, control: Control) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    route_all(project, "YES")
    [task] = stage_of(project, WorkflowStageType.CONSENSUS_ANNOTATION).get_tasks()
    assert len({subtask.label_branch_name for subtask in task.subtasks}) == 4
    [work] = control.take(ANNOTATORS[0], project.project_hash, "CONSENSUS_ANNOTATION")
    assert [again["task_uuid"] for again in control.take(ANNOTATORS[0], project.project_hash)] == [work["task_uuid"]]
    control.submit(ANNOTATORS[0], project.project_hash, [work])
    assert control.take(ANNOTATORS[0], project.project_hash) == []


@pytest.mark.parametrize(("options", "listed"), [("after_all", []), ("as_submitted", [ANNOTATORS[0]])])
def test_consensus_options_before_all_have_submitted(
    make_project: MakeProject, control: Control, options: str, listed: list[str]
) -> None:
    control.switch(consensus_options=options)
    project = make_project(BENCHMARK_QA, images=1)
    route_all(project, "YES")
    taken = control.take(ANNOTATORS[0], project.project_hash)
    control.submit(ANNOTATORS[0], project.project_hash, taken)
    tasks = stage_of(project, WorkflowStageType.CONSENSUS_REVIEW).get_tasks()
    assert [option.annotator for task in tasks for option in task.options] == listed


def test_an_annotator_who_saved_nothing_has_no_label_hash_and_reject_reopens(
    make_project: MakeProject, control: Control
) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    route_all(project, "YES")
    for annotator in ANNOTATORS:
        taken = control.take(annotator, project.project_hash)
        body = [{"task_uuid": task["task_uuid"], "labels": None, "seconds": 1} for task in taken]
        control.call("POST", f"ui/projects/{project.project_hash}/submit", body, annotator)
    [task] = stage_of(project, WorkflowStageType.CONSENSUS_REVIEW).get_tasks()
    assert [option.label_hash for option in task.options] == [None] * 4
    task.reject(assignee=REVIEWER)
    [again] = stage_of(project, WorkflowStageType.CONSENSUS_ANNOTATION).get_tasks()
    assert {(subtask.status.value, subtask.assignee) for subtask in again.subtasks} == {
        ("REOPENED", annotator) for annotator in ANNOTATORS
    }


def test_tasks_move_and_have_priorities(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING)
    rows = project.list_label_rows_v2()
    rows[2].set_priority(0.9)
    assert control.take(ANNOTATORS[0], project.project_hash, limit=1)[0]["data_hash"] == rows[2].data_hash
    annotate, done = (stage_of(project, WorkflowStageType[name]) for name in ("ANNOTATION", "DONE"))
    with project.create_bundle() as bundle:
        for task in list(annotate.get_tasks()):
            task.move(destination_stage_uuid=done.uuid, bundle=bundle)
    assert len(list(done.get_tasks())) == 3


def test_actions_and_time_are_on_record(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=1)
    control.submit(ANNOTATORS[1], project.project_hash, control.take(ANNOTATORS[1], project.project_hash))
    after = datetime.now(UTC) - timedelta(hours=1)
    actions = [(action.action_type, action.actor_email) for action in project.get_task_actions(after=after)]
    assert actions == [(TaskActionType.ASSIGN, ANNOTATORS[1]), (TaskActionType.SUBMIT, ANNOTATORS[1])]
    [spent] = project.list_time_spent(start=after)
    assert (spent.user_email, spent.time_spent_seconds) == (ANNOTATORS[1], 2)


def test_a_request_that_fails_half_way_leaves_nothing_behind(make_project: MakeProject, control: Control) -> None:
    project_hash = make_project(ESTABLISHING, images=2).project_hash
    control.submit(ANNOTATORS[0], project_hash, control.take(ANNOTATORS[0], project_hash))
    first, second = control.take(REVIEWER, project_hash, "REVIEW")
    body = [
        {"task_uuid": first["task_uuid"], "action": "approve"},
        {"task_uuid": second["task_uuid"], "action": "reject", "label_branch_name": "none such"},
    ]
    url = f"{control.url}/_emulator/ui/projects/{project_hash}/review"
    answer = requests.post(url, json=body, headers={"X-Emulator-User": REVIEWER}, timeout=5)
    assert answer.status_code == 400
    assert control.project(project_hash)["tasks"]["Review (REVIEW)"] == 2
