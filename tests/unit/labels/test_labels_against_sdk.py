"""Labels that Encord's SDK wrote, read by us and by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from encord.objects.bitmask import BitmaskCoordinates
from encord.objects.coordinates import (
    AudioCoordinates,
    BoundingBoxCoordinates,
    CircleCoordinates,
    Cuboid2DIsometricCoordinates,
    Cuboid2DPerspectiveCoordinates,
    CuboidCoordinates,
    EllipseCoordinates,
    HtmlCoordinates,
    PointCoordinate,
    PolygonCoordinates,
    PolylineCoordinates,
    RotatableBoundingBoxCoordinates,
    SkeletonCoordinate,
    SkeletonCoordinates,
    TextCoordinates,
    Visibility,
)
from encord.objects.frames import Range
from encord.objects.html_node import HtmlNode, HtmlRange
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.labels.label_samples import HEIGHT, WIDTH, described, read, sdk_row, structure

if TYPE_CHECKING:
    from encord.objects import LabelRowV2

LIMITS = settings(max_examples=10, deadline=None)

NUMBER = st.integers(0, 1000).map(lambda value: value / 1000)
SIDE = st.integers(0, 400).map(lambda value: value / 1000)
MIDDLE = st.integers(0, 600).map(lambda value: value / 1000)
ANGLE = st.integers(-360, 360).map(float)
PLACE = st.builds(PointCoordinate, NUMBER, NUMBER)
RADII = st.lists(st.integers(10, 100), min_size=3, max_size=9)
FRONT = st.lists(PLACE, min_size=4, max_size=4)
SPACE = st.tuples(*[st.floats(-1e6, 1e6)] * 3)
POSITIVE = st.tuples(*[st.floats(0, 1e6)] * 3)
RANGES = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)).map(sorted), min_size=1, max_size=4)


def ring(radii: list[int], x: float = 0.5) -> list[PointCoordinate]:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return [
        PointCoordinate(float(x + radius / 400 * np.cos(angle)), float(0.5 + radius / 300 * np.sin(angle)))
        for radius, angle in zip(radii, angles, strict=True)
    ]


def skeleton(nodes: list[tuple[float, float, Visibility | None, bool]]) -> SkeletonCoordinates:
    values = [
        SkeletonCoordinate(x=x, y=y, name=f"n{i}", feature_hash=f"hash{i}" if known else None, visibility=visibility)
        for i, (x, y, visibility, known) in enumerate(nodes)
    ]
    return SkeletonCoordinates(values=values, name="skeleton")


SHAPES: dict[str, st.SearchStrategy[Any]] = {
    "bounding_box": st.builds(BoundingBoxCoordinates, SIDE, SIDE, MIDDLE, MIDDLE),
    "rotatable_bounding_box": st.builds(RotatableBoundingBoxCoordinates, SIDE, SIDE, MIDDLE, MIDDLE, ANGLE),
    "circle": st.builds(CircleCoordinates, NUMBER, NUMBER, SIDE, NUMBER, ANGLE),
    "ellipse": st.builds(EllipseCoordinates, NUMBER, NUMBER, SIDE, SIDE, ANGLE),
    "point": PLACE,
    "polyline": st.builds(PolylineCoordinates, st.lists(PLACE, min_size=2, max_size=15)),
    "polygon": st.lists(st.lists(RADII.map(ring), min_size=1, max_size=3), min_size=1, max_size=3).map(
        lambda polygons: PolygonCoordinates(polygons=polygons)
    ),
    "cuboid_2d": st.builds(Cuboid2DPerspectiveCoordinates, FRONT, PLACE, NUMBER)
    | st.builds(Cuboid2DIsometricCoordinates, FRONT, PLACE),
    "skeleton": st.lists(
        st.tuples(NUMBER, NUMBER, st.none() | st.sampled_from(Visibility), st.booleans()), min_size=1, max_size=5
    ).map(skeleton),
    "bitmask": st.lists(st.booleans(), min_size=WIDTH * HEIGHT, max_size=WIDTH * HEIGHT).map(
        lambda pixels: BitmaskCoordinates(np.array(pixels).reshape(HEIGHT, WIDTH))
    ),
    "cuboid": st.builds(CuboidCoordinates, SPACE, st.tuples(ANGLE, ANGLE, ANGLE), POSITIVE),
}


def numbers(*names: str) -> Callable[[Any], list[float]]:
    return lambda drawn: [getattr(drawn, name) for name in names]


def perspective(drawn: Any) -> Any:
    far, ratio = drawn.vanishing_point, drawn.scale_ratio
    back = [[far.x + (p.x - far.x) * ratio, far.y + (p.y - far.y) * ratio] for p in drawn.front]
    return [plain(point) for point in drawn.front] + back


def isometric(drawn: Any) -> Any:
    return [plain(point) for point in drawn.front] + [[p.x + drawn.offset.x, p.y + drawn.offset.y] for p in drawn.front]


def nodes(drawn: Any) -> Any:
    hidden = Visibility.INVISIBLE
    return sorted((n.x, n.y, n.feature_hash or n.name, n.visibility != hidden) for n in drawn.values)


PLAIN: dict[type, Callable[[Any], Any]] = {
    BoundingBoxCoordinates: numbers("top_left_x", "top_left_y", "width", "height"),
    RotatableBoundingBoxCoordinates: numbers("top_left_x", "top_left_y", "width", "height", "theta"),
    CircleCoordinates: numbers("center_x", "center_y", "radius", "stretch", "theta"),
    EllipseCoordinates: numbers("center_x", "center_y", "rx", "ry", "theta"),
    PointCoordinate: numbers("x", "y"),
    PolylineCoordinates: lambda drawn: [plain(value) for value in drawn.values],
    PolygonCoordinates: lambda drawn: [[[plain(p) for p in ring] for ring in part] for part in drawn.polygons],
    Cuboid2DPerspectiveCoordinates: perspective,
    Cuboid2DIsometricCoordinates: isometric,
    SkeletonCoordinates: nodes,
    BitmaskCoordinates: lambda drawn: ([0, 0, HEIGHT, WIDTH], np.flatnonzero(drawn.to_numpy_array()).tolist()),
    CuboidCoordinates: lambda drawn: [*drawn.position, *drawn.size, *drawn.orientation],
    AudioCoordinates: lambda drawn: [[part.start, part.end, 0] for part in drawn.range],
    TextCoordinates: lambda drawn: [(part.start, part.end, "") for part in drawn.range],
}


def plain(drawn: Any) -> Any:
    """Say what the SDK's object is in the words of our columns."""
    return PLAIN[type(drawn)](drawn)


