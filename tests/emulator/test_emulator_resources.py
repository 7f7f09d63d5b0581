from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encord.constants.enums import DataType
from encord.exceptions import ResourceExistsError, ResourceNotFoundError
from encord.objects import Shape
from encord.orm.dataset import DataLinkDuplicatesBehavior, StorageLocation
from encord.orm.project import ProjectStatus
from encord.utilities.project_user import ProjectUserRole

from tests.emulator.emulator_support import (
    ANNOTATORS,
    BENCHMARK_QA,
    ESTABLISHING,
    MANAGER,
    REVIEWER,
    Control,
    image_manifest,
    make_dataset,
    road_ontology,
    upload,
)
from tests.emulator.storage_support import EVERY_TYPE

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
NOWHERE = "00000000-0000-0000-0000-000000000000"


def test_a_dataset_shows_its_rows_with_their_media(client: EncordUserClient) -> None:
    dataset = client.get_dataset(make_dataset(client, "D", EVERY_TYPE))
    rows = {row.title: row for row in dataset.data_rows}
    assert {row.data_type for row in rows.values()} == {
        DataType.VIDEO, DataType.IMAGE, DataType.IMG_GROUP, DataType.DICOM, DataType.AUDIO, DataType.NIFTI,
        DataType.PLAIN_TEXT, DataType.PDF,
    }  # fmt: skip
    assert (rows["a video"].frames_per_second, rows["a video"].duration) == (10, 3)
    found = dataset.list_data_rows(title_eq="a video", data_types=[DataType.VIDEO])
    assert [row.uid for row in found] == [rows["a video"].uid]
    assert [row.title for row in dataset.list_data_rows(title_like="a s%")] == ["a sequence", "a series", "a sound"]


def test_datasets_are_found_by_title(client: EncordUserClient) -> None:
    created = client.create_dataset("D 1", StorageLocation.AWS, "about", create_backing_folder=True)
    client.create_dataset("D 2", StorageLocation.AWS, create_backing_folder=False)
    [found] = client.get_datasets(title_eq="D 1")
    assert (found["dataset"].dataset_hash, found["dataset"].description) == (created.dataset_hash, "about")
    assert created.backing_folder_uuid == client.get_dataset(created.dataset_hash).backing_folder_uuid
    assert len(client.get_datasets(title_like="D%")) == 2


@pytest.mark.parametrize(("result", "answered"), [("new rows only", 1), ("all rows", 3)])
def test_linking_twice_makes_no_second_row(
    client: EncordUserClient, control: Control, result: str, answered: int
) -> None:
    control.switch(link_skip_result=result)
    dataset = client.get_dataset(make_dataset(client, "D", image_manifest(2)))
    folder = next(iter(client.find_storage_folders(search="D files")))
    upload(client, folder, image_manifest(3))
    uuids = [item.uuid for item in folder.list_items()]
    assert len(dataset.link_items(uuids)) == answered
    assert len(dataset.list_data_rows()) == 3
    with pytest.raises(ResourceExistsError):
        dataset.link_items(uuids, duplicates_behavior=DataLinkDuplicatesBehavior.FAIL)
    dataset.link_items(uuids[:1], duplicates_behavior=DataLinkDuplicatesBehavior.DUPLICATE)
    assert len(dataset.list_data_rows()) == 4


@pytest.mark.parametrize(("scope", "tasks"), [("item", 2), ("dataset", 4)])
def test_items_in_two_datasets_of_a_project_are_one_task_per_data_hash(
    client: EncordUserClient, control: Control, scope: str, tasks: int
) -> None:
    control.switch(data_hash_scope=scope)
    first = make_dataset(client, "D", image_manifest(2))
    second = client.create_dataset("E", StorageLocation.AWS, create_backing_folder=False).dataset_hash
    folder = next(iter(client.find_storage_folders(search="D files")))
    client.get_dataset(second).link_items([item.uuid for item in folder.list_items()])
    project_hash = client.create_project("P", [first, second])
    assert control.project(project_hash)["tasks"]["Annotate (ANNOTATION)"] == tasks
    assert len(client.get_project(project_hash).list_label_rows_v2()) == tasks


