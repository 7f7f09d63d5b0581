from __future__ import annotations

import copy
import json
import random
import tracemalloc

import numpy as np
import pytest

from include.benchmark_qa.labels.reading import is_unsaved
from tests.unit.labels.label_samples import described, read
from tests.unit.labels.test_labels_with_junk import GEOMETRIES, actions, drawn, sample, static_answers


def image(*objects, **parts):
    unit = {"data_sequence": 0, "width": 20, "height": 10, "labels": {"objects": list(objects)}}
    return {"data_type": "image", "data_units": {"u": unit}, **parts}


def video(frames, **parts):
    labels = {str(frame): {"objects": objects, "classifications": []} for frame, objects in frames.items()}
    return {"data_type": "video", "data_units": {"u": {"width": 20, "height": 10, "labels": labels}}, **parts}


def problems(blob):
    (found,) = read(blob)[0].problems
    assert read(json.dumps(blob).encode())[0].problems == (found,)
    return found


def test_a_row_that_is_no_row():
    junk = [b"", b"[]", b"{", b"\xff", b"[" * 10**6, b'{"a":' * 10**6, b"null", b"3"]
    columns, _ = read(*junk)
    assert all(one[0].startswith("the labels are corrupt") for one in columns.problems)
    assert columns.saved.all()
    assert len(columns.objects) == 0
    assert not any(map(is_unsaved, junk))


def test_rows_that_nobody_saved_are_empty_without_a_problem():
    unsaved = {**image(drawn("point")), "label_hash": None}
    columns, _ = read(None, unsaved, json.dumps(unsaved).encode(), {"label_hash": None})
    assert columns.data_types == ("", "image", "image", "")
    assert not columns.saved.any()
    assert columns.problems == ((), (), (), ())
    assert len(columns.objects) == 0
    assert is_unsaved(unsaved)
    assert not is_unsaved({**unsaved, "label_hash": "h"})


def test_nothing_to_read():
    columns, _ = read()
    assert len(columns) == len(columns.objects) == len(columns.answers) == len(columns.classifications) == 0


@pytest.mark.parametrize("data_type", ["group", "scene", "dicom_study", "hologram", None])
def test_data_types_that_are_not_supported(data_type):
    assert problems({**image(), "data_type": data_type}) == (f"data type {data_type!r} is not supported",)


def test_labels_in_spaces_are_not_supported():
    assert problems({**image(), "spaces": {"s": {}}}) == ("data type 'image' in several spaces is not supported",)