def sdk_objects(row: LabelRowV2) -> dict[tuple[str, int], tuple[str, Any]]:
    return {
        (instance.object_hash, annotation.frame): (instance.feature_hash, plain(annotation.coordinates))
        for instance in row.get_object_instances()
        for annotation in instance.get_annotations()
    }


def feature(name: str) -> Any:
    return structure().get_child_by_hash(f"{name}!")


def draw(row: LabelRowV2, shape: str, coordinates: Any, frames: Any = 0) -> Any:
    instance = feature(shape).create_instance()
    instance.set_for_frames(coordinates, frames=frames)
    row.add_object_instance(instance)
    return instance


def both_ways(row: LabelRowV2) -> list[Any]:
    """Read what the SDK writes as a dictionary, as JSON, and carefully."""
    blob = row.to_encord_dict()
    text = json.dumps(blob).encode()
    ways = [read(blob), read(text), read(blob, carefully=True), read(text, carefully=True)]
    assert all(columns.problems == ((),) for columns, _ in ways)
    return [described(*way) for way in ways]


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
@LIMITS
def test_every_shape_is_read_as_the_sdk_reads_it(shape, data):
    row = sdk_row("image")
    for _ in range(data.draw(st.integers(1, 3))):
        draw(row, shape, data.draw(SHAPES[shape]))
    for found in both_ways(row):
        assert found.objects == sdk_objects(row)


@pytest.mark.parametrize("data_type", ["image", "img_group", "video", "pdf"])
@given(data=st.data())
@LIMITS
def test_frames_are_read_as_the_sdk_reads_them(data_type, data):
    row = sdk_row(data_type)
    frames = st.just([0]) if data_type == "image" else st.lists(st.integers(0, 11), min_size=1, unique=True)
    for shape in data.draw(st.lists(st.sampled_from(["bounding_box", "point", "polygon"]), max_size=4)):
        draw(row, shape, data.draw(SHAPES[shape]), data.draw(frames))
    for found in both_ways(row):
        assert found.objects == sdk_objects(row)


@pytest.mark.parametrize(("data_type", "coordinates"), [("audio", AudioCoordinates), ("plain_text", TextCoordinates)])
@given(ranges=st.lists(RANGES, min_size=1, max_size=3))
@LIMITS
def test_ranges_are_read_as_the_sdk_reads_them(data_type, coordinates, ranges):
    row = sdk_row(data_type)
    for one in ranges:
        draw(row, coordinates.__name__[:-11].lower(), coordinates(range=[Range(*ends) for ends in one]))
    for found in both_ways(row):
        assert found.objects == sdk_objects(row)


def test_html_is_offsets_within_a_node_and_a_node_of_its_own_between_two():
    row = sdk_row("html")
    ranges = [
        HtmlRange(start=HtmlNode(xpath="/p[1]", offset=2), end=HtmlNode(xpath="/p[1]", offset=7)),
        HtmlRange(start=HtmlNode(xpath="/p[1]", offset=9), end=HtmlNode(xpath="/p[2]", offset=3)),
    ]
    instance = draw(row, "text", HtmlCoordinates(range=ranges))
    for found in both_ways(row):
        expected = [(2.0, 7.0, "/p[1]"), (0.0, 1.0, "/p[1] 9 to /p[2] 3")]
        assert found.objects == {(instance.object_hash, 0): ("text!", expected)}


