from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import requests
from encord.exceptions import (
    AuthorisationError,
    InvalidArgumentsError,
    ResourceNotFoundError,
    UnknownException,
)
from encord.issues import AnnotationIssue, CoordinateIssue, FileIssue, FrameIssue, IssueFrameRange
from encord.issues.issue_client import TaskIssues
from encord.utilities.project_user import ProjectUserRole

from tests.emulator.emulator_support import (
    ANNOTATORS,
    COLLEAGUE,
    ESTABLISHING,
    KEYS,
    MANAGER,
    REVIEWER,
    Control,
    sdk_client,
)

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
NOWHERE = UUID(int=0)


def first_issues(project: Project) -> TaskIssues:
    task = next(iter(project.workflow.get_stage(name="Annotate").get_tasks()))
    issues: TaskIssues = task.issues
    return issues


@pytest.fixture
def project(make_project: MakeProject, control: Control) -> Project:
    """Return a project of two images to which the issue tag "blurry" is linked."""
    made = make_project(ESTABLISHING, images=2)
    control.call("POST", "ui/issue-tags", {"issueTagNames": ["blurry", "dark"]}, MANAGER)
    made.add_issue_tags(["blurry"])
    return made


def test_an_issue_of_every_anchor_comes_back_as_it_was(project: Project) -> None:
    issues = first_issues(project)
    issues.add_file_issue("whole file", ["blurry"])
    issues.add_frame_issue(3, "one frame", [], space_id="left")
    issues.add_coordinate_issue(0, 0.25, 0.5, "a spot", ["blurry"])
    issues.add_annotation_issue("abc", "wrong colour", [])
    issues.add_annotation_issue("abc", "bad contour", [], frame_ranges=[IssueFrameRange(start=3, end=4)])
    file, frame, spot, label, contour = issues.list()
    assert isinstance(file, FileIssue)
    assert (file.comments[0].content, file.comments[0].author_email) == ("whole file", MANAGER)
    assert ([tag.name for tag in file.tags], file.resolution_history, file.space_id) == (["blurry"], [], None)
    assert isinstance(frame, FrameIssue)
    assert (frame.frame_index, frame.space_id, frame.tags) == (3, "left", [])
    assert isinstance(spot, CoordinateIssue)
    assert (spot.frame_index, spot.coordinate.x, spot.coordinate.y) == (0, 0.25, 0.5)
    assert isinstance(label, AnnotationIssue)
    assert isinstance(contour, AnnotationIssue)
    assert (label.annotation_id, label.frame_ranges) == ("abc", None)
    assert contour.frame_ranges == [IssueFrameRange(start=3, end=4)]
    other = list(project.workflow.get_stage(name="Annotate").get_tasks())[1]
    assert list(other.issues.list()) == []


def test_issues_are_listed_page_by_page(project: Project, control: Control) -> None:
    control.switch(page_size=2)
    issues = first_issues(project)
    for number in range(5):
        issues.add_file_issue(f"number {number}", [])
    assert [issue.comments[0].content for issue in issues.list()] == [f"number {number}" for number in range(5)]


def test_a_scene_is_no_place_for_an_issue_here(project: Project) -> None:
    with pytest.raises(UnknownException, match="scenes"):
        first_issues(project).add_scene_coordinate_issue(0, 1, 2, 3, "up there", [])


def test_issues_are_deleted_all_or_none(project: Project) -> None:
    issues = first_issues(project)
    issues.add_file_issue("one", [])
    issues.add_file_issue("two", [])
    one, two = issues.list()
    with pytest.raises(ResourceNotFoundError):
        issues.delete([one, NOWHERE])
    assert len(list(issues.list())) == 2
    issues.delete([one])
    assert list(issues.list()) == [two]


def test_who_is_no_admin_deletes_only_what_he_wrote_and_no_label_rejections(project: Project, control: Control) -> None:
    project.add_users([COLLEAGUE], ProjectUserRole.TEAM_MANAGER)
    his = first_issues(sdk_client(control.url, KEYS[COLLEAGUE]).get_project(project.project_hash))
    first_issues(project).add_file_issue("the admin's", [])
    his.add_file_issue("his", [])
    his.add_annotation_issue("abc", "his rejection", [])
    foreign, own, rejection = his.list()
    for issue in (foreign, rejection):
        with pytest.raises(AuthorisationError):
            his.delete([own, issue])
    his.delete([own])
    first_issues(project).delete([foreign, rejection])
    assert list(his.list()) == []