@pytest.mark.parametrize(
    ("shape", "geometry", "sentence"),
    [
        ("bounding_box", {"boundingBox": None}, "has no boundingBox"),
        ("bounding_box", {"x": "left"}, "has x = 'left', which is not a finite number"),
        ("bounding_box", {"h": -1}, "has a negative width or height (0.3 x -1.0)"),
        ("bounding_box", {"w": 3}, "reaches outside the image (coordinate 3.1, expected 0 to 1)"),
        ("rotatable_bounding_box", {"theta": float("inf")}, "has theta = inf, which is not a finite number"),
        ("rotatable_bounding_box", {"x": 2}, "reaches outside the image (coordinate 2.15, expected 0 to 1)"),
        ("circle", {"r": -0.5}, "has a negative radius or stretch (-0.5 x 1)"),
        ("ellipse", {"rx": 1e9}, "has a half axis of more than 100 images (1e+09)"),
        ("point", {"0": {"x": 0, "y": 0, "z": 0}}, "is a point in three dimensions, which is not supported"),
        ("point", {"0": None}, "has no 0"),
        ("polyline", {"1": {"x": 0, "y": 0, "z": 0}}, "is a polyline in three dimensions, which is not supported"),
        ("polyline", {"one": {"x": 0, "y": 0}}, "has a polyline whose points are not numbered"),
        ("polyline", {"polyline": []}, "has no polyline"),
        ("polyline", {"polyline": [{"x": 0, "y": 0}]}, "is a polyline of fewer than two points"),
        ("polygon", {"polygons": [[]]}, "is a polygon without a ring"),
        ("polygon", {"polygons": [[[0, 0, 1]]]}, "has a ring that is not a flat list of x, y, x, y, ..."),
        ("polygon", {"polygons": [[[0, 0, 1, 1]]]}, "has a ring of fewer than three different points"),
        ("polygon", {"polygons": [[[0, 0, 1, 1, 0.5, 0.5]]]}, "has a ring without area: its points lie on one line"),
        ("polygon", {"polygons": [[[0, 0, 1, 1, 0, 7]]]}, "reaches outside the image (coordinate 7, expected 0 to 1)"),
        ("cuboid_2d", {"front": [0, 0]}, "has 2 numbers for its front face, which needs four corners x, y"),
        ("cuboid_2d", {"offset": None}, "has neither a vanishing point with a scale ratio nor an offset"),
        ("cuboid_2d", {"offset": {"x": 1e6, "y": 0}}, "has a back face far outside the image"),
        ("skeleton", {"1": {"x": 0, "y": 0}}, "has a node without a name"),
        ("skeleton", {"1": {"x": 0, "y": 0, "name": "nose"}}, "has two nodes 'nose'"),
        (
            "skeleton",
            {"1": {"x": 0, "y": 9, "name": "ear"}},
            "reaches outside the image (coordinate 9, expected 0 to 1)",
        ),
        (
            "skeleton",
            {"1": {"x": 0, "y": 0, "name": "ear", "visibility": "maybe"}},
            "has a node with the visibility 'maybe'",
        ),
        ("bitmask", {"rleString": "1"}, "has a mask of 20 x 10 pixels with runs of 1 pixels"),
        ("bitmask", {"rleString": "~"}, "has a mask of 20 x 10 pixels with no run lengths"),
        ("bitmask", {"rleString": "☃"}, "has a mask of 20 x 10 pixels with no run lengths"),
        ("bitmask", {"top": 1}, "has a mask of 20 x 10 pixels on an image of 20 x 10"),
        ("cuboid", {"size": [1, 2]}, "has size = [1, 2], which is not three numbers"),
        ("cuboid", {"size": [1, -2, 3]}, "has a negative size (1 x -2 x 3)"),
    ],
)
def test_what_is_wrong_with_a_shape_is_said_in_words(shape, geometry, sentence):
    spoilt = copy.deepcopy(drawn(shape, objectHash="a"))
    (key,) = GEOMETRIES[shape].keys() - {"polygon"}
    if key in geometry:
        spoilt[key] = geometry[key]
    else:
        spoilt[key].update(geometry)
    assert problems(image(spoilt, drawn("point"))) == (f"{shape} a on frame 0 {sentence}",)
    columns, vocabulary = read(image(spoilt, drawn("point")))
    assert described(columns, vocabulary).objects.keys() == {("point#", 0)}


