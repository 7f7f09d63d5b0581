"""Bad labels never raise out of the scorer: what cannot be compared is not computed, with its reason."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.scoring.submission import SubmissionScore, score_submission
from tests.unit.scoring import raw_rows

BOX = (20, 20, 30, 20, 0)
Path = tuple[Any, ...]

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just({"0": {}}),
    st.just([[0, 0]]),
    st.just([[math.nan, math.inf]]),
)


def score(truth: Any, submission: Any) -> SubmissionScore:
    result = score_submission(raw_rows.ONTOLOGY, truth, submission)
    assert (result.score is None) == bool(result.not_computed)
    assert result.score is None or 0 <= result.score <= 1
    assert all(isinstance(reason, str) and reason for reason in result.not_computed)
    return result


def drawn(shape: str, drawing: tuple[int, int, int, int, int] = BOX) -> dict[str, Any]:
    return raw_rows.truth([raw_rows.Item(shape, 0, drawing, True, True, (0, 0), (0, 0), ("sedan", None))])


def everything() -> dict[str, Any]:
    """Return a row with an object of every shape, answers and a classification."""
    scene = [
        raw_rows.Item(shape, index % 2, BOX, True, True, (0, 0), (0, 0), ("sedan", None))
        for index, shape in enumerate(raw_rows.IMAGE_SHAPES)
    ]
    row = raw_rows.truth(scene, weather="rain")
    action = {
        "name": "Moving",
        "featureHash": "moving",
        "dynamic": True,
        "range": [[0, 1]],
        "answers": [{"name": "Yes", "value": "yes", "featureHash": "yes"}],
    }
    row["object_actions"] = {"t0": {"objectHash": "t0", "actions": [action]}}
    return row


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Yield the way to every place of a tree."""
    if here:
        yield here
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*here, key))


def parent(tree: Any, path: Path) -> Any:
    for key in path[:-1]:
        tree = tree[key]
    return tree


def number_paths(shape: str) -> list[Path]:
    """Return the way to each number of a geometry; a polygon's older form is not read where there is the newer."""
    geometry = raw_rows.geometry(shape, BOX)
    geometry.pop("polygon", None)
    found = [path for path in paths(geometry) if isinstance(parent(geometry, path)[path[-1]], int | float)]
    assert found
    return found


NUMBERS = [(shape, path) for shape in raw_rows.IMAGE_SHAPES for path in number_paths(shape)]
SCREEN_NUMBERS = [
    (shape, path)
    for shape, path in NUMBERS
    if shape not in {"bitmask", "cuboid"} and path[-1] not in {"theta", "stretch", "r", "rx", "ry", "scaleRatio"}
    if "vanishingPoint" not in path and "offset" not in path
]


@pytest.mark.parametrize(("shape", "path"), NUMBERS, ids=str)
@pytest.mark.parametrize("bad", [math.nan, math.inf, "abc", [], None], ids=repr)
def test_what_is_no_number_is_told(shape: str, path: Path, bad: Any) -> None:
    row = drawn(shape)
    shown = row["data_units"]["unit"]["labels"]["0"]["objects"][0]
    parent(shown, path)[path[-1]] = bad
    if bad is None and path[-1] in {"theta", "stretch", "top", "left"}:
        score(row, row)  # these may be left out
        return
    for side, result in (("submission", score(drawn(shape), row)), ("ground truth", score(row, drawn(shape)))):
        assert result.score is None
        assert any(reason.startswith(f"{side}: ") for reason in result.not_computed)


@pytest.mark.parametrize(("shape", "path"), SCREEN_NUMBERS, ids=str)
@pytest.mark.parametrize("bad", [7.0, -3.0, 1e300])
def test_what_is_far_outside_the_image_is_told(shape: str, path: Path, bad: float) -> None:
    row = drawn(shape)
    shown = row["data_units"]["unit"]["labels"]["0"]["objects"][0]
    parent(shown, path)[path[-1]] = bad
    result = score(drawn(shape), row)
    assert result.score is None
    assert any(reason.startswith("submission: ") for reason in result.not_computed)


@pytest.mark.parametrize("shape", raw_rows.IMAGE_SHAPES)
@pytest.mark.parametrize("size", [(0, 0), (0, 20), (30, 0)])
def test_shapes_without_area_never_raise(shape: str, size: tuple[int, int]) -> None:
    flat = drawn(shape, (20, 20, *size, 0))
    for truth, submission in ((flat, flat), (flat, drawn(shape)), (drawn(shape), flat)):
        score(truth, submission)


@given(st.data())
def test_junk_anywhere_never_raises(data: st.DataObject) -> None:
    row = everything()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([*paths(row)]))
        holder, key = parent(row, path), path[-1]
        change = data.draw(st.sampled_from(["replace", "delete", "repeat"]))
        if change == "replace":
            holder[key] = data.draw(JUNK)
        elif change == "delete":
            del holder[key]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[f"{key}2"] = copy.deepcopy(holder[key])
    for truth, submission in ((everything(), row), (row, everything()), (row, row)):
        score(truth, submission)
    written = json.dumps(row).encode()
    score(written, json.dumps(everything()).encode())


@pytest.mark.parametrize("thing", [None, [], {}, 5, "x", b"", b"{", b"null", b"[1]", b'"x"', b"\xff", True])
def test_what_is_no_label_row_never_raises(thing: Any) -> None:
    for truth, submission in ((everything(), thing), (thing, everything()), (thing, thing)):
        score(truth, submission)


def test_unknown_shapes_and_classes_are_told() -> None:
    row = drawn("bounding_box")
    shown = row["data_units"]["unit"]["labels"]["0"]["objects"][0]
    shown |= {"shape": "tesseract", "featureHash": "unheard of"}
    result = score(drawn("bounding_box"), row)
    assert result.score is None
    assert "unheard of" in result.not_computed[0]


def test_the_same_hash_twice_never_raises() -> None:
    row = everything()
    for frame in row["data_units"]["unit"]["labels"].values():
        for shown in frame["objects"]:
            shown["objectHash"] = "same"
    row["object_answers"] = {"same": {"objectHash": "same", "classifications": []}}
    for truth, submission in ((everything(), row), (row, everything()), (row, row)):
        score(truth, submission)


@pytest.mark.parametrize(
    "stretch",
    [[5, 2], [-3, 4], [0, 10**18], [0.5, 2], ["a", "b"], [0], [0, 1, 2], [None, None], "01", 3, [math.nan, 1]],
)
@pytest.mark.parametrize("data_type", ["video", *raw_rows.RANGE_SHAPES])
def test_odd_ranges_never_raise(stretch: Any, data_type: str) -> None:
    row = raw_rows.truth([], weather="rain") if data_type == "video" else raw_rows.range_row(data_type, {"a": [(0, 9)]})
    good = copy.deepcopy(row)
    answers = row["classification_answers"] if data_type == "video" else row["object_answers"]
    next(iter(answers.values()))["range"] = [stretch]
    for truth, submission in ((good, row), (row, good), (row, row)):
        score(truth, submission)


@pytest.mark.parametrize("data_type", ["group", "scene", "hologram", None, 3])
def test_data_types_that_cannot_be_compared_are_told(data_type: Any) -> None:
    row = drawn("bounding_box") | {"data_type": data_type}
    result = score(row, row)
    assert result.score is None
    assert any(repr(data_type) in reason or str(data_type) in reason for reason in result.not_computed)
