from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import AuthorisationError, InvalidArgumentsError, UnknownException
from encord.orm.analytics import TaskActionType
from encord.orm.editor_log import EditorLogClassification, EditorLogGeneralAction, EditorLogObject
from encord.orm.label_log import Action
from encord.orm.workflow import WorkflowStageType
from encord.utilities.project_user import ProjectUserRole

from include.encord_emulator.store.drawn import drawn_labels
from tests.emulator.emulator_support import ANNOTATORS, BENCHMARK_QA, ESTABLISHING, KEYS, REVIEWER, Control, sdk_client
from tests.emulator.storage_support import EVERY_TYPE
from tests.emulator.test_emulator_labels import draw

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
HOUR = timedelta(hours=1)


def drawn_document(project: Project, data_hash: str, frames: list[int]) -> dict[str, Any]:
    """Return the document of a row with a box, a polygon and three classifications, which is not saved."""
    [row] = project.list_label_rows_v2(data_hashes=[data_hash])
    row.initialise_labels()
    draw(project, row, frames)
    return row.to_encord_dict()


def hand_in(control: Control, project: Project, user: str, task: dict[str, Any], labels: Any, seconds: float) -> None:
    body = [{"task_uuid": task["task_uuid"], "labels": labels, "seconds": seconds}]
    control.call("POST", f"ui/projects/{project.project_hash}/submit", body, user)


def logs(project: Project, **wanted: Any) -> list[Any]:
    now = datetime.now(UTC)
    return list(project.get_editor_logs(now - HOUR, now + HOUR, **wanted))


def test_labels_of_every_layout_are_found() -> None:
    box = {"objectHash": "a", "featureHash": "f", "name": "Car", "shape": "bounding_box"}
    part = {
        "data_units": {"1": {"labels": {"objects": [box]}}, "2": {"labels": {"objects": [box]}}},
        "spaces": {"left": {"labels": {"4": {"objects": [box | {"objectHash": "b"}]}}}},
        "object_answers": {"c": {"objectHash": "c", "range": [[0, 9]], "name": "Speech", "shape": "audio"}},
        "classification_answers": {
            "d": {"featureHash": "g", "range": [[1, 2]], "classifications": [{"name": "Noise"}]}
        },
    }
    found = {name: drawn.attributes for name, drawn in drawn_labels(part).items()}
    assert {name: label["labelRanges"] for name, label in found.items()} == {
        "a": [[0, 1]], "b": [[4, 4]], "c": [[0, 9]], "d": [[1, 2]],
    }  # fmt: skip
    assert [label["labelName"] for label in found.values()] == ["Car", "Car", "Speech", "Noise"]


@pytest.mark.parametrize(
    "part", [{}, {"data_units": []}, {"data_units": {"1": {"labels": {"x": 1, "2": {"objects": 3}}}}}]
)
def test_labels_of_no_known_layout_are_no_accident(part: dict[str, Any]) -> None:
    assert drawn_labels(part) == {}


def test_drawing_and_submitting_write_editor_logs(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, manifest={"videos": EVERY_TYPE["videos"]})
    [task] = control.take(ANNOTATORS[0], project.project_hash)
    hand_in(control, project, ANNOTATORS[0], task, drawn_document(project, task["data_hash"], [0, 1, 2, 5]), 10)
    found = logs(project)
    assert [(type(log), log.action) for log in found] == [
        *[(EditorLogObject, "CREATE_OBJECT")] * 2,
        *[(EditorLogClassification, "CREATE_CLASSIFICATION")] * 3,
        (EditorLogGeneralAction, "SUBMIT_TASK"),
    ]
    box, last = found[0], found[-1]
    assert (box.label_name, box.object_shape, box.label_ranges) == ("Car", "bounding_box", [(0, 2), (5, 5)])
    assert box.feature_id == project.ontology_structure.get_child_by_title("Car").feature_node_hash
    assert (box.actor_user_email, box.project_user_role, box.branch_name) == (ANNOTATORS[0], "ANNOTATOR", "main")
    assert (str(last.data_unit_id), last.data_unit_title, last.data_unit_data_type) == (
        task["data_hash"], "a video", "video",
    )  # fmt: skip
    assert (str(last.workflow_task_id), last.workflow_stage_title) == (task["task_uuid"], "Annotate")
    assert last.workflow_stage_type == "ANNOTATION"
    assert last.label_id == box.label_id == project.list_label_rows_v2()[0].label_hash
    assert len({log.session_id for log in found}) == 1
    assert len({log.id for log in found}) == 6