def test_people_answer_resolve_and_reopen_issues_in_the_web_app(project: Project, control: Control) -> None:
    issues, path = first_issues(project), f"ui/projects/{project.project_hash}/issues"
    issues.add_file_issue("why?", [])
    [issue] = issues.list()
    control.call("POST", f"{path}/{issue.uuid}/comments", {"content": "because"}, ANNOTATORS[0])
    control.call("POST", f"{path}/{issue.uuid}/resolve", None, ANNOTATORS[0])
    control.call("POST", f"{path}/{issue.uuid}/reopen", None, REVIEWER)
    anchor = {"type": "dataUnit", "dataUuid": str(issue.data_uuid)}
    new = {"anchor": anchor, "comment": "me too", "issueTags": ["blurry"]}
    control.call("POST", path, {"issues": [new]}, ANNOTATORS[1])
    issue, mine = issues.list()
    assert [(comment.content, comment.author_email) for comment in issue.comments] == [
        ("why?", MANAGER), ("because", ANNOTATORS[0]),
    ]  # fmt: skip
    assert [(entry.is_resolved, entry.actor_email) for entry in issue.resolution_history] == [
        (True, ANNOTATORS[0]), (False, REVIEWER),
    ]  # fmt: skip
    assert mine.comments[0].author_email == ANNOTATORS[1]
    seen = control.call("GET", f"{path}?dataUnitId={issue.data_uuid}", None, ANNOTATORS[2])["results"]
    assert [entry["uuid"] for entry in seen] == [str(issue.uuid), str(mine.uuid)]


def test_strangers_see_and_say_nothing_in_the_web_app(project: Project, control: Control) -> None:
    issues, path = first_issues(project), f"{control.url}/_emulator/ui/projects/{project.project_hash}/issues"
    issues.add_file_issue("why?", [])
    [issue] = issues.list()
    stranger = {"X-Emulator-User": "nobody@example.com"}
    calls = [("GET", path), ("POST", path), ("POST", f"{path}/{issue.uuid}/resolve"), ("POST", f"{path}/x/resolve")]
    for method, url in calls:
        assert requests.request(method, url, headers=stranger, timeout=5).status_code == 403
    tags = requests.post(
        f"{control.url}/_emulator/ui/issue-tags", json={}, headers={"X-Emulator-User": ANNOTATORS[0]}, timeout=5
    )
    assert tags.status_code == 403
    assert next(iter(issues.list())).resolution_history == []


def test_issue_tags_are_linked_once_and_by_name(project: Project) -> None:
    project.add_issue_tags(["dark", "blurry", "dark"])
    assert {tag.name for tag in project.get_issue_tags()} == {"blurry", "dark"}


def test_an_issue_tag_that_the_workspace_lacks(project: Project, control: Control) -> None:
    with pytest.raises(InvalidArgumentsError, match="'new'"):
        project.add_issue_tags(["dark", "new"])
    assert [tag.name for tag in project.get_issue_tags()] == ["blurry"]
    control.switch(unknown_issue_tags="created")
    project.add_issue_tags(["new"])
    assert {tag.name for tag in project.get_issue_tags()} == {"blurry", "new"}


def test_an_issue_with_a_tag_that_the_project_lacks(project: Project, control: Control) -> None:
    issues = first_issues(project)
    with pytest.raises(InvalidArgumentsError, match="'dark'"):
        issues.add_file_issue("too dark", ["dark"])
    assert list(issues.list()) == []
    control.switch(issue_tags_checked=False)
    issues.add_file_issue("too dark", ["dark"])
    assert [tag.name for issue in issues.list() for tag in issue.tags] == ["dark"]


def test_issues_of_a_data_unit_that_is_not_there(client: EncordUserClient, project: Project) -> None:
    issues = TaskIssues(client._api_client, UUID(project.project_hash), NOWHERE)
    with pytest.raises(ResourceNotFoundError):
        list(issues.list())
    with pytest.raises(ResourceNotFoundError):
        issues.add_file_issue("lost", [])


@pytest.mark.parametrize(
    "anchor",
    [
        None, {}, {"type": "dataUnit"}, {"type": "frame"}, {"type": "frame", "frameIndex": -1},
        {"type": "frame", "frameIndex": 2**63}, {"type": "frame", "frameIndex": "1"},
        {"type": "frameCoordinate", "frameIndex": 0, "x": "a", "y": 0}, {"type": "annotation", "annotationId": ""},
        {"type": "annotation", "annotationId": "a", "frameRanges": []}, {"type": "mood"},
        {"type": "annotation", "annotationId": "a", "frameRanges": [{"start": 2, "end": 1}]},
        {"type": "dataUnit", "dataUuid": "x"}, {"type": "dataUnit", "more": 1},
    ],
)  # fmt: skip
def test_a_malformed_anchor_is_refused(project: Project, control: Control, anchor: Any) -> None:
    unit = str(next(iter(project.workflow.stages[0].get_tasks())).data_hash)
    if anchor and "type" in anchor and anchor != {"type": "dataUnit"}:
        anchor = {"dataUuid": unit} | anchor
    body = {"issues": [{"anchor": anchor, "comment": "c", "issueTags": []}]}
    url = f"{control.url}/_emulator/ui/projects/{project.project_hash}/issues"
    answer = requests.post(url, json=body, headers={"X-Emulator-User": MANAGER}, timeout=5)
    assert answer.status_code == 422, answer.text
    assert "body.issues[0].anchor" in answer.text
