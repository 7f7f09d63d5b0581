from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import CorruptedLabelError, ResourceNotFoundError
from encord.objects import LabelRowV2, Object
from encord.objects.attributes import ChecklistAttribute, RadioAttribute
from encord.objects.classification import Classification
from encord.objects.coordinates import BoundingBoxCoordinates, PointCoordinate, PolygonCoordinates
from encord.objects.options import NestableOption

from tests.emulator.emulator_support import ESTABLISHING, MANAGER, Control
from tests.emulator.label_support import without_stamps
from tests.emulator.storage_support import EVERY_TYPE

if TYPE_CHECKING:
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
BOX = BoundingBoxCoordinates(height=0.25, width=0.5, top_left_x=0.125, top_left_y=0.0625)
POLYGON = PolygonCoordinates([PointCoordinate(0.1, 0.2), PointCoordinate(0.3, 0.4), PointCoordinate(0.5, 0.1)])


def draw(project: Project, row: LabelRowV2, frames: list[int]) -> None:
    """Put a box with an answer, a polygon, and all three kinds of classification on a row."""
    structure = project.ontology_structure
    car = structure.get_child_by_title("Car", type_=Object)
    box = car.create_instance()
    box.set_for_frames(BOX, frames)
    colour = car.get_child_by_title("Colour", type_=RadioAttribute)
    box.set_answer(colour.get_child_by_title("Red"), attribute=colour)
    row.add_object_instance(box)
    road = structure.get_child_by_title("Road", type_=Object).create_instance()
    road.set_for_frames(POLYGON, frames[:1])
    row.add_object_instance(road)
    for title, answer in (("Weather", "Rainy"), ("Seen", ["Dogs", "Trees"]), ("Remark", "too dark")):
        instance = structure.get_child_by_title(title, type_=Classification).create_instance()
        instance.set_for_frames(frames)
        instance.set_answer(answer_options(structure, title, answer))
        row.add_classification_instance(instance)


def answer_options(structure: Any, title: str, answer: Any) -> Any:
    attribute = structure.get_child_by_title(title, type_=Classification).attributes[0]
    if isinstance(attribute, RadioAttribute):
        return attribute.get_child_by_title(answer, type_=NestableOption)
    if isinstance(attribute, ChecklistAttribute):
        return [attribute.get_child_by_title(name) for name in answer]
    return answer


@pytest.mark.parametrize(
    ("title", "frames"),
    [("/b/c.png", [0]), ("a group", [1]), ("a video", [0, 1, 2, 29]), ("a series", [1]), ("a volume", [3])],
)
def test_boxes_polygons_and_answers_survive_the_round_trip(
    make_project: MakeProject, title: str, frames: list[int]
) -> None:
    project = make_project(ESTABLISHING, manifest=EVERY_TYPE)
    [row] = project.list_label_rows_v2(data_title_eq=title)
    row.initialise_labels()
    draw(project, row, frames)
    row.save()
    [again] = project.list_label_rows_v2(data_title_eq=title)
    again.initialise_labels()
    assert without_stamps(again.to_encord_dict()) == without_stamps(row.to_encord_dict())
    assert [len(again.get_object_instances()), len(again.get_classification_instances())] == [2, 3]
    [box] = again.get_object_instances(again.ontology_structure.get_child_by_title("Car", type_=Object))
    assert box.get_annotation(frames[0]).coordinates == BOX
    assert box.get_annotation(frames[0]).created_by == MANAGER


@pytest.mark.parametrize("title", ["a sound", "a text", "a document", "a sequence"])
def test_the_other_types_can_be_initialised_and_saved(make_project: MakeProject, title: str) -> None:
    project = make_project(ESTABLISHING, manifest=EVERY_TYPE)
    [row] = project.list_label_rows_v2(data_title_eq=title)
    row.initialise_labels()
    row.save()
    [again] = project.list_label_rows_v2(data_title_eq=title)
    again.initialise_labels()
    assert again.to_encord_dict()["data_units"] == row.to_encord_dict()["data_units"]