def test_editing_and_removing_labels_is_told_from_making_them(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=1)
    [task] = control.take(ANNOTATORS[0], project.project_hash)
    first = drawn_document(project, task["data_hash"], [0])
    hand_in(control, project, ANNOTATORS[0], task, first, 1)
    control.review(REVIEWER, project.project_hash, "reject", "REVIEW")
    [task] = control.take(ANNOTATORS[0], project.project_hash)
    second = copy.deepcopy(task["labels"])
    [unit] = second["data_units"].values()
    box, road = unit["labels"]["objects"]
    box["boundingBox"]["w"] = 0.75
    unit["labels"]["objects"] = [box]
    del second["object_answers"][road["objectHash"]]
    hand_in(control, project, ANNOTATORS[0], task, second, 1)
    made = [log.action for log in logs(project)]
    assert made[5:] == ["SUBMIT_TASK", "REJECT_TASK", "EDIT_OBJECT", "DELETE_OBJECT", "SUBMIT_TASK"]
    [edited] = logs(project, action="EDIT_OBJECT")
    assert edited.object_hash == box["objectHash"]


def test_editor_logs_are_narrowed_by_every_filter(make_project: MakeProject, control: Control) -> None:
    control.switch(page_size=2)
    project = make_project(ESTABLISHING, images=2)
    taken = control.take(ANNOTATORS[0], project.project_hash)
    control.submit(ANNOTATORS[0], project.project_hash, taken[:1])
    control.call("POST", f"ui/projects/{project.project_hash}/skip", [taken[1]["task_uuid"]], ANNOTATORS[0])
    control.review(REVIEWER, project.project_hash, "approve", "REVIEW")
    assert [log.action for log in logs(project)] == ["SUBMIT_TASK", "SKIP_TASK", "APPROVE_TASK"]
    stage = project.workflow.get_stage(name="Review")
    for wanted, actions in (
        ({"actor_user_email": REVIEWER}, ["APPROVE_TASK"]),
        ({"workflow_stage_id": stage.uuid}, ["APPROVE_TASK"]),
        ({"data_unit_id": taken[1]["data_hash"]}, ["SKIP_TASK"]),
        ({"action": "SUBMIT_TASK", "actor_user_email": ANNOTATORS[0]}, ["SUBMIT_TASK"]),
        ({"action": "SUBMIT_TASK", "actor_user_email": REVIEWER}, []),
    ):
        assert [log.action for log in logs(project, **wanted)] == actions, wanted


def test_the_window_of_editor_logs_is_30_days_at_most(make_project: MakeProject) -> None:
    project, now = make_project(ESTABLISHING, images=1), datetime.now(UTC)
    assert list(project.get_editor_logs(now - timedelta(days=30), now)) == []
    with pytest.raises(InvalidArgumentsError, match="30 days"):
        list(project.get_editor_logs(now - timedelta(days=30, seconds=1), now))
    with pytest.raises(InvalidArgumentsError):
        list(project.get_editor_logs(now, now - HOUR))


