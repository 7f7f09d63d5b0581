from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from encord.exceptions import AuthorisationError, InvalidArgumentsError, ResourceNotFoundError
from encord.objects.coordinates import BoundingBoxCoordinates
from encord.orm.dataset import StorageLocation
from encord.orm.project import BenchmarkQaWorkflowSettings, ProjectStatus
from encord.orm.project import Project as OrmProject
from encord.project_ontology.classification_type import ClassificationType
from encord.project_ontology.object_type import ObjectShape
from encord.utilities.project_user import ProjectUserRole

from tests.emulator.emulator_support import (
    ANNOTATORS,
    BENCHMARK_QA,
    COLLEAGUE,
    ESTABLISHING,
    KEYS,
    REVIEWER,
    Control,
    image_manifest,
    make_dataset,
    sdk_client,
)

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.http.querier import Querier
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
NOWHERE = "00000000-0000-0000-0000-000000000000"


def delete_project(client: EncordUserClient, project_hash: str) -> None:
    """Do what only the SDK's private querier can."""
    client.querier.basic_delete(OrmProject, uid=project_hash)


def label_first_row(project: Project) -> str:
    row = project.list_label_rows_v2()[0]
    row.initialise_labels()
    car = project.ontology_structure.get_child_by_title("Car").create_instance()
    car.set_for_frames(BoundingBoxCoordinates(height=0.2, width=0.2, top_left_x=0.1, top_left_y=0.1), 0)
    row.add_object_instance(car)
    row.save()
    assert row.label_hash
    return row.label_hash


def test_a_deleted_project_is_gone_with_all_that_hung_on_it(
    client: EncordUserClient, make_project: MakeProject, control: Control
) -> None:
    kept, gone = make_project(BENCHMARK_QA, images=2), make_project(BENCHMARK_QA, images=2)
    label_first_row(gone)
    next(iter(gone.workflow.stages[0].get_tasks())).proceed("YES")
    delete_project(client, gone.project_hash)
    assert [project.project_hash for project in client.list_projects()] == [kept.project_hash]
    with pytest.raises(AuthorisationError):
        client.get_project(gone.project_hash)
    [left] = control.call("GET", "state")["projects"]
    assert sum(left["tasks"].values()) == 2
    assert len(client.get_datasets()) == 2
    with pytest.raises(AuthorisationError):
        delete_project(client, gone.project_hash)


def test_only_an_admin_deletes_a_project(client: EncordUserClient, make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=1)
    project.add_users([COLLEAGUE], ProjectUserRole.TEAM_MANAGER)
    other = sdk_client(control.url, KEYS[COLLEAGUE])
    with pytest.raises(AuthorisationError):
        delete_project(other, project.project_hash)
    assert other.get_project(project.project_hash).title == "Project"
    other.get_project(project.project_hash).set_status(ProjectStatus.PAUSED)


def test_a_viewer_reads_and_changes_nothing(
    client: EncordUserClient, make_project: MakeProject, control: Control
) -> None:
    project = make_project(ESTABLISHING, images=1)
    project.add_users([COLLEAGUE], ProjectUserRole.VIEWER)
    seen = sdk_client(control.url, KEYS[COLLEAGUE]).get_project(project.project_hash)
    assert seen.user_role == ProjectUserRole.VIEWER
    assert len(list(seen.list_users())) == 7
    with pytest.raises(AuthorisationError):
        seen.add_users([ANNOTATORS[0]], ProjectUserRole.ANNOTATOR)
    with pytest.raises(AuthorisationError):
        seen.set_status(ProjectStatus.PAUSED)


def test_projects_are_listed_by_every_filter(client: EncordUserClient, make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=1)
    client.create_project("Second", [], "of two")
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    for wanted in (
        {"title_like": "Sec%"}, {"desc_eq": "of two"}, {"desc_like": "%two"},
        {"title_eq": "Second", "edited_after": now - hour},
    ):  # fmt: skip
        assert [found.title for found in client.list_projects(**wanted)] == ["Second"], wanted  # type: ignore[arg-type]
    assert list(client.list_projects(created_after=now + hour)) == []
    assert len(list(client.list_projects(created_before=now + hour, edited_before=now + hour))) == 2
    assert next(iter(client.list_projects(title_eq="Project"))).project_hash == project.project_hash


