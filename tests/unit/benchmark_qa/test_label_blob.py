from __future__ import annotations

import pytest
from encord.objects.coordinates import BoundingBoxCoordinates, PolygonCoordinates

from tests.unit.benchmark_qa import scoring_samples as samples

SQUARE = [(10.0, 10.0), (60.0, 10.0), (60.0, 60.0), (10.0, 60.0)]
HOLE = [(20.0, 20.0), (30.0, 20.0), (30.0, 30.0)]
ISLAND = [(100.0, 50.0), (150.0, 50.0), (150.0, 90.0)]


def read_by_sdk(blob, data_type="image"):
    row = samples.sdk_row(data_type)
    row.from_labels_dict(blob)
    return row


def test_the_sdk_reads_a_box_with_its_nested_answers():
    part = samples.pixel_box(
        "box00001",
        20,
        10,
        60,
        20,
        samples.trim("LX"),
        samples.kind("sedan001"),
        samples.damage("scratch1", "dent0001"),
    )
    (instance,) = read_by_sdk(samples.row(part)).get_object_instances()
    car = instance.ontology_item
    kind, damage = car.get_child_by_hash("kind0001"), car.get_child_by_hash("damage01")
    assert instance.get_annotation(0).coordinates == BoundingBoxCoordinates(
        height=0.2, width=0.3, top_left_x=0.1, top_left_y=0.1
    )
    assert instance.get_annotation(0).created_by == "ann@example.com"
    assert instance.get_answer(kind).title == "Sedan"
    assert instance.get_answer(car.get_child_by_hash("trim0001")) == "LX"
    assert [option.title for option in instance.get_answer(damage)] == ["Dent", "Scratch"]


def test_the_sdk_reads_a_polygon_of_two_parts_and_a_hole():
    part = samples.pixel_polygon("lake0002", [SQUARE, HOLE], [ISLAND])
    (instance,) = read_by_sdk(samples.row(part)).get_object_instances()
    coordinates = instance.get_annotation(0).coordinates
    assert isinstance(coordinates, PolygonCoordinates)
    assert [[len(ring) for ring in rings] for rings in coordinates.polygons] == [[4, 3], [3]]


@pytest.mark.parametrize("data_type", ["video", "img_group"])
def test_the_sdk_reads_objects_on_their_frames(data_type):
    blob = samples.row(
        samples.pixel_box("box00001", 0, 0, 10, 10, frames=(0, 1)),
        samples.pixel_box("box00002", 50, 50, 10, 10, frames=(1,)),
        data_type=data_type,
    )
    instances = read_by_sdk(blob, data_type).get_object_instances()
    frames = {item.object_hash: [view.frame for view in item.get_annotations()] for item in instances}
    assert frames == {"box00001": [0, 1], "box00002": [1]}


@pytest.mark.parametrize("data_type", ["image", "video", "audio", "pdf"])
def test_the_sdk_reads_classifications_of_every_data_type(data_type):
    blob = samples.row(
        samples.weather("cls00001", "rain0001", heavy="very"),
        samples.caption("cls00002", "a street"),
        samples.tags("cls00003", "red00000", "blue0000"),
        data_type=data_type,
    )
    instances = read_by_sdk(blob, data_type).get_classification_instances()
    answers = {item.classification_hash: item.get_answer() for item in instances}
    assert answers["cls00001"].title == "Rain"
    assert answers["cls00002"] == "a street"
    assert [option.title for option in answers["cls00003"]] == ["Red", "Blue"]


def test_the_sdk_writes_back_the_geometry_and_answers_it_read():
    blob = samples.row(
        samples.pixel_box("box00001", 20, 10, 60, 20, samples.kind("truck001")),
        samples.pixel_polygon("lake0002", [SQUARE, HOLE]),
    )
    again = read_by_sdk(blob).to_encord_dict()
    (unit,), (unit_again,) = blob["data_units"].values(), again["data_units"].values()
    for key in ("boundingBox", "polygon", "polygons", "objectHash", "featureHash", "shape", "value", "color"):
        written = [drawn.get(key) for drawn in unit["labels"]["objects"]]
        assert [drawn.get(key) for drawn in unit_again["labels"]["objects"]] == written
    assert again["object_answers"] == blob["object_answers"]


def test_filling_a_label_row_replaces_its_labels_and_leaves_the_original_alone():
    first = samples.row(samples.pixel_box("box00001", 0, 0, 10, 10))
    second = samples.fill_label_row(first, [samples.caption("cls00002", "x")])
    assert list(first["object_answers"]) == ["box00001"]
    assert second["object_answers"] == {}
    assert list(second["classification_answers"]) == ["cls00002"]


def test_a_frame_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"img_group.*no frame 7"):
        samples.row(samples.pixel_box("box00001", 0, 0, 1, 1, frames=(7,)), data_type="img_group")


def test_a_hash_used_twice_is_named():
    part = samples.pixel_box("box00001", 0, 0, 1, 1)
    with pytest.raises(ValueError, match="objectHash 'box00001' is used twice"):
        samples.row(part, part)


def test_an_option_of_another_question_is_named():
    with pytest.raises(ValueError, match=r"'Kind' has no option \['dent0001'\]"):
        samples.kind("dent0001")