def test_an_ontology_comes_back_as_it_was_and_can_be_changed(client: EncordUserClient) -> None:
    created = client.create_ontology("Roads", "about", road_ontology())
    found = client.get_ontology(created.ontology_hash)
    assert found.structure.to_dict() == created.structure.to_dict()
    found.structure.add_object("Lorry", Shape.POLYGON)
    found.save()
    assert client.get_ontology(created.ontology_hash).structure.get_child_by_title("Lorry")
    assert [entry["ontology"].title for entry in client.get_ontologies(title_eq="Roads")] == ["Roads"]


@pytest.mark.parametrize("missing", ["template", "ontology", "dataset"])
def test_a_project_of_something_unknown_is_refused_by_name(client: EncordUserClient, missing: str) -> None:
    with pytest.raises(ResourceNotFoundError, match=f"{missing} {NOWHERE}"):
        client.create_project(
            "P",
            [NOWHERE] if missing == "dataset" else [],
            ontology_hash=NOWHERE if missing == "ontology" else "",
            workflow_template_hash=NOWHERE if missing == "template" else None,
        )
    assert list(client.list_projects()) == []


def test_a_project_is_found_by_title_and_tag(client: EncordUserClient, make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING)
    client.create_project("Other", [])
    client.create_organisation_tag("benchmark-qa")
    project.add_organisation_tag(tag_name="benchmark-qa")
    project.add_organisation_tag(tag_name="benchmark-qa")
    assert [found.title for found in client.list_projects(title_eq="Project")] == ["Project"]
    assert [found.title for found in client.list_projects(tags_anyof=["benchmark-qa"])] == ["Project"]
    assert [tag.name for tag in project.get_organisation_tags()] == ["benchmark-qa"]
    with pytest.raises(ResourceExistsError):
        client.create_organisation_tag("benchmark-qa")


def test_members_groups_datasets_and_status_of_a_project(
    client: EncordUserClient, make_project: MakeProject, control: Control
) -> None:
    project = make_project(ESTABLISHING)
    members = {user.user_email: user.user_role for user in project.list_users()}
    assert members[MANAGER] == ProjectUserRole.ADMIN
    assert members[ANNOTATORS[0]] == ProjectUserRole.ANNOTATOR
    [kept] = project.add_users([REVIEWER], ProjectUserRole.ADMIN)
    assert kept.user_role == ProjectUserRole.REVIEWER
    with pytest.raises(ResourceNotFoundError, match=r"nobody@example\.com"):
        project.add_users(["nobody@example.com"], ProjectUserRole.ANNOTATOR)
    group = client.create_group("Annotators")
    project.add_group(group.group_hash, ProjectUserRole.ANNOTATOR)
    assert [found.name for found in project.list_groups()] == ["Annotators"]
    project.add_datasets([make_dataset(client, "Late", image_manifest(2, "late"))])
    assert [dataset.title for dataset in project.list_datasets()] == ["Dataset", "Late"]
    assert control.project(project.project_hash)["tasks"]["Annotate (ANNOTATION)"] == 5
    project.set_status(ProjectStatus.COMPLETED)
    assert client.get_project(project.project_hash).status == ProjectStatus.COMPLETED


def test_titles_are_unique_when_the_switch_says_so(client: EncordUserClient, control: Control) -> None:
    for _ in range(2):
        client.create_storage_folder("F")
    control.switch(unique_titles=True)
    with pytest.raises(ResourceExistsError, match="folder 'F'"):
        client.create_storage_folder("F")


def test_stage_and_pathway_uuids_are_those_of_the_template_in_every_project(make_project: MakeProject) -> None:
    stages = [
        [(str(stage.uuid), stage.title) for stage in make_project(BENCHMARK_QA).workflow.stages] for _ in range(2)
    ]
    assert stages[0] == stages[1]
    assert stages[0][0] == ("2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1c02", "Benchmark Task?")


def test_the_second_consensus_stage_can_have_a_title_of_its_own(make_project: MakeProject, control: Control) -> None:
    control.switch(consensus_stage_titles="suffixed")
    titles = [stage.title for stage in make_project(BENCHMARK_QA).workflow.stages]
    assert titles[1:3] == ["Consensus 1", "Consensus 1 Review"]
