from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encord.exceptions import (
    CorruptedLabelError,
    EncordException,
    InvalidArgumentsError,
    MultiLabelLimitError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from encord.orm.label_row import AnnotationTaskStatus, ShadowDataState

from tests.emulator.emulator_support import ANNOTATORS, BUCKET_URL, ESTABLISHING, Control
from tests.emulator.label_support import every_shape, first_row, objects_of, project_of, put_box
from tests.emulator.storage_support import EVERY_TYPE

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


def test_the_last_save_wins_and_one_bad_row_saves_none(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=2)
    row, other = first_row(project), project.list_label_rows_v2()[1]
    same = first_row(project)
    other.initialise_labels()
    put_box(row)
    row.save()
    put_box(same, name="Car")
    put_box(same, name="Car")
    same.save()
    assert len(first_row(project).get_object_instances()) == 2
    put_box(other)
    with pytest.raises(CorruptedLabelError):
        project._client.save_label_rows(
            [other.label_hash, row.label_hash], [other.to_encord_dict(), other.to_encord_dict()]
        )
    other.initialise_labels(overwrite=True)
    assert other.get_object_instances() == []


@pytest.mark.parametrize(("assigned", "numbers"), [(True, [1]), (False, [None])])
def test_objects_without_a_number_get_one_if_the_switch_says_so(
    make_project: MakeProject, control: Control, assigned: bool, numbers: list[int | None]
) -> None:
    control.switch(object_numbers_assigned=assigned)
    project = make_project(ESTABLISHING, images=1)
    row = first_row(project)
    put_box(row)
    document = row.to_encord_dict()
    for answer in document["object_answers"].values():
        answer.pop("objectNumber", None)
    project._client.save_label_rows([row.label_hash], [document])
    kept = project._client.get_label_row(row.label_hash)["object_answers"]
    assert [answer.get("objectNumber") for answer in kept.values()] == numbers


def test_label_rows_are_read_one_by_one_or_several_and_by_feature(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=2)
    row = first_row(project)
    put_box(row)
    row.save()
    car, road = row.ontology_structure.objects[:2]
    single = project._client.get_label_row(row.label_hash, include_object_feature_hashes={car.feature_node_hash})
    assert (single["label_hash"], len(objects_of(single)), len(single["object_answers"])) == (row.label_hash, 1, 1)
    [filtered] = project._client.get_label_rows(
        [row.label_hash], include_object_feature_hashes={road.feature_node_hash}, include_reviews=True
    )
    assert (objects_of(filtered), filtered["object_answers"]) == ([], {})
    [whole] = project._client.get_label_rows([row.label_hash], include_reviews=True, include_export_history=True)
    assert [drawn["reviews"] for drawn in objects_of(whole)] == [[]]


def test_labels_of_archived_features_come_only_when_asked_for(
    make_project: MakeProject, client: EncordUserClient
) -> None:
    project = make_project(ESTABLISHING, images=1)
    row = first_row(project)
    put_box(row)
    row.save()
    ontology = client.get_ontology(project.ontology_hash)
    ontology.structure.objects[0].archived = True
    ontology.save()
    [without] = project._client.get_label_rows([row.label_hash])
    [whole] = project._client.get_label_rows([row.label_hash], include_archived=True)
    assert [len(objects_of(without)), len(objects_of(whole))] == [0, 1]


def test_initialising_what_exists(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=2)
    hashes = [row.data_hash for row in project.list_label_rows_v2()]
    made = project._client.create_label_row(hashes[0])
    assert made["data_hash"] == hashes[0]
    with pytest.raises(ResourceExistsError, match=hashes[0]):
        project._client.create_label_row(hashes[0])
    again = project._client.create_label_rows(hashes)
    assert [row["data_hash"] for row in again] == hashes
    assert again[0]["label_hash"] == made["label_hash"]
    control.switch(init_existing_labels="409")
    with pytest.raises(ResourceExistsError):
        project._client.create_label_rows(hashes)
    with pytest.raises(ResourceNotFoundError, match="data unit"):
        project._client.create_label_rows([project.project_hash])


def test_too_many_label_rows_in_one_request(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=3)
    rows = project.list_label_rows_v2()
    control.switch(multi_label_limit=2, label_save_limit=1)
    with pytest.raises(MultiLabelLimitError) as caught:
        project._client.create_label_rows([row.data_hash for row in rows])
    assert caught.value.maximum_labels_allowed == 2
    for row in rows[:2]:
        row.initialise_labels()
    documents = [row.to_encord_dict() for row in rows[:2]]
    with pytest.raises(MultiLabelLimitError):
        project._client.save_label_rows([row.label_hash for row in rows[:2]], documents)


def test_branches_are_copied_in_whole_or_in_part(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=3)
    rows = project.list_label_rows_v2()
    for row in rows:
        row.initialise_labels()
        put_box(row)
        row.save()
    first, second, _ = rows
    assert project.copy_labels_to_branch("snapshot", data_hashes=[first.data_hash]) == 1
    assert project.copy_labels_to_branch("snapshot", label_hashes=[first.label_hash, second.label_hash]) == 1
    put_box(first)
    first.save()
    assert project.copy_labels_to_branch("snapshot") == 1
    [kept] = project.list_label_rows_v2(branch_name="snapshot", data_hashes=[first.data_hash])
    kept.initialise_labels()
    assert len(kept.get_object_instances()) == 1
    assert project.copy_labels_to_branch("snapshot", overwrite=True) == 3
    kept.initialise_labels(overwrite=True)
    assert len(kept.get_object_instances()) == 2
    assert kept.get_object_instances()[0].object_hash == first.get_object_instances()[0].object_hash


def test_labels_of_data_that_was_removed_are_not_found_and_not_copied(
    make_project: MakeProject, client: EncordUserClient
) -> None:
    project = make_project(ESTABLISHING, images=1)
    row = first_row(project)
    client.get_dataset(row.dataset_hash).delete_data([row.data_hash])
    with pytest.raises(ResourceNotFoundError, match=r"label row|data unit"):
        project._client.get_label_rows([row.label_hash])
    with pytest.raises(ResourceNotFoundError, match=r"label row|data unit"):
        row.save()
    assert project.copy_labels_to_branch("snapshot") == 0
    assert project.list_label_rows_v2() == []


def test_branches_are_listed_in_pages(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=1)
    names = ["main", *(f"branch-{number}" for number in range(5))]
    for name in names:
        [row] = project.list_label_rows_v2(branch_name=name)
        row.initialise_labels()
    control.switch(page_size=2)
    assert list(project.list_branches()) == names


def test_answers_in_bulk_are_those_of_the_branch(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=1)
    main = first_row(project)
    [other] = project.list_label_rows_v2(branch_name="other")
    other.initialise_labels()
    hashes = [main.label_hash, other.label_hash]
    assert [str(one.label_uuid) for one in project.get_label_classifications(hashes)] == [main.label_hash]
    found = project.get_label_classifications(hashes, branch_name="other")
    assert [(str(one.label_uuid), one.branch_name) for one in found] == [(other.label_hash, "other")]
    control.switch(bulk_answers_branch="own")
    assert len(list(project.get_label_classifications(hashes))) == 2


def test_statuses_follow_the_labels_or_the_workflow(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=3)
    labelled, begun, _ = project.list_label_rows_v2()
    for row in (labelled, begun):
        row.initialise_labels()
    put_box(labelled)
    labelled.save()

    def statuses() -> list[str]:
        return [row.label_status.value for row in project.list_label_rows(include_uninitialised_labels=True)]

    assert statuses() == ["LABELLED", "LABEL_IN_PROGRESS", "NOT_LABELLED"]
    assert [row.data_hash for row in project.list_label_rows()] == [labelled.data_hash, begun.data_hash]
    control.switch(label_status="workflow")
    assert statuses() == ["LABEL_IN_PROGRESS", "LABEL_IN_PROGRESS", "NOT_LABELLED"]
    control.submit(ANNOTATORS[0], project.project_hash, control.take(ANNOTATORS[0], project.project_hash, "ANNOTATION"))
    assert statuses()[0] == "LABELLED"
    [document, _] = project._client.get_label_rows([labelled.label_hash, begun.label_hash])
    assert document["label_status"] == "LABELLED"


def test_rows_are_filtered_by_task_status_and_shadow_data(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=2)
    control.take(ANNOTATORS[0], project.project_hash, "ANNOTATION", limit=1)
    assigned = project.list_label_rows_v2(label_statuses=[AnnotationTaskStatus.ASSIGNED])
    assert [row.assigned_user_email for row in assigned] == [ANNOTATORS[0]]
    assert len(project.list_label_rows_v2(label_statuses=[AnnotationTaskStatus.QUEUED])) == 1
    [row] = project.list_label_rows_v2(
        label_statuses=[AnnotationTaskStatus.ASSIGNED], include_workflow_graph_node=False
    )
    assert (row.workflow_graph_node, row.annotation_task_status) == (None, AnnotationTaskStatus.ASSIGNED)
    assert project.list_label_rows_v2(shadow_data_state=ShadowDataState.SHADOW_DATA) == []
    assert len(project.list_label_rows_v2(shadow_data_state=ShadowDataState.NOT_SHADOW_DATA)) == 2
    with pytest.raises(InvalidArgumentsError, match="exclude each other"):
        project.list_label_rows_v2(branch_name="a", include_all_label_branches=True)


def test_client_metadata_and_links_are_told_in_the_form_that_is_asked_for(client: EncordUserClient) -> None:
    project = project_of(client, EVERY_TYPE, every_shape())
    local = {"include_client_metadata": True, "resolve_client_metadata_locally": True}
    rows = {row.data_title: row for row in project.list_label_rows_v2(**local)}
    assert rows["/b/c.png"].client_metadata == {"key": "b/c.png"}
    assert not rows["a video"].client_metadata
    assert (rows["a video"].data_link, rows["a group"].data_link) == (f"{BUCKET_URL}/a.mp4", None)
    rows["a video"].initialise_labels(include_signed_url=True)
    assert rows["a video"].data_link == f"{BUCKET_URL}/a.mp4"
    [group] = project.list_label_rows_v2(data_title_eq="a group", include_images_data=True)
    assert [frame.title for frame in group.get_frames_metadata()] == ["/1.jpg", "/2.jpg"]


def test_objects_are_interpolated_between_key_frames(make_project: MakeProject) -> None:
    project = make_project(images=1)
    frames = {
        str(frame): {
            "objects": [
                {"objectHash": "car", "featureHash": "f", "boundingBox": {"x": x, "y": 0.5, "w": 0.1, "h": 0.2}},
                {"objectHash": "dot", "featureHash": "g", "point": {"0": {"x": x, "y": 0.25}}},
            ]
        }
        for frame, x in ((10, 0.0), (14, 0.5))
    }
    filled = project.object_interpolation(frames, ["car", "dot"])
    assert list(filled) == ["10", "11", "12", "13", "14"]
    boxes = [frame["objects"][0]["boundingBox"]["x"] for frame in filled.values()]
    assert boxes == [0.0, 0.125, 0.25, 0.375, 0.5]
    assert filled["12"]["objects"][1] == {
        "objectHash": "dot",
        "featureHash": "g",
        "point": {"0": {"x": 0.25, "y": 0.25}},
    }
    with pytest.raises(InvalidArgumentsError, match="on no key frame"):
        project.object_interpolation(frames, ["nobody"])
    frames["14"]["objects"][1]["point"] = {"0": {"x": 1}}
    with pytest.raises(InvalidArgumentsError, match="differ in form"):
        project.object_interpolation(frames, ["dot"])
    with pytest.raises(EncordException):
        project.object_interpolation({"0": frames["10"], "9999999": frames["14"]}, ["car"])