def test_consensus_work_is_logged_on_its_branch(make_project: MakeProject, control: Control) -> None:
    project = make_project(BENCHMARK_QA, images=1)
    [task] = project.workflow.stages[0].get_tasks()
    task.proceed("YES")
    for annotator in ANNOTATORS[:2]:
        control.submit(annotator, project.project_hash, control.take(annotator, project.project_hash))
    found = logs(project)
    assert [log.workflow_stage_type for log in found] == ["CONSENSUS_ANNOTATION"] * 2
    assert len({log.branch_name for log in found}) == 2
    assert all(log.branch_name.startswith("encord-") for log in found)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_label_logs_tell_the_same_work_in_numbers(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=1)
    [task] = control.take(ANNOTATORS[0], project.project_hash)
    hand_in(control, project, ANNOTATORS[0], task, drawn_document(project, task["data_hash"], [0]), 10)
    control.review(REVIEWER, project.project_hash, "approve", "REVIEW")
    found = project.get_label_logs(after=datetime.now(UTC) - HOUR, before=datetime.now(UTC) + HOUR)
    assert [log.action for log in found] == [
        *[Action.ADD] * 2, *[Action.ADD_ATTRIBUTE] * 3, Action.SUBMIT_TASK, Action.APPROVE_TASK,
    ]  # fmt: skip
    assert (found[0].label_name, found[0].time_taken, found[0].frame) == ("Car", 2000, 0)
    assert (found[-1].user_email, found[-1].time_taken) == (REVIEWER, None)
    assert [log.action for log in project.get_label_logs(user_email=REVIEWER)] == [Action.APPROVE_TASK]
    assert project.get_label_logs(user_hash=found[-1].user_hash) == [found[-1]]
    assert len(project.get_label_logs(data_hash=task["data_hash"])) == 7
    assert project.get_label_logs(to_unix_seconds=1) == []


def test_time_spent_is_one_entry_for_each_person_task_stage_and_day(
    make_project: MakeProject, control: Control
) -> None:
    project = make_project(ESTABLISHING, images=2)
    for _ in range(2):
        control.submit(ANNOTATORS[0], project.project_hash, control.take(ANNOTATORS[0], project.project_hash))
        control.review(REVIEWER, project.project_hash, "reject", "REVIEW")
    found = list(project.list_time_spent(datetime.now(UTC) - HOUR, user_email=ANNOTATORS[0]))
    assert [(entry.time_spent_seconds, entry.project_user_role) for entry in found] == [
        (5, ProjectUserRole.ANNOTATOR)
    ] * 2
    assert {entry.data_title for entry in found} == {"image-0.jpg", "image-1.jpg"}
    assert found[0].workflow_stage is not None
    assert found[0].workflow_stage.stage_type == WorkflowStageType.ANNOTATION
    review = project.workflow.get_stage(name="Review").uuid
    assert list(project.list_time_spent(datetime.now(UTC) - HOUR, workflow_stage_uuid=review)) == []
    assert list(project.list_time_spent(datetime.now(UTC) - 2 * HOUR, datetime.now(UTC) - HOUR)) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_collaborator_timers_are_summed_by_data_unit_or_project(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=3)
    control.submit(ANNOTATORS[0], project.project_hash, control.take(ANNOTATORS[0], project.project_hash))
    after = datetime.now(UTC) - HOUR
    by_unit = list(project.list_collaborator_timers(after))
    assert {timer.data_title: timer.time_seconds for timer in by_unit} == {
        "image-0.jpg": 2.5, "image-1.jpg": 2.5, "image-2.jpg": 2.5,
    }  # fmt: skip
    [whole] = project.list_collaborator_timers(after, group_by_data_unit=False)
    assert (whole.user_email, whole.time_seconds, whole.data_title) == (ANNOTATORS[0], 7.5, None)
    assert whole.user_role == ProjectUserRole.ANNOTATOR
    assert list(project.list_collaborator_timers(after, after + timedelta(seconds=1))) == []