def test_every_branch_of_a_unit_has_a_label_hash_of_its_own(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=1)
    for branch in ("main", "encord-a"):
        [row] = project.list_label_rows_v2(branch_name=branch)
        assert row.label_hash is None
        row.initialise_labels()
    draw(project, row, [0])
    row.save()
    rows = {row.branch_name: row for row in project.list_label_rows_v2(include_all_label_branches=True)}
    assert set(rows) == {"main", "encord-a"}
    assert rows["main"].label_hash != rows["encord-a"].label_hash
    with project.create_bundle() as bundle:
        for row in rows.values():
            row.initialise_labels(bundle=bundle)
    assert [len(rows[name].get_object_instances()) for name in ("main", "encord-a")] == [0, 2]
    assert list(project.list_branches()) == ["main", "encord-a"]
    assert project.copy_labels_to_branch("frozen", "encord-a") == 1
    [frozen] = project.list_label_rows_v2(branch_name="frozen")
    frozen.initialise_labels()
    assert len(frozen.get_object_instances()) == 2


def test_rows_are_filtered_by_hash_time_and_stage(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING)
    first, second, _ = project.list_label_rows_v2()
    first.initialise_labels()
    first.save()
    hour = timedelta(hours=1)
    now = datetime.now(UTC)

    def found(**filters: Any) -> list[str]:
        return [row.data_hash for row in project.list_label_rows_v2(**filters)]

    assert found(label_hashes=[first.label_hash]) == [first.data_hash]
    assert found(data_hashes=[second.data_hash]) == [second.data_hash]
    assert found(edited_after=now - hour) == [first.data_hash]
    assert found(edited_after=now + hour) == []
    assert found(edited_before=now + hour) == [first.data_hash]
    assert len(found(workflow_graph_node_title_eq="Annotate")) == 3
    assert found(workflow_graph_node_title_eq="Complete") == []
    assert found(data_title_like="%-1.jpg") == [second.data_hash]


def test_client_metadata_comes_only_when_asked_for(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, manifest=EVERY_TYPE)
    [plain] = project.list_label_rows_v2(data_title_eq="/b/c.png")
    [rich] = project.list_label_rows_v2(data_title_eq="/b/c.png", include_client_metadata=True)
    assert (plain.client_metadata, rich.client_metadata) == (None, {"key": "b/c.png"})


def test_completing_a_label_row_takes_its_task_to_the_end_and_reopening_back(
    make_project: MakeProject, control: Control
) -> None:
    project = make_project(ESTABLISHING, images=1)
    [row] = project.list_label_rows_v2()
    row.initialise_labels()
    row.workflow_complete()
    assert control.project(project.project_hash)["tasks"]["Complete (DONE)"] == 1
    row.workflow_reopen()
    assert control.project(project.project_hash)["tasks"]["Annotate (ANNOTATION)"] == 1


def test_answers_in_bulk(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=1)
    [row] = project.list_label_rows_v2()
    row.initialise_labels()
    draw(project, row, [0])
    row.save()
    [entry] = project.get_label_classifications([row.label_hash])
    names = {answer.classifications[0].name for answer in entry.classification_answers.values()}
    assert names == {"Weather", "Seen", "Remark"}


def test_labels_of_another_unit_are_refused(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=2)
    first, second = project.list_label_rows_v2()
    first.initialise_labels()
    second.initialise_labels()
    with pytest.raises(CorruptedLabelError, match=first.data_hash):
        project._client.save_label_rows([first.label_hash], [second.to_encord_dict()])
    with pytest.raises(ResourceNotFoundError, match="label row"):
        project._client.get_label_rows(["nowhere"])


def test_an_answer_in_the_older_form_gets_feature_and_range(make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=1)
    [row] = project.list_label_rows_v2()
    row.initialise_labels()
    draw(project, row, [0])
    blob = row.to_encord_dict()
    unit = blob["data_units"][row.data_hash]
    for name, answer in blob["classification_answers"].items():
        unit["labels"]["classifications"].append({"classificationHash": name, "featureHash": answer.pop("featureHash")})
        del answer["range"]
    project._client.save_label_rows([row.label_hash], [blob])
    row.initialise_labels(overwrite=True)
    assert len(row.get_classification_instances()) == 3
