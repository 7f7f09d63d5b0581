from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from encord.objects import LabelRowV2, Object
from encord.objects.attributes import ChecklistAttribute, NumericAttribute, RadioAttribute, TextAttribute
from encord.objects.classification import Classification
from encord.objects.coordinates import AudioCoordinates, HtmlCoordinates, TextCoordinates
from encord.objects.frames import Range
from encord.objects.html_node import HtmlNode, HtmlRange
from encord.objects.options import NestableOption

from tests.emulator.emulator_support import BUCKET_URL, MANAGER
from tests.emulator.label_support import (
    DRAWINGS,
    GEOMETRY,
    draw_every_shape,
    draw_mask,
    every_shape,
    initialised,
    project_of,
    without_stamps,
)
from tests.emulator.storage_support import EVERY_TYPE

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.project import Project

pytestmark = pytest.mark.emulator
TEXTS = {"text": [{"objectUrl": f"{BUCKET_URL}/{name}", "title": name} for name in ("a.txt", "a.html")]}
VISUAL = [
    ("/b/c.png", [0]), ("a group", [1]), ("a sequence", [0]), ("a video", [0, 1, 2, 29]), ("a series", [1]),
    ("a volume", [3, 4]), ("a document", [0]),
]  # fmt: skip


def as_json(row: LabelRowV2) -> Any:
    return without_stamps(json.loads(json.dumps(row.to_encord_dict())))


def geometry(coordinates: Any) -> Any:
    return json.loads(json.dumps(coordinates.to_dict()))


def saved_and_read(project: Project, row: LabelRowV2) -> LabelRowV2:
    """Save a row, check that nothing but the server's own additions differs when it is read, and return it anew."""
    row.save()
    again = initialised(project, row.data_title)
    assert as_json(again) == as_json(row)
    [listed] = project.list_label_rows_v2(data_title_eq=row.data_title)
    assert (listed.is_valid, listed.get_validation_errors()) == (True, None)
    again.save()
    assert initialised(project, row.data_title).to_encord_dict()["object_answers"] == again._to_object_answers()
    return again


@pytest.mark.parametrize(("title", "frames"), VISUAL)
def test_every_shape_survives_the_round_trip(client: EncordUserClient, title: str, frames: list[int]) -> None:
    project = project_of(client, EVERY_TYPE, every_shape())
    row = initialised(project, title)
    draw_every_shape(row, frames)
    if title != "a document":  # pages of a PDF have no size, which a mask needs
        draw_mask(row, frames[0])
    again = saved_and_read(project, row)
    for name, (_, coordinates) in DRAWINGS.items():
        ontology_object = again.ontology_structure.get_child_by_title(name, type_=Object)
        [drawn] = again.get_object_instances(ontology_object)
        assert [one.frame for one in drawn.get_annotations()] == frames
        assert {one.created_by for one in drawn.get_annotations()} == {MANAGER}
        assert geometry(drawn.get_annotation(frames[0]).coordinates) == geometry(coordinates)
    [raw] = project._client.get_label_rows([again.label_hash])
    assert_stored_as_sent(raw, frames)


def assert_stored_as_sent(raw: Any, frames: list[int]) -> None:
    """Check the server's own document: each object has the geometry of its shape as the SDK writes it."""
    labels = [unit["labels"] for unit in raw["data_units"].values()]
    stored = labels[frames[0]] if raw["data_type"] == "img_group" else labels[0]
    frame = stored if "objects" in stored else stored[str(frames[0])]
    by_name = {entry["name"]: entry for entry in frame["objects"]}
    for name, (shape, coordinates) in DRAWINGS.items():
        assert by_name[name][GEOMETRY[shape]] == geometry(coordinates)
        assert by_name[name]["shape"] == shape.value
    assert len(by_name["two polygons, one with a hole"]["polygons"]) == 2


def test_sounds_are_labelled_by_ranges(client: EncordUserClient) -> None:
    project = project_of(client, EVERY_TYPE, every_shape())
    row = initialised(project, "a sound")
    utterance = row.ontology_structure.get_child_by_title("utterance", type_=Object).create_instance()
    utterance.set_for_frames(AudioCoordinates(range=[Range(0, 1200), Range(4000, 5500)]), 0)
    row.add_object_instance(utterance)
    again = saved_and_read(project, row)
    [heard] = again.get_object_instances()
    assert heard.range_list == [Range(0, 1200), Range(4000, 5500)]
    assert heard.get_annotation(0).created_by == MANAGER