def test_task_actions_are_narrowed_by_every_filter(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=2)
    taken = control.take(ANNOTATORS[0], project.project_hash)
    control.submit(ANNOTATORS[0], project.project_hash, taken)
    after, later = datetime.now(UTC) - HOUR, datetime.now(UTC) + HOUR
    submits = list(project.get_task_actions(after=after, before=later, action_type=TaskActionType.SUBMIT))
    assert [str(action.data_unit_uuid) for action in submits] == [task["data_hash"] for task in taken]
    one = project.get_task_actions(
        after=after, before=later, action_type=[TaskActionType.SUBMIT, TaskActionType.ASSIGN],
        data_unit_uuid=taken[0]["data_hash"], actor_email=[ANNOTATORS[0]],
        workflow_stage_uuid=project.workflow.stages[0].uuid,
    )  # fmt: skip
    assert [action.action_type for action in one] == [TaskActionType.ASSIGN, TaskActionType.SUBMIT]
    assert list(project.get_task_actions(after=after, before=later, actor_email=REVIEWER)) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_analytics_lag_behind_when_the_switch_says_so(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=1)
    control.submit(ANNOTATORS[0], project.project_hash, control.take(ANNOTATORS[0], project.project_hash))
    after, later = datetime.now(UTC) - HOUR, datetime.now(UTC) + HOUR
    listings = {
        "actions": lambda: list(project.get_task_actions(after=after, before=later)),
        "time": lambda: list(project.list_time_spent(after)),
        "timers": lambda: list(project.list_collaborator_timers(after)),
        "editor": lambda: logs(project),
        "labels": lambda: project.get_label_logs(),
    }
    assert all(listing() for listing in listings.values())
    control.switch(analytics_delay_s=60)
    assert {name: listing() for name, listing in listings.items()} == {name: [] for name in listings}


def test_analytics_survive_the_loss_of_their_data(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=1)
    control.submit(ANNOTATORS[0], project.project_hash, control.take(ANNOTATORS[0], project.project_hash))
    project.remove_datasets([str(dataset.dataset_hash) for dataset in project.list_datasets()])
    after = datetime.now(UTC) - HOUR
    assert list(project.list_time_spent(after)) == logs(project) == []
    assert len(list(project.get_task_actions(after=after, before=datetime.now(UTC) + HOUR))) == 2


def test_analytics_of_a_foreign_project_are_refused(make_project: MakeProject, control: Control) -> None:
    project, after = make_project(ESTABLISHING, images=1), datetime.now(UTC) - HOUR
    control.switch(strict_roles=False)
    seen = sdk_client(control.url, KEYS[REVIEWER]).get_project(project.project_hash)
    project.remove_users([REVIEWER])
    for listing in (
        seen.get_task_actions(after=after),
        seen.list_time_spent(after),
        seen.get_editor_logs(after, after),
    ):
        with pytest.raises(AuthorisationError):
            list(listing)


@pytest.mark.parametrize(
    "path",
    [
        "analytics/task-actions?projectUuid={p}",
        "analytics/task-actions?projectUuid={p}&after=yesterday",
        "analytics/task-actions?projectUuid={p}&after=2026-01-01&eventTypes=dance",
        "analytics/task-actions?projectUuid=x&after=2026-01-01",
        "analytics/time-spent?projectUuid={p}&after=0001-01-01T00:00:00%2B14:00",
        "analytics/time-spent?projectUuid={p}&after=2026-01-01&dataUuids=%00",
        "analytics/collaborators/timers?projectHash={p}&after=2026-01-01&pageSize=0",
        "analytics/collaborators/timers?projectHash={p}&after=2026-01-01&groupBy=mood",
        "projects/{p}/editor-logs?startTime=2026-01-01",
        "projects/{p}/editor-logs?startTime=2026-01-01&endTime=2026-01-02&workflowStageId=1",
        "projects/{p}/editor-logs?startTime=2026-01-01&endTime=2026-01-02&limit=5",
    ],
)
def test_malformed_questions_to_analytics_are_refused(
    client: EncordUserClient, make_project: MakeProject, path: str
) -> None:
    project = make_project(ESTABLISHING, images=1)
    with pytest.raises(UnknownException, match="query"):
        client._api_client.get(path.format(p=project.project_hash), params=None, result_type=dict)


@pytest.mark.parametrize("token", ["x", "-1", "9" * 19, "9" * 30])
def test_a_page_token_that_is_not_ours_is_refused(
    client: EncordUserClient, make_project: MakeProject, token: str
) -> None:
    project_hash = make_project(ESTABLISHING, images=1).project_hash
    with pytest.raises(InvalidArgumentsError, match="pageToken"):
        client._api_client.get(f"projects/{project_hash}/users?pageToken={token}", params=None, result_type=dict)
