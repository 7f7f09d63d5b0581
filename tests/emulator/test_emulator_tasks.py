from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests
from encord.exceptions import InvalidArgumentsError, ResourceNotFoundError
from encord.http.bundle import Bundle
from encord.workflow.stages.annotation import AnnotationTaskStatus
from encord.workflow.stages.review import ReviewTaskStatus

from tests.emulator.emulator_support import ANNOTATORS, BENCHMARK_QA, ESTABLISHING, MANAGER, REVIEWER, Control
from tests.emulator.workflow_support import answer, stage_named

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize("paging", ["keyset", "offset"])
@pytest.mark.parametrize(("order", "first"), [("priority", [6, 4, 5]), ("created", [0, 1, 2])])
def test_a_listing_goes_by_priority_or_by_age_and_sees_every_task_once(
    make_project: MakeProject, control: Control, paging: str, order: str, first: list[int]
) -> None:
    control.switch(task_paging=paging, task_order=order, page_size=2)
    project = make_project(BENCHMARK_QA, images=7)
    rows = project.list_label_rows_v2()
    for number, priority in ((4, 0.75), (5, 0.75), (6, 1.0), (0, 0.1)):
        rows[number].set_priority(priority)
    titles = [task.data_title for task in project.workflow.stages[0].get_tasks()]
    assert titles[:3] == [f"image-{number}.jpg" for number in first]
    assert len(set(titles)) == len(titles) == 7
    assert (titles[-1] == "image-0.jpg") is (order == "priority")


def test_acting_while_paging_by_priority_loses_nothing_under_keyset_paging(
    make_project: MakeProject, control: Control
) -> None:
    control.switch(task_paging="keyset", task_order="priority", page_size=2)
    project = make_project(BENCHMARK_QA, images=7)
    project.list_label_rows_v2()[3].set_priority(0.9)
    for task in project.workflow.stages[0].get_tasks():
        task.proceed("NO")
    assert list(project.workflow.stages[0].get_tasks()) == []


@pytest.mark.parametrize("order", ["priority", "created"])
@pytest.mark.parametrize("token", ["x", "0.5", "0.5_", "nan_1", "1e999_1", "..._1", "9" * 40, "0.5_" + "9" * 40, "-1"])
def test_a_page_token_that_is_not_ours_is_refused_or_finds_nothing(
    make_project: MakeProject, client: EncordUserClient, control: Control, order: str, token: str
) -> None:
    control.switch(task_order=order)
    project = make_project(BENCHMARK_QA, images=1)
    path = f"projects/{project.project_hash}/workflow/stages/{project.workflow.stages[0].uuid}/tasks?pageToken={token}"
    assert answer(client, control.url, "GET", path).status_code in {200, 400}


def test_every_filter_of_a_listing_counts(
    make_project: MakeProject, client: EncordUserClient, control: Control
) -> None:
    project = make_project(ESTABLISHING, images=12)
    annotate, review = stage_named(project, "Annotate"), stage_named(project, "Review")
    tasks = list(annotate.get_tasks())
    tasks[0].assign(ANNOTATORS[0])
    tasks[1].submit()
    assert {one.data_title for one in annotate.get_tasks(data_title="AGE-1")} == {"image-10.jpg", "image-11.jpg"}
    assert list(annotate.get_tasks(data_title="%")) == []
    assert [one.uuid for one in annotate.get_tasks(status=AnnotationTaskStatus.ASSIGNED)] == [tasks[0].uuid]
    assert [one.uuid for one in annotate.get_tasks(assignee=[ANNOTATORS[0], MANAGER])] == [tasks[0].uuid]
    assert [one.uuid for one in review.get_tasks(status=[ReviewTaskStatus.NEW])] == [tasks[1].uuid]
    assert list(review.get_tasks(status=ReviewTaskStatus.SKIPPED)) == []
    assert list(annotate.get_tasks(dataset_hash=uuid4())) == []
    base = f"projects/{project.project_hash}/workflow/stages"
    for stage, query, field in (
        ("Complete", "statuses=NEW", "statuses"), ("Complete", "userEmails=a", "userEmails"),
        ("Review", "statuses=COMPLETED", "statuses[0]"), ("Annotate", "dataHashes=7", "dataHashes[0]"),
        ("Annotate", "datasetHashes=", "datasetHashes[0]"), ("Annotate", "colour=red", "colour"),
    ):  # fmt: skip
        refused = answer(client, control.url, "GET", f"{base}/{stage_named(project, stage).uuid}/tasks?{query}")
        assert (refused.status_code, field in refused.json()["detail"]) == (422, True)