def attribute(name: str) -> Any:
    return structure().get_child_by_hash(f"bounding_box?{name}")


OPTIONS = st.sets(st.sampled_from(["red", "green", "blue"]))
BOX = BoundingBoxCoordinates(0.1, 0.1, 0.1, 0.1)


@given(
    st.booleans(), st.text(max_size=5), OPTIONS, st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9)
)
@LIMITS
def test_static_answers_of_every_kind(big, text, colours, number):
    row = sdk_row("image")
    box, bare = draw(row, "bounding_box", BOX), draw(row, "bounding_box", BOX)
    expected = {"kind": frozenset({"bounding_box?big" if big else "bounding_box?small"}), "doors": float(number)}
    box.set_answer(attribute("big" if big else "small"))
    box.set_answer(text, attribute("note"))
    box.set_answer(number, attribute("doors"))
    expected["note"] = text.strip()
    if big:
        box.set_answer([attribute(colour) for colour in sorted(colours)], attribute("colours"))
        expected["colours"] = frozenset(f"bounding_box?{colour}" for colour in colours)
    answered = {f"bounding_box?{key}": value for key, value in expected.items() if value not in ("", frozenset())}
    for found in both_ways(row):
        assert found.answers == {box.object_hash: answered}
        assert (bare.object_hash, 0) in found.objects


@given(
    st.lists(st.sampled_from(["yes", "no", None]), min_size=12, max_size=12),
    st.lists(st.sets(st.sampled_from(["front", "back"])), min_size=12, max_size=12),
)
@LIMITS
def test_dynamic_answers_hold_on_the_frames_that_the_sdk_says(moving, lights):
    row = sdk_row("video")
    box = draw(row, "bounding_box", BOX, list(range(12)))
    expected = set()
    for frame, (answer, on) in enumerate(zip(moving, lights, strict=True)):
        if answer:
            box.set_answer(attribute(answer), attribute("moving"), frames=frame)
            value = frozenset({f"bounding_box?{answer}"})
            expected.add((box.object_hash, "bounding_box?moving", value, frame))
        if on:
            box.set_answer([attribute(light) for light in sorted(on)], attribute("lights"), frames=frame)
            value = frozenset(f"bounding_box?{light}" for light in on)
            expected.add((box.object_hash, "bounding_box?lights", value, frame))
    for found in both_ways(row):
        assert found.dynamic_answers == expected


@pytest.mark.parametrize("data_type", ["image", "img_group", "video", "pdf", "audio", "plain_text"])
def test_classifications_of_every_data_type(data_type):
    row = sdk_row(data_type)
    scene = feature("scene")
    ranged = data_type in {"audio", "plain_text"}
    instance = scene.create_instance(range_only=ranged)
    instance.set_answer(structure().get_child_by_hash("scene?big"))
    instance.set_answer(" huge ", structure().get_child_by_hash("scene?how"))
    frames = [0] if data_type == "image" or ranged else [0, 1, 2, 5]
    instance.set_for_frames(Range(0, 0) if ranged else frames)
    row.add_classification_instance(instance)
    ranges = [(0, 0)] if len(frames) == 1 else [(0, 2), (5, 5)]
    for found in both_ways(row):
        assert found.classifications == {instance.classification_hash: ("scene!", ranges)}
        answers = {"scene?kind": frozenset({"scene?big"}), "scene?how": "huge"}
        assert found.answers == {instance.classification_hash: answers}


@pytest.mark.parametrize("data_type", ["dicom", "nifti"])
def test_scans_are_read_as_videos_are(data_type):
    row = sdk_row("video")
    draw(row, "bounding_box", BOX, [1, 4])
    blob = row.to_encord_dict()
    assert described(*read({**blob, "data_type": data_type})) == described(*read(blob))
    assert read({**blob, "data_type": data_type})[0].data_types == (data_type,)


def test_sizes_are_those_of_each_frame_and_unknown_for_pages():
    groups = sdk_row("img_group")
    draw(groups, "bounding_box", BOX, [0, 3])
    blob = groups.to_encord_dict()
    next(iter(blob["data_units"].values())).update(width=30, height=40)
    columns, _ = read(blob)
    assert dict(zip(columns.objects.frame.tolist(), columns.objects.size.tolist(), strict=True)) == {
        0: [30, 40],
        3: [WIDTH, HEIGHT],
    }
    pages = sdk_row("pdf")
    draw(pages, "bounding_box", BOX, 0)
    columns, _ = read(pages.to_encord_dict())
    assert np.isnan(columns.objects.size).all()
