from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from encord.exceptions import InvalidArgumentsError
from encord.workflow.stages.review import LabelReviewStatus

from tests.emulator.emulator_support import ANNOTATORS, BENCHMARK_QA, ESTABLISHING, MANAGER, REVIEWER, Control
from tests.emulator.workflow_support import answer, draw_cars, stage_named

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
NEW, APPROVED, REJECTED, RESOLVED, REOPENED = (
    LabelReviewStatus[name] for name in ("NEW", "APPROVED", "REJECTED", "RESOLVED", "REOPENED")
)


def submitted(make_project: MakeProject, *lefts: float) -> tuple[Project, Any, list[str]]:
    """Return a project with its one task in review, and the labels on it."""
    project = make_project(ESTABLISHING, images=1)
    hashes = draw_cars(project, "main", *lefts)
    next(iter(stage_named(project, "Annotate").get_tasks())).submit(assignee=ANNOTATORS[0])
    return project, next(iter(stage_named(project, "Review").get_tasks())), hashes


def statuses(task: Any) -> dict[str, LabelReviewStatus]:
    return {review.label_id: review.status for review in task.get_label_reviews()}


def submit_again(project: Project) -> Any:
    next(iter(stage_named(project, "Annotate").get_tasks())).submit(retain_assignee=True)
    return next(iter(stage_named(project, "Review").get_tasks()))


def test_each_label_of_a_task_in_review_has_a_review(make_project: MakeProject) -> None:
    _, task, hashes = submitted(make_project, 0.1, 0.5)
    reviews = list(task.get_label_reviews())
    assert {(review.label_id, review.label_type) for review in reviews} == {(one, "Object") for one in hashes}
    assert {review.status for review in reviews} == {NEW}


def test_a_task_without_labels_has_no_reviews(make_project: MakeProject) -> None:
    _, task, _ = submitted(make_project)
    assert list(task.get_label_reviews()) == []


def test_single_labels_are_approved_rejected_and_reopened(make_project: MakeProject) -> None:
    project, task, hashes = submitted(make_project, 0.1, 0.5, 0.8)
    reviews = {review.label_id: review for review in task.get_label_reviews()}
    with project.create_bundle() as bundle:
        reviews[hashes[0]].approve(bundle=bundle)
        reviews[hashes[1]].reject(comment="too wide", issue_tags=["size"], bundle=bundle)
    assert statuses(task) == {hashes[0]: APPROVED, hashes[1]: REJECTED, hashes[2]: NEW}
    reviews[hashes[1]].reopen()
    assert statuses(task)[hashes[1]] == REOPENED


@pytest.mark.parametrize(("setting", "decided"), [("kept", (APPROVED, RESOLVED)), ("reopened", (REOPENED, REOPENED))])
def test_reviews_follow_a_task_that_is_rejected_and_comes_back(
    make_project: MakeProject, control: Control, setting: str, decided: tuple[LabelReviewStatus, LabelReviewStatus]
) -> None:
    control.switch(label_reviews_on_return=setting)
    project, task, hashes = submitted(make_project, 0.1, 0.5)
    next(review for review in task.get_label_reviews() if review.label_id == hashes[0]).approve()
    task.reject(assignee=REVIEWER)
    [new] = draw_cars(project, "main", 0.8)
    back = submit_again(project)
    assert statuses(back) == {hashes[0]: decided[0], hashes[1]: decided[1], new: NEW}


def test_reviews_of_labels_that_were_deleted_go(make_project: MakeProject) -> None:
    project, task, hashes = submitted(make_project, 0.1, 0.5)
    task.reject(assignee=REVIEWER)
    [row] = project.list_label_rows_v2()
    row.initialise_labels()
    row.remove_object(next(one for one in row.get_object_instances() if one.object_hash == hashes[0]))
    row.save()
    assert set(statuses(submit_again(project))) == {hashes[1]}


@pytest.mark.parametrize("follow", [True, False])
def test_reviews_are_decided_with_their_task_only_if_it_says_so(
    make_project: MakeProject, client: EncordUserClient, control: Control, follow: bool
) -> None:
    project, task, hashes = submitted(make_project, 0.1)
    annotate, review = (f"projects/{project.project_hash}/workflow/stages/{stage_named(project, name).uuid}/actions"
                        for name in ("Annotate", "Review"))  # fmt: skip
    action = {"taskUuid": str(task.uuid), "action": "REJECT", "rejectLabelReviews": follow}
    assert answer(client, control.url, "POST", review, [action]).status_code == 200
    action = {"taskUuid": str(task.uuid), "action": "SUBMIT", "resolveLabelReviews": False}
    assert answer(client, control.url, "POST", annotate, [action]).status_code == 200
    assert statuses(task) == {hashes[0]: REJECTED if follow else NEW}