def test_an_organisation_admin_sees_foreign_projects_on_request(client: EncordUserClient, control: Control) -> None:
    other = sdk_client(control.url, KEYS[COLLEAGUE])
    other.create_project("Foreign", [])
    assert list(client.list_projects()) == []
    [found] = client.list_projects(include_org_access=True)
    assert (found.title, found.user_role) == ("Foreign", None)
    client.create_project("Own", [])
    assert [project.title for project in other.list_projects(include_org_access=True)] == ["Foreign"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_older_calls_about_projects_still_answer(client: EncordUserClient, make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=2)
    client.create_project("Second", [])
    [entry] = client.get_projects(title_eq="Project")
    assert (entry["project"].project_hash, entry["user_role"]) == (project.project_hash, ProjectUserRole.ADMIN)
    label_hash = label_first_row(project)
    older = project.get_project()
    assert (older.title, older.ontology_hash) == ("Project", project.ontology_hash)
    assert older.created_at == project.created_at.replace(tzinfo=None, microsecond=0)
    assert [dataset["title"] for dataset in older.datasets] == ["Dataset"]
    assert [row["label_hash"] for row in older.label_rows] == [label_hash, None]
    assert [row["label_status"] for row in older.label_rows] == ["LABELLED", "NOT_LABELLED"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_ontology_grows_through_the_project(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=1)
    project.add_object("Bus", ObjectShape.POLYGON)
    project.add_classification("Night", ClassificationType.RADIO, required=True, options=["yes", "no"])
    project.refetch_ontology()
    assert project.ontology_structure.get_child_by_title("Bus").name == "Bus"
    assert project.ontology_structure.get_child_by_title("Car").name == "Car"


def test_detaching_a_dataset_takes_its_tasks_and_labels_away(
    client: EncordUserClient, make_project: MakeProject, control: Control
) -> None:
    project = make_project(ESTABLISHING, images=2)
    [first] = [dataset.dataset_hash for dataset in project.list_datasets()]
    late = make_dataset(client, "Late", image_manifest(3, "late"))
    project.add_datasets([late])
    label_hash = label_first_row(project)
    assert project.remove_datasets([str(first)])
    assert [dataset.title for dataset in project.list_datasets()] == ["Late"]
    assert control.project(project.project_hash)["tasks"] == {
        "Annotate (ANNOTATION)": 3, "Review (REVIEW)": 0, "Complete (DONE)": 0,
    }  # fmt: skip
    assert len(project.list_label_rows_v2()) == 3
    with pytest.raises(ResourceNotFoundError):
        project.get_label_row(label_hash)
    with pytest.raises(ResourceNotFoundError):
        project.remove_datasets([str(first)])
    project.add_datasets([str(first)])
    assert {row.label_hash for row in project.list_label_rows_v2()} == {None}


def test_a_unit_that_another_dataset_holds_stays_when_one_is_detached(
    client: EncordUserClient, control: Control
) -> None:
    control.switch(data_hash_scope="item")
    first = make_dataset(client, "D", image_manifest(2))
    second = client.create_dataset("E", StorageLocation.AWS, create_backing_folder=False).dataset_hash
    folder = next(iter(client.find_storage_folders(search="D files")))
    client.get_dataset(second).link_items([item.uuid for item in folder.list_items()][:1])
    project = client.get_project(client.create_project("P", [first, second], workflow_template_hash=ESTABLISHING))
    project.remove_datasets([first])
    [task] = project.workflow.stages[0].get_tasks(dataset_hash=second)
    assert [row.data_hash for row in project.list_label_rows_v2()] == [str(task.data_hash)]


def test_users_are_removed_and_listed_page_by_page(make_project: MakeProject, control: Control) -> None:
    control.switch(page_size=2)
    project = make_project(ESTABLISHING, images=1)
    assert len(list(project.list_users())) == 6
    project.remove_users([REVIEWER, "nobody@example.com"])
    assert REVIEWER not in {user.user_email for user in project.list_users()}


def test_the_retired_benchmark_workflow_is_refused_by_name(client: EncordUserClient) -> None:
    with pytest.raises(InvalidArgumentsError, match="'benchmark' is not emulated"):
        client.create_project("P", [], workflow_settings=BenchmarkQaWorkflowSettings([NOWHERE]))
    assert list(client.list_projects()) == []


@pytest.mark.parametrize(
    ("query", "method", "uid", "payload"),
    [
        ("project", "POST", None, {"title": 3}),
        ("project", "POST", None, {"title": "P", "dataset_hashes": ["x"]}),
        ("project", "POST", None, {"title": "P", "unknown": 1}),
        ("project", "POST", None, [1]),
        ("project", "POST", None, None),
        ("project", "DELETE", None, None),
        ("project", "DELETE", ["a"], None),
        ("project", "DELETE", 2**70, None),
        ("projectwithuserrole", "GET", None, {"filter": {"created_after": "0001-01-01T00:00:00+14:00"}}),
        ("projectwithuserrole", "GET", None, {"filter": {"title_like": "%" * 60_000}}),
    ],
)
def test_malformed_queries_about_projects_are_refused(
    client: EncordUserClient, query: str, method: str, uid: object, payload: object
) -> None:
    kind = type(query, (), {})
    querier: Querier = client.querier
    call = {
        "POST": lambda: querier.basic_setter(kind, uid, payload),  # type: ignore[arg-type]
        "DELETE": lambda: querier.basic_delete(kind, uid),  # type: ignore[arg-type]
        "GET": lambda: querier.get_multiple(kind, uid, payload),  # type: ignore[arg-type]
    }[method]
    with pytest.raises(InvalidArgumentsError):
        call()
