from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from shapely.geometry import Polygon, box

from include.simulated_annotators.answers import flatten
from include.simulated_annotators.scene import Scene, SceneObject, Unit, build_scene, labelled_frames


def shape_in(thing: SceneObject, frame: int) -> Any:
    outline = thing.outlines[frame]
    return Polygon(outline) if thing.feature["shape"] == "polygon" else box(*outline[0], *outline[1])


def scenes(ontology: dict[str, Any], data_type: str = "image", frames: int = 1) -> list[Scene]:
    return [build_scene(Unit(f"{data_type} {n}.x", data_type, frames), ontology) for n in range(60)]


def test_the_same_title_always_gives_the_same_scene(ontology: dict[str, Any]) -> None:
    assert scenes(ontology) == scenes(ontology)


def test_different_titles_give_different_scenes(ontology: dict[str, Any]) -> None:
    assert len({repr(scene) for scene in scenes(ontology)}) == 60


def test_a_scene_does_not_depend_on_the_ontologys_random_hashes(ontology: dict[str, Any]) -> None:
    def outlines(scene: Scene) -> list[Any]:
        return [(thing.feature["name"], thing.outlines) for thing in scene.objects]

    renamed = {**ontology, "objects": [{**thing, "featureNodeHash": thing["name"]} for thing in ontology["objects"]]}
    assert [*map(outlines, scenes(renamed))] == [*map(outlines, scenes(ontology))]


def test_two_to_six_valid_shapes_lie_apart_inside_the_picture(ontology: dict[str, Any]) -> None:
    for scene in scenes(ontology, "video", frames=100):
        assert 2 <= len(scene.objects) <= 6
        for frame in range(len(scene.frames)):
            shapes = [shape_in(thing, frame) for thing in scene.objects]
            assert all(shape.is_valid and box(0, 0, 1, 1).covers(shape) for shape in shapes)
            assert all(one.intersection(other).area < 1e-6 for one, other in combinations(shapes, 2))


def test_objects_move_slowly(ontology: dict[str, Any]) -> None:
    for scene in scenes(ontology, "video", frames=100):
        for thing in scene.objects:
            first, last = shape_in(thing, 0).centroid, shape_in(thing, -1).centroid
            assert 0 < first.distance(last) < 0.3


def test_every_class_shape_and_answer_of_the_ontology_turns_up(ontology: dict[str, Any]) -> None:
    seen = scenes(ontology)
    answers = [
        *(answer for scene in seen for thing in scene.objects for answer in flatten(thing.answers)),
        *(answer for scene in seen for what in scene.classifications for answer in flatten(what.answers)),
    ]
    chosen = {option["label"] for answer in answers for option in answer.options}
    assert {thing.feature["name"] for scene in seen for thing in scene.objects} == {"Vehicle", "Person", "Region"}
    assert chosen == {
        *("Red", "Blue", "Other", "Dent", "Scratch", "Soft", "Hard", "Indoor", "Outdoor", "Sunny", "Cloudy"),
        *("Sharp", "Blurred", "Dark"),
    }


@pytest.mark.parametrize(
    ("frames", "expected"), [(1, (0,)), (2, (0, 1)), (4, (0, 1, 2, 3)), (100, (0, 25, 50, 75)), (0, (0,))]
)
def test_labelled_frames_are_few_and_spread(frames: int, expected: tuple[int, ...]) -> None:
    assert labelled_frames(frames) == expected


def test_a_sound_has_one_stretch_inside_it_and_no_objects(ontology: dict[str, Any]) -> None:
    scene = build_scene(Unit("a.wav", "audio", 1, 3000), ontology)
    (sound,) = scene.sounds
    assert 0 < sound.start_ms < sound.end_ms < 3000
    assert not scene.objects
    assert len(scene.classifications) == 3


@pytest.mark.parametrize("data_type", ["plain_text", "pdf"])
def test_documents_are_classified_only(ontology: dict[str, Any], data_type: str) -> None:
    scene = build_scene(Unit("a.txt", data_type, 2), ontology)
    assert not scene.objects
    assert not scene.sounds
    assert len(scene.classifications) == 3


def test_an_unknown_kind_of_unit_and_an_ontology_of_other_shapes_stay_empty(ontology: dict[str, Any]) -> None:
    assert not build_scene(Unit("a", "group"), ontology).classifications
    lines = {"objects": [{"name": "Lane", "shape": "polyline", "featureNodeHash": "1"}], "classifications": []}
    assert not build_scene(Unit("a", "image"), lines).objects


def test_archived_classes_and_dynamic_attributes_stay_unused(ontology: dict[str, Any]) -> None:
    objects = [{**thing, "archived": thing["name"] != "Vehicle"} for thing in ontology["objects"]]
    objects[0] = {**objects[0], "attributes": [{**question, "dynamic": True} for question in objects[0]["attributes"]]}
    for scene in scenes({**ontology, "objects": objects}):
        assert {thing.feature["name"] for thing in scene.objects} == {"Vehicle"}
        assert not any(thing.answers for thing in scene.objects)