def test_shapes_that_are_not_supported():
    assert problems(image(drawn("point", featureHash="segmentation!"))) == (
        "segmentation point# on frame 0: shape 'segmentation' is not supported",
    )
    answers = {"s": {"featureHash": "segmentation!", "range": [[0, 1]]}}
    assert problems(image(object_answers=answers)) == ("segmentation s: shape 'segmentation' is not supported",)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"featureHash": "gone", "answers": []}, "attribute 'gone' is not in the ontology"),
        (
            {"featureHash": "point?kind", "answers": [{"featureHash": "x"}]},
            "option 'x' of 'Kind' is not in the ontology",
        ),
        ({"featureHash": "point?doors", "answers": float("nan")}, "has 'Doors' = nan, which is not a finite number"),
        ({"featureHash": "point?note", "answers": 3}, "has 3 for 'Note', which is no answer to a text question"),
        ({"featureHash": "point?note", "answers": "bye"}, "'Note' has two answers at once"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_in_words(answer, sentence):
    answers = {"point#": {"classifications": [*static_answers("point"), answer]}}
    joint = " " if sentence.startswith("has") else ": "
    assert problems(image(drawn("point"), object_answers=answers)) == (f"point point#{joint}{sentence}",)


def test_answers_to_nothing_are_no_answers():
    nothing = [
        {"featureHash": f"point?{key}", "answers": value}
        for key, value in {"kind": [], "note": "  ", "doors": None, "colours": None}.items()
    ]
    columns, vocabulary = read(image(drawn("point"), object_answers={"point#": {"classifications": nothing}}))
    assert columns.problems == ((),)
    assert described(columns, vocabulary).answers == {}


def test_the_answers_of_deleted_objects_are_left_out():
    gone = {"gone": {"objectHash": "gone", "classifications": [{"featureHash": "of another ontology"}]}}
    columns, vocabulary = read(image(object_answers=gone, object_actions={"gone": {"actions": [{}]}}))
    assert columns.problems == ((),)
    assert described(columns, vocabulary).answers == {}


def test_dynamic_answers_that_overlap():
    given = actions("point")
    given[1]["range"] = [[1, 3]]
    blob = video({0: [drawn("point")]}, object_actions={"point#": {"actions": given}})
    assert problems(blob) == ("point point#: 'Moving' has two answers at once",)
    given[1]["answers"] = given[0]["answers"]
    assert problems(blob) == ()
    given.append({"featureHash": "point?lights", "answers": [{"featureHash": "point?back"}], "range": [[4, 6]]})
    columns, vocabulary = read(blob)
    lights = {
        (value, frame) for _, name, value, frame in described(columns, vocabulary).dynamic_answers if "lights" in name
    }
    front, back = "point?front", "point?back"
    expected = {(frozenset({front}), frame) for frame in range(4)}
    expected |= {(frozenset({front, back}), 4), (frozenset({front, back}), 5), (frozenset({back}), 6)}
    assert lights == expected
    given[0]["range"] = None
    assert problems(blob) == ("point point#: the answer to 'Moving' does not say for which frames",)


def test_an_object_may_be_on_a_frame_once_and_of_one_class():
    twice = video({3: [drawn("point"), drawn("point")]})
    assert problems(twice) == ("point point# on frame 3 is drawn twice",)
    two_classes = video({1: [drawn("point")], 2: [drawn("circle", objectHash="point#")]})
    assert problems(two_classes) == ("circle point# on frame 2 is of another class elsewhere (point)",)


def test_many_problems_are_cut_short():
    blob = image(*(drawn("point", objectHash=f"{i}", point=None) for i in range(50)))
    assert len(problems(blob)) == 21
    assert problems(blob)[-1] == "and 30 problems more"


def test_the_older_form_of_a_polygon_is_in_the_order_of_its_numbers():
    ring = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.5, 0.7], [0.1, 0.9]]
    points = [{"x": x, "y": y} for x, y in ring]
    numbered = dict(reversed([(str(i), point) for i, point in enumerate(points)]))
    for older in (points, numbered):
        columns, vocabulary = read(image(drawn("polygon", polygons=None, polygon=older)))
        assert described(columns, vocabulary).objects["polygon#", 0] == ("polygon!", [[ring]])
        columns, vocabulary = read(image(drawn("polyline", polyline=older)))
        assert described(columns, vocabulary).objects["polyline#", 0] == ("polyline!", ring)


def test_flags_of_older_skeletons_go_before_the_word():
    nodes = {
        "0": {"x": 7, "y": 0, "name": "a", "invisible": True, "visibility": "visible"},
        "1": {"x": 0, "y": 0, "name": "b", "occluded": True, "visibility": "invisible"},
        "2": {"x": 0, "y": 0, "name": "c", "invisible": False, "visibility": "invisible"},
        "3": {"x": 0, "y": 0, "name": "d", "visibility": "selfOccluded"},
    }
    columns, vocabulary = read(image(drawn("skeleton", skeleton=nodes)))
    _, found = described(columns, vocabulary).objects["skeleton#", 0]
    assert [(name, seen) for *_, name, seen in found] == [("b", True), ("c", False), ("d", True), ("a", False)]


def test_a_sequence_of_images_is_a_group_with_frames():
    blob = {**video({0: [drawn("point")], 5: [drawn("point")]}), "data_type": "img_group"}
    columns, vocabulary = read(blob)
    assert described(columns, vocabulary).objects.keys() == {("point#", 0), ("point#", 5)}
    assert columns.data_types == ("img_group",)


def test_classifications_of_older_rows_have_class_and_frames_on_the_frames():
    blob = copy.deepcopy(sample("video"))
    labels = blob["data_units"][next(iter(blob["data_units"]))]["labels"]
    labels |= {str(frame): {"classifications": labels["0"]["classifications"]} for frame in (8, 1)}
    columns, vocabulary = read(blob)
    assert described(columns, vocabulary).classifications["older"] == ("scene!", [(0, 1), (7, 8)])


@pytest.mark.parametrize("ranges", [None, []])
def test_a_classification_without_frames_holds_for_the_whole(ranges):
    answers = {"c": {"featureHash": "scene!", "range": ranges, "classifications": []}}
    columns, vocabulary = read(image(classification_answers=answers))
    assert described(columns, vocabulary).classifications == {"c": ("scene!", [(0, 0)])}