def test_a_review_that_is_not_the_tasks_changes_nothing(
    make_project: MakeProject, client: EncordUserClient, control: Control
) -> None:
    project, task, _ = submitted(make_project, 0.1)
    [review] = task.get_label_reviews()
    path = f"projects/{project.project_hash}/workflow/stages/{stage_named(project, 'Review').uuid}/tasks/{task.uuid}"
    actions = [{"reviewUuid": str(uuid), "action": "APPROVE"} for uuid in (review.uuid, uuid4())]
    assert answer(client, control.url, "POST", f"{path}/reviews/actions", actions).status_code == 400
    assert set(statuses(task).values()) == {NEW}
    for body, field in (
        ({}, "body"), ([{"action": "APPROVE"}], "reviewUuid"), ([{"reviewUuid": 3, "action": "APPROVE"}], "reviewUuid"),
        ([{"reviewUuid": str(review.uuid), "action": "PRAISE"}], "body[0]"),
        ([{"reviewUuid": str(review.uuid), "action": "REJECT", "commentTags": "x"}], "commentTags"),
    ):  # fmt: skip
        refused = answer(client, control.url, "POST", f"{path}/reviews/actions", body)
        assert (refused.status_code, field in refused.json()["detail"]) == (422, True)
    gone = answer(client, control.url, "GET", path.replace(str(task.uuid), str(uuid4())) + "/reviews")
    assert gone.status_code == 404


def test_reviews_of_single_labels_belong_to_review_stages_only(
    make_project: MakeProject, client: EncordUserClient, control: Control
) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    agent = project.workflow.stages[0]
    [task] = agent.get_tasks()
    path = f"projects/{project.project_hash}/workflow/stages/{agent.uuid}/tasks/{task.uuid}/reviews"
    assert answer(client, control.url, "GET", path).status_code == 400


def test_a_reviewer_in_the_web_app_decides_on_single_labels(make_project: MakeProject, control: Control) -> None:
    project, task, hashes = submitted(make_project, 0.1, 0.5)
    [work] = control.take(REVIEWER, project.project_hash)
    by_label = {review["labelId"]: review["reviewUuid"] for review in work["label_reviews"]}
    assert set(by_label) == set(hashes)
    decisions = [
        {"review_uuid": by_label[hashes[0]], "action": "APPROVE"},
        {"review_uuid": by_label[hashes[1]], "action": "REJECT", "comment": "too wide"},
    ]
    body = [{"task_uuid": str(task.uuid), "action": "reject", "label_reviews": decisions}]
    control.call("POST", f"ui/projects/{project.project_hash}/review", body, REVIEWER)
    [returned] = control.take(ANNOTATORS[0], project.project_hash)
    control.submit(ANNOTATORS[0], project.project_hash, [returned | {"label_row": returned["labels"]}])
    [work] = control.take(MANAGER, project.project_hash, "REVIEW")
    shown = {review["labelId"]: (review["status"], review["comment"]) for review in work["label_reviews"]}
    assert shown == {hashes[0]: ("APPROVED", None), hashes[1]: ("RESOLVED", "too wide")}


def test_an_unknown_label_review_refuses_the_whole_review(make_project: MakeProject) -> None:
    _, task, _ = submitted(make_project, 0.1)
    [review] = task.get_label_reviews()
    review.uuid = uuid4()
    with pytest.raises(InvalidArgumentsError, match="is not one of task"):
        review.approve()


@pytest.mark.parametrize("undecided", ["kept", "refused"])
def test_a_task_is_approved_with_undecided_labels_unless_the_switch_says_no(
    make_project: MakeProject, client: EncordUserClient, control: Control, undecided: str
) -> None:
    control.switch(undecided_label_reviews=undecided)
    project, task, _ = submitted(make_project, 0.1)
    review = f"projects/{project.project_hash}/workflow/stages/{stage_named(project, 'Review').uuid}/actions"
    action = {"taskUuid": str(task.uuid), "action": "APPROVE", "approveLabelReviews": False}
    answered = answer(client, control.url, "POST", review, [action]).status_code
    assert answered == (200 if undecided == "kept" else 400)
    left = len(list(stage_named(project, "Review").get_tasks()))
    assert left == (0 if undecided == "kept" else 1)