def test_a_task_is_assigned_and_released(make_project: MakeProject) -> None:
    stage = stage_named(make_project(ESTABLISHING, images=1), "Annotate")
    [task] = stage.get_tasks()
    task.assign(ANNOTATORS[0])
    [task] = stage.get_tasks()
    assert (task.status, task.assignee) == (AnnotationTaskStatus.ASSIGNED, ANNOTATORS[0])
    task.release()
    [task] = stage.get_tasks()
    assert (task.status, task.assignee) == (AnnotationTaskStatus.RELEASED, None)


def test_there_must_be_an_assignee_to_retain(make_project: MakeProject) -> None:
    stage = stage_named(make_project(ESTABLISHING, images=1), "Annotate")
    [task] = stage.get_tasks()
    with pytest.raises(InvalidArgumentsError, match="has no assignee to retain"):
        task.submit(retain_assignee=True)
    assert len(list(stage.get_tasks())) == 1


@pytest.mark.parametrize(("members_only", "assigned"), [(True, False), (False, True)])
def test_strangers_are_assigned_tasks_only_if_the_switch_allows_it(
    make_project: MakeProject, control: Control, members_only: bool, assigned: bool
) -> None:
    control.switch(assignee_is_member=members_only)
    stage = stage_named(make_project(ESTABLISHING, images=1), "Annotate")
    [task] = stage.get_tasks()
    if assigned:
        task.assign("stranger@example.com")
    else:
        with pytest.raises(InvalidArgumentsError, match="no member of the project"):
            task.assign("stranger@example.com")
    assert [one.assignee for one in stage.get_tasks()] == ["stranger@example.com" if assigned else None]


@pytest.mark.parametrize(("setting", "assignee"), [("submitter", ANNOTATORS[0]), ("nobody", None)])
def test_a_rejected_task_goes_back_to_whoever_submitted_it_or_to_nobody(
    make_project: MakeProject, control: Control, setting: str, assignee: str | None
) -> None:
    control.switch(rejected_goes_to=setting)
    project = make_project(ESTABLISHING, images=2)
    with project.create_bundle() as bundle:
        for task in list(stage_named(project, "Annotate").get_tasks()):
            task.submit(assignee=ANNOTATORS[0], bundle=bundle)
    with project.create_bundle() as bundle:
        for task in list(stage_named(project, "Review").get_tasks()):
            task.reject(assignee=REVIEWER, bundle=bundle)
    returned = list(stage_named(project, "Annotate").get_tasks())
    assert [(task.assignee, task.status.value) for task in returned] == [(assignee, "REOPENED")] * 2


def test_actions_on_one_task_in_one_request_are_done_in_their_order(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=1)
    [task] = stage_named(project, "Annotate").get_tasks()
    with project.create_bundle() as bundle:
        task.assign(ANNOTATORS[1], bundle=bundle)
        task.submit(retain_assignee=True, bundle=bundle)
    assert len(list(stage_named(project, "Review").get_tasks())) == 1


def test_sending_one_task_two_ways_in_one_request_is_refused_whole(make_project: MakeProject) -> None:
    stage = make_project(BENCHMARK_QA, images=1).workflow.stages[0]
    [task] = stage.get_tasks()
    bundle = Bundle()
    task.proceed("NO", bundle=bundle)
    task.proceed("YES", bundle=bundle)
    with pytest.raises(InvalidArgumentsError, match="1 of 1 tasks are not at stage"):
        bundle.execute()
    assert [one.uuid for one in stage.get_tasks()] == [task.uuid]


UUID = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    "action",
    [
        None, 7, [], {}, {"taskUuid": UUID}, {"action": "ASSIGN"}, {"taskUuid": UUID, "action": "SKIP"},
        {"taskUuid": None, "action": "RELEASE"}, {"taskUuid": "\0", "action": "RELEASE"},
        {"taskUuid": 10**400, "action": "RELEASE"}, {"taskUuid": UUID, "action": ["RELEASE"]},
        {"taskUuid": UUID, "action": "RELEASE", "colour": "red"}, {"taskUuid": UUID, "action": "ASSIGN"},
        {"taskUuid": UUID, "action": "ASSIGN", "assignee": None},
        {"taskUuid": UUID, "action": "ASSIGN", "assignee": ""},
        {"taskUuid": UUID, "action": "PATHWAY_ACTION", "pathwayUuid": "x"},
        {"taskUuid": UUID, "action": "SUBMIT", "retainAssignee": "perhaps"},
    ],
)  # fmt: skip
def test_an_action_that_is_none_is_refused(
    make_project: MakeProject, client: EncordUserClient, control: Control, action: Any
) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    path = f"projects/{project.project_hash}/workflow/stages/{project.workflow.stages[0].uuid}/actions"
    refused = answer(client, control.url, "POST", path, [action])
    # A number too large for JSON's readers does not even become a body.
    assert refused.status_code in {400, 422}
    assert "body" in refused.text
    assert answer(client, control.url, "POST", path, action).status_code in {400, 422, 200 if action == [] else 422}


