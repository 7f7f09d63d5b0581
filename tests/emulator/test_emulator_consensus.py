from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from encord.exceptions import InvalidArgumentsError

from tests.emulator.emulator_support import ANNOTATORS, MANAGER, REVIEWER, Control
from tests.emulator.workflow_support import draw_cars, lefts_on, seed_template

if TYPE_CHECKING:
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


def block(review: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"title": "Block", "type": "CONSENSUS", "annotators": 2, "review": review, "approve_to": "Complete"} | more,
        {"title": "Complete", "type": "DONE"},
        {"title": "Archive", "type": "ARCHIVE"},
    ]


@pytest.fixture
def labelled(make_project: MakeProject, control: Control) -> Any:
    """Return a function that makes a project with one task in consensus review, and a car on each branch."""

    def make(review: str, **more: Any) -> tuple[Project, Any]:
        project = make_project(seed_template(control, block(review, **more)), images=1)
        [task] = project.workflow.stages[0].get_tasks()
        for number, subtask in enumerate(task.subtasks):
            draw_cars(project, subtask.label_branch_name, 0.25 * (number + 1))
            subtask.submit(assignee=ANNOTATORS[number])
        return project, next(iter(project.workflow.stages[1].get_tasks()))

    return make


@pytest.mark.parametrize(
    ("setting", "review", "merged"),
    [
        ("nothing", "determine_consensus", []),
        ("by_review", "review_and_refine", []),
        ("by_review", "determine_consensus", [0.25]),
        ("first", "review_and_refine", [0.25]),
    ],
)
def test_the_switch_says_what_approving_through_the_api_merges_into_main(
    labelled: Any, control: Control, setting: str, review: str, merged: list[float]
) -> None:
    control.switch(consensus_approve_merges=setting)
    project, task = labelled(review)
    assert lefts_on(project, "main") == []
    task.approve(assignee=REVIEWER)
    assert lefts_on(project, "main") == merged
    assert len(list(project.workflow.stages[2].get_tasks())) == 1


@pytest.mark.parametrize("setting", ["nothing", "by_review", "first"])
def test_a_reviewer_chooses_whose_branch_becomes_main(labelled: Any, control: Control, setting: str) -> None:
    control.switch(consensus_approve_merges=setting)
    project, task = labelled("determine_consensus")
    [work] = control.take(REVIEWER, project.project_hash)
    assert [option["annotator"] for option in work["options"]] == list(ANNOTATORS[:2])
    branch = work["options"][1]["labelBranchName"]
    assert work["options"][1]["labels"]["branch_name"] == branch == task.options[1].label_branch_name
    body = [{"task_uuid": work["task_uuid"], "action": "approve", "label_branch_name": branch, "seconds": 3}]
    control.call("POST", f"ui/projects/{project.project_hash}/review", body, REVIEWER)
    assert lefts_on(project, "main") == [0.5]


@pytest.mark.parametrize(("review", "status"), [("determine_consensus", 400), ("review_and_refine", 200)])
def test_only_who_refines_may_draw_on_main(labelled: Any, control: Control, review: str, status: int) -> None:
    project, _ = labelled(review)
    [work] = control.take(REVIEWER, project.project_hash)
    body = [{"task_uuid": work["task_uuid"], "action": "approve", "labels": work["options"][1]["labels"]}]
    url = f"{control.url}/_emulator/ui/projects/{project.project_hash}/review"
    assert requests.post(url, json=body, headers={"X-Emulator-User": REVIEWER}, timeout=5).status_code == status
    assert lefts_on(project, "main") == ([0.5] if status == 200 else [])


def test_no_consensus_may_lead_elsewhere(labelled: Any) -> None:
    project, task = labelled("determine_consensus", reject_to="Archive")
    task.reject(assignee=REVIEWER)
    assert len(list(project.workflow.stages[3].get_tasks())) == 1


@pytest.mark.parametrize(("setting", "alike"), [("per_task", False), ("per_position", True)])
def test_the_switch_says_whether_branches_are_named_alike_in_all_tasks(
    make_project: MakeProject, control: Control, setting: str, alike: bool
) -> None:
    control.switch(consensus_branches=setting)
    project = make_project(seed_template(control, block("review_and_refine")), images=2)
    names = [[one.label_branch_name for one in task.subtasks] for task in project.workflow.stages[0].get_tasks()]
    assert all(name.startswith("encord-") for branches in names for name in branches)
    assert (names[0] == names[1], len(set(names[0]))) == (alike, 2)


@pytest.mark.parametrize(("setting", "lefts"), [("empty", []), ("main", [0.75])])
def test_annotators_start_empty_or_with_what_is_on_main(
    make_project: MakeProject, control: Control, setting: str, lefts: list[float]
) -> None:
    control.switch(consensus_branch_start=setting)
    stages = [{"title": "Agent", "type": "AGENT", "pathways": [{"name": "on", "to": "Block"}]}]
    project = make_project(seed_template(control, stages + block("review_and_refine")), images=1)
    draw_cars(project, "main", 0.75)
    next(iter(project.workflow.stages[0].get_tasks())).proceed("on")
    [task] = project.workflow.stages[1].get_tasks()
    assert lefts_on(project, task.subtasks[0].label_branch_name) == lefts


def test_subtasks_are_assigned_released_and_found_by_their_assignee(
    make_project: MakeProject, control: Control
) -> None:
    project = make_project(seed_template(control, block("review_and_refine")), images=2)
    stage = project.workflow.stages[0]
    first, _ = stage.get_tasks()
    first.subtasks[0].assign(ANNOTATORS[2])
    assert [task.uuid for task in stage.get_tasks(assignee=ANNOTATORS[2])] == [first.uuid]
    [work] = control.take(ANNOTATORS[2], project.project_hash, limit=1)
    assert work["task_uuid"] == str(first.subtasks[0].uuid)
    first.subtasks[0].release()
    [task] = stage.get_tasks(data_hash=first.data_hash)
    assert [(one.status.value, one.assignee) for one in task.subtasks] == [("RELEASED", None), ("NEW", None)]


def test_a_finished_subtask_cannot_be_submitted_again(make_project: MakeProject, control: Control) -> None:
    project = make_project(seed_template(control, block("review_and_refine")), images=1)
    [task] = project.workflow.stages[0].get_tasks()
    task.subtasks[0].submit(assignee=ANNOTATORS[0])
    with pytest.raises(InvalidArgumentsError, match="1 of 1 tasks are not at stage 'Block'"):
        task.subtasks[0].submit(assignee=MANAGER)