def test_ranges_of_classifications():
    answers = {"c": {"featureHash": "scene!", "range": [[3, 5], [0, 4]]}}
    columns, vocabulary = read(video({}, classification_answers=answers))
    assert described(columns, vocabulary).classifications == {"c": ("scene!", [(0, 5)])}
    answers["c"]["range"] = [[5, 3]]
    found = problems(video({}, classification_answers=answers))
    assert found == ("classification c has the range [5, 3], which ends before it begins",)
    answers["c"] = {"featureHash": "point!", "range": [[0, 0]]}
    found = problems(video({}, classification_answers=answers))
    assert found == ("classification c: feature 'point!' is not in the ontology",)


@pytest.mark.parametrize(
    ("extent", "sentence"),
    [
        ({"range": []}, "audio a has no range"),
        ({"range": [[2, 1]]}, "audio a has the range [2, 1], which ends before it begins"),
        ({"range": [[2]]}, "audio a has [2] for a range, which is not two numbers"),
        ({"range": [[0, "x"]]}, "audio a has an end of a range = 'x', which is not a finite number"),
    ],
)
def test_what_is_wrong_with_a_range_is_said_in_words(extent, sentence):
    blob = {"data_type": "audio", "data_units": {"u": {}}, "object_answers": {"a": {"featureHash": "audio!", **extent}}}
    assert problems(blob) == (sentence,)


def test_the_order_of_everything_is_no_matter():
    blob = copy.deepcopy(sample("video"))
    expected = described(*read(blob))
    shuffle = random.Random(1).shuffle
    for unit in blob["data_units"].values():
        unit["labels"] = dict(reversed(unit["labels"].items()))
        for labels in unit["labels"].values():
            shuffle(labels["objects"])
    for name in ("object_answers", "object_actions", "classification_answers"):
        blob[name] = dict(reversed(blob[name].items()))
    for answer in blob["object_answers"].values():
        shuffle(answer["classifications"])
    assert described(*read(blob)) == expected


def test_a_spoilt_row_leaves_the_others_as_they_are():
    good, bad = sample("video"), image(drawn("point", point=None), drawn("circle"))
    columns, vocabulary = read(good, bad, None, good, b"junk", sample("audio"))
    assert [bool(one) for one in columns.problems] == [False, True, False, False, True, False]
    assert described(columns, vocabulary, 0) == described(columns, vocabulary, 3) == described(*read(good))
    assert described(columns, vocabulary, 1).objects.keys() == {("circle#", 0)}
    assert described(columns, vocabulary, 5) == described(*read(sample("audio")))


MANY = 10_000


@pytest.mark.parametrize(
    "blob",
    [
        image(*(drawn("bounding_box", objectHash=f"{i:08d}") for i in range(MANY))),
        video({i: [drawn("bounding_box", objectHash="moving")] for i in range(MANY)}),
    ],
    ids=["objects", "frames"],
)
@pytest.mark.parametrize("spoilt", [False, True])
def test_large_rows_take_memory_in_proportion(blob, spoilt):
    answers = {"gone": {"classifications": 3}} if spoilt else {}
    text = json.dumps({**blob, "object_answers": answers}).encode()
    tracemalloc.start()
    try:
        columns, _ = read(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(text)
    assert len(columns.objects) == MANY


def test_a_range_of_frames_stays_a_range():
    answers = {"c": {"featureHash": "scene!", "range": [[0, 2**31 - 1]]}}
    columns, _ = read(video({}, classification_answers=answers))
    assert np.array_equal(columns.classifications.last, [2**31 - 1])


def test_halves_of_characters_become_question_marks():
    nodes = {"0": {"x": 0, "y": 0, "name": "\ud800"}}
    answers = {"\udfff": {"classifications": [{"featureHash": "skeleton?note", "answers": "x\ud800"}]}}
    blob = image(drawn("skeleton", objectHash="\udfff", skeleton=nodes), object_answers=answers)
    for one in (blob, json.dumps(blob).encode()):
        columns, vocabulary = read(one)
        found = described(columns, vocabulary)
        assert found.objects == {("?", 0): ("skeleton!", [(0, 0, "?", True)])}
        assert found.answers == {"?": {"skeleton?note": "x?"}}