def test_an_action_that_the_stage_does_not_know_is_refused(
    make_project: MakeProject, client: EncordUserClient, control: Control
) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    [task] = project.workflow.stages[0].get_tasks()
    base = f"projects/{project.project_hash}/workflow/stages"
    action = {"taskUuid": str(task.uuid), "action": "SUBMIT"}
    for stage, status in ((project.workflow.stages[0].uuid, 400), (uuid4(), 404), ("x", 422)):
        assert answer(client, control.url, "POST", f"{base}/{stage}/actions", [action]).status_code == status
    done = stage_named(project, "Complete").uuid
    assert answer(client, control.url, "POST", f"{base}/{done}/actions", [action]).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        None, [], {"taskUuids": []}, {"taskUuids": UUID, "destinationStageUuid": UUID},
        {"taskUuids": [7], "destinationStageUuid": UUID}, {"taskUuids": [UUID], "destinationStageUuid": None},
        {"taskUuids": [UUID], "destinationStageUuid": UUID, "colour": "red"},
    ],
)  # fmt: skip
def test_a_move_that_is_none_is_refused(
    make_project: MakeProject, client: EncordUserClient, control: Control, body: Any
) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    path = f"projects/{project.project_hash}/workflow/stages/{project.workflow.stages[0].uuid}/move-tasks"
    assert answer(client, control.url, "POST", path, body).status_code == 422


@pytest.mark.parametrize(
    "priorities", [None, {}, [["x", 0.5]], [[UUID, 2]], [[UUID, "high"]], [[UUID]], [[UUID, None]]]
)
def test_priorities_that_are_none_are_refused(
    make_project: MakeProject, client: EncordUserClient, control: Control, priorities: Any
) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    path = f"projects/{project.project_hash}/priorities"
    assert answer(client, control.url, "POST", path, {"priorities": priorities}).status_code == 422
    assert answer(client, control.url, "POST", path, {"priorities": [[UUID, 0.5]]}).status_code == 400


def test_a_stage_that_is_not_the_projects_is_not_found(make_project: MakeProject) -> None:
    task = next(iter(make_project(BENCHMARK_QA, images=1).workflow.stages[0].get_tasks()))
    task._stage_uuid = uuid4()
    with pytest.raises(ResourceNotFoundError):
        task.proceed("NO")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("take", {"limit": -1}), ("take", {"limit": "many"}), ("take", {"limit": 10**30}), ("take", []),
        ("take", {"stage_types": ["AGENT"]}), ("take", {"stage_types": 7}), ("take", {"colour": "red"}),
        ("submit", {}), ("submit", [7]), ("submit", [{"task_uuid": 7}]), ("submit", [{"labels": {}}]),
        ("submit", [{"task_uuid": UUID, "labels": []}]), ("submit", [{"task_uuid": UUID, "seconds": -1}]),
        ("submit", [{"task_uuid": UUID, "seconds": 1e300}]), ("submit", [{"task_uuid": UUID, "colour": "red"}]),
        ("skip", {}), ("skip", [None]), ("release", [[]]), ("release", "x"), ("review", [{"task_uuid": UUID}]),
        ("review", [{"task_uuid": UUID, "action": "praise"}]),
        ("review", [{"task_uuid": UUID, "action": "approve", "label_reviews": [{}]}]),
    ],
)  # fmt: skip
def test_what_a_web_app_would_never_send_is_refused(
    make_project: MakeProject, control: Control, path: str, body: Any
) -> None:
    url = f"{control.url}/_emulator/ui/projects/{make_project(ESTABLISHING, images=1).project_hash}/{path}"
    refused = requests.post(url, json=body, headers={"X-Emulator-User": MANAGER}, timeout=5)
    assert (refused.status_code, refused.json()["detail"][:4]) == (422, "body")


def test_what_somebody_took_he_may_release(make_project: MakeProject, control: Control) -> None:
    project_hash = make_project(ESTABLISHING, images=1).project_hash
    [work] = control.take(ANNOTATORS[0], project_hash)
    assert control.take(ANNOTATORS[1], project_hash) == []
    control.call("POST", f"ui/projects/{project_hash}/release", [work["task_uuid"]], ANNOTATORS[0])
    assert [again["task_uuid"] for again in control.take(ANNOTATORS[1], project_hash)] == [work["task_uuid"]]