def test_texts_are_labelled_by_ranges_and_html_by_its_nodes(client: EncordUserClient) -> None:
    project = project_of(client, TEXTS, every_shape())
    row = initialised(project, "a.txt")
    passage = row.ontology_structure.get_child_by_title("passage", type_=Object)
    plain = passage.create_instance()
    plain.set_for_frames(TextCoordinates(range=[Range(3, 17)]), 0)
    row.add_object_instance(plain)
    assert saved_and_read(project, row).get_object_instances()[0].range_list == [Range(3, 17)]
    row = initialised(project, "a.html")
    assert row.file_type == "text/html"
    nodes = HtmlRange(start=HtmlNode(xpath="/html[1]/p[1]", offset=2), end=HtmlNode(xpath="/html[1]/p[2]", offset=9))
    marked = passage.create_instance()
    marked.set_for_frames(HtmlCoordinates(range=[nodes]), 0)
    row.add_object_instance(marked)
    assert saved_and_read(project, row).get_object_instances()[0].range_html == [nodes]


def test_nested_and_dynamic_attributes_survive_the_round_trip(client: EncordUserClient) -> None:
    project = project_of(client, EVERY_TYPE, every_shape())
    row = initialised(project, "a video")
    car = row.ontology_structure.get_child_by_title("car", type_=Object)
    drawn = car.create_instance()
    drawn.set_for_frames(DRAWINGS["box"][1], list(range(10)))
    kind = car.get_child_by_title("Kind", type_=RadioAttribute)
    van = kind.get_child_by_title("Van", type_=NestableOption)
    drawn.set_answer(van)
    doors = van.get_child_by_title("Doors", type_=ChecklistAttribute)
    drawn.set_answer([doors.options[0]], attribute=doors)
    drawn.set_answer("AB 123", attribute=car.get_child_by_title("Plate", type_=TextAttribute))
    drawn.set_answer(13.5, attribute=car.get_child_by_title("Speed", type_=NumericAttribute))
    lights = car.get_child_by_title("Lights", type_=ChecklistAttribute)
    drawn.set_answer([lights.options[0]], attribute=lights, frames=[Range(0, 3)])
    drawn.set_answer(lights.options, attribute=lights, frames=[Range(4, 9)])
    row.add_object_instance(drawn)
    again = saved_and_read(project, row)
    [read] = again.get_object_instances()
    assert read.get_answer(attribute=kind) == van
    assert read.get_answer(attribute=doors) == [doors.options[0]]
    answers = read.get_answer(attribute=lights)
    assert {(span.start, span.end) for answer in answers for span in answer.ranges} == {(0, 3), (4, 9)}


@pytest.mark.parametrize(("title", "frames"), [("a video", [0, 1, 2, 20]), ("a group", [1]), ("a sound", None)])
def test_classifications_survive_the_round_trip(client: EncordUserClient, title: str, frames: list[int] | None) -> None:
    project = project_of(client, EVERY_TYPE, every_shape())
    row = initialised(project, title)
    weather = row.ontology_structure.get_child_by_title("Weather", type_=Classification)
    sunny = weather.attributes[0].get_child_by_title("Sunny", type_=NestableOption)
    instance = weather.create_instance() if frames else weather.create_instance(range_only=True)
    instance.set_for_frames(frames if frames else Range(100, 900))
    instance.set_answer(sunny)
    instance.set_answer("strong", attribute=sunny.get_child_by_title("Glare", type_=TextAttribute))
    row.add_classification_instance(instance)
    again = saved_and_read(project, row)
    [read] = again.get_classification_instances()
    expected = [Range(0, 2), Range(20, 20)] if title == "a video" else [Range(1, 1)] if frames else [Range(100, 900)]
    assert read.range_list == expected
    assert read.get_answer() == sunny
    [entry] = project.get_label_classifications([again.label_hash])
    [answer] = entry.classification_answers.values()
    assert [(span[0], span[1]) for span in answer.range] == [(span.start, span.end) for span in expected]


def test_objects_are_numbered_for_each_feature(client: EncordUserClient) -> None:
    project = project_of(client, EVERY_TYPE, every_shape())
    row = initialised(project, "/b/c.png")
    for name in ("point", "box", "point", "point"):
        drawn = row.ontology_structure.get_child_by_title(name, type_=Object).create_instance()
        drawn.set_for_frames(DRAWINGS[name][1], 0)
        row.add_object_instance(drawn)
    row.save()
    again = initialised(project, "/b/c.png")
    numbers = sorted((one.object_name, one.object_number) for one in again.get_object_instances())
    assert numbers == [("box", 1), ("point", 1), ("point", 2), ("point", 3)]
