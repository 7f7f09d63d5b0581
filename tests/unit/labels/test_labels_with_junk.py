"""Label rows with anything anywhere: nothing raises, and what is read quickly is what is read carefully."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.labels.columns import Areas, LabelColumns, Ragged
from include.benchmark_qa.labels.reading import is_unsaved
from tests.unit.labels.label_samples import described, read, sdk_row

LIMITS = settings(max_examples=60, deadline=None)

GEOMETRIES = {
    "bounding_box": {"boundingBox": {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4}},
    "rotatable_bounding_box": {"rotatableBoundingBox": {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.4, "theta": 30.0}},
    "circle": {"circle": {"x": 0.5, "y": 0.5, "r": 0.1}},
    "ellipse": {"ellipse": {"x": 0.5, "y": 0.5, "rx": 0.1, "ry": 0.2, "theta": 10}},
    "point": {"point": {"0": {"x": 0.5, "y": 0.5}}},
    "polyline": {"polyline": {"0": {"x": 0.1, "y": 0.1}, "1": {"x": 0.5, "y": 0.5}}},
    "polygon": {"polygons": [[[0.1, 0.1, 0.9, 0.1, 0.5, 0.9], [0.4, 0.2, 0.6, 0.2, 0.5, 0.4]]], "polygon": None},
    "cuboid_2d": {"cuboid_2d": {"front": [0, 0, 0.5, 0, 0.5, 0.5, 0, 0.5], "offset": {"x": 0.1, "y": 0.1}}},
    "skeleton": {"skeleton": {"0": {"x": 0.1, "y": 0.1, "name": "nose"}, "1": {"x": 0.1, "y": 0.1, "name": "ear"}}},
    "bitmask": {"bitmask": {"top": 0, "left": 0, "height": 10, "width": 20, "rleString": "X6"}},
    "cuboid": {"cuboid": {"position": [0, 0, 0], "size": [1, 1, 1], "orientation": [0, 0, 0]}},
}


def drawn(shape: str, **changes: Any) -> dict[str, Any]:
    return {"objectHash": f"{shape}#", "featureHash": f"{shape}!", "shape": shape, **GEOMETRIES[shape], **changes}


def static_answers(shape: str) -> list[dict[str, Any]]:
    return [
        {"featureHash": f"{shape}?kind", "answers": [{"featureHash": f"{shape}?big"}]},
        {"featureHash": f"{shape}?colours", "answers": [{"featureHash": f"{shape}?red"}]},
        {"featureHash": f"{shape}?colours", "answers": [{"featureHash": f"{shape}?blue"}]},
        {"featureHash": f"{shape}?note", "answers": " hello "},
        {"featureHash": f"{shape}?doors", "answers": 4},
    ]


def actions(shape: str) -> list[dict[str, Any]]:
    return [
        {"featureHash": f"{shape}?moving", "answers": [{"featureHash": f"{shape}?yes"}], "range": [[0, 1]]},
        {"featureHash": f"{shape}?moving", "answers": [{"featureHash": f"{shape}?no"}], "range": [[2, 3], [7, 9]]},
        {"featureHash": f"{shape}?lights", "answers": [{"featureHash": f"{shape}?front"}], "range": [[0, 5]]},
    ]


@cache
def sample(data_type: str) -> dict[str, Any]:
    """Return a label row with something of everything."""
    blob = sdk_row(data_type).to_encord_dict()
    objects = [drawn(shape) for shape in GEOMETRIES]
    if data_type in {"image", "video"}:
        (unit,) = blob["data_units"].values()
        labels = {"objects": objects, "classifications": [{"classificationHash": "older", "featureHash": "scene!"}]}
        unit["labels"] = labels if data_type == "image" else {"0": labels, "7": copy.deepcopy(labels)}
        blob["object_answers"] = {f"{shape}#": {"classifications": static_answers(shape)} for shape in GEOMETRIES}
        blob["object_actions"] = {"point#": {"objectHash": "point#", "actions": actions("point")}}
    else:
        blob["object_answers"] = {
            "a": {"featureHash": "audio!", "range": [[0, 10], [20, 30]], "classifications": static_answers("audio")},
            "t": {
                "featureHash": "text!",
                "range": [],
                "range_html": [{"start": {"xpath": "/p", "offset": 1}, "end": {"xpath": "/p", "offset": 4}}],
                "classifications": [],
            },
        }
    answer = {"featureHash": "scene!", "range": [[0, 1], [3, 4]], "classifications": static_answers("scene")[:2]}
    blob["classification_answers"] = {"new": answer, "older": {"classifications": []}, "left over": {}}
    return blob


def test_the_sample_has_no_problem_and_everything_in_it():
    columns, vocabulary = read(*map(sample, ("image", "video", "audio")))
    assert columns.problems == ((), (), ())
    assert set(columns.objects.geometry) == {*GEOMETRIES, "audio", "text"}
    counts = [len(described(columns, vocabulary, row).objects) for row in range(3)]
    assert counts == [11, 22, 2]
    video = described(columns, vocabulary, 1)
    assert video.classifications == {
        "new": ("scene!", [(0, 1), (3, 4)]),
        "older": ("scene!", [(0, 0), (7, 7)]),
    }
    assert video.answers["point#"]["point?colours"] == {"point?red", "point?blue"}
    assert len(video.dynamic_answers) == 2 + 2 + 3 + 6


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(-3, 12),
    st.sampled_from(
        [2**31, 10**30, -(10**400), 1e300, "", "0", "7", "-1", "x", "\ud800", "scene!", "point!", "point#"]
    ),
    st.builds(list),
    st.builds(dict),
    st.lists(st.integers(-2, 9), min_size=2, max_size=3),
    st.lists(st.lists(st.integers(-2, 9), min_size=2, max_size=2), max_size=2),
    st.fixed_dictionaries({"x": st.floats(-1, 2), "y": st.floats(-1, 2)}),
)
DELETE, TWICE = object(), object()


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every container and key of a tree."""
    found = []
    pending = [tree]
    while pending:
        branch = pending.pop()
        items = branch.items() if isinstance(branch, dict) else enumerate(branch)
        for key, value in items:
            found.append((branch, key))
            if isinstance(value, dict | list):
                pending.append(value)
    return found


def spoil(tree: Any, at: int, junk: Any) -> None:
    """Replace, remove or repeat whatever is at this place."""
    found = places(tree)
    branch, key = found[at % len(found)]
    if junk is DELETE:
        del branch[key]
    elif junk is TWICE and isinstance(branch, list):
        branch.append(copy.deepcopy(branch[key]))
    elif junk is TWICE:
        branch[f"{key}0"] = copy.deepcopy(branch[key])
    else:
        branch[key] = junk


def check_finite(columns: LabelColumns) -> None:
    assert np.isfinite(columns.objects.row).all()
    for table in columns.objects.geometry.values():
        values = table.values if isinstance(table, Ragged) else table.points if isinstance(table, Areas) else table
        if isinstance(values, np.ndarray):
            assert np.isfinite(values).all()


@given(
    st.sampled_from(["image", "video", "audio"]),
    st.lists(st.tuples(st.integers(0, 10**6), JUNK | st.sampled_from([DELETE, TWICE])), min_size=1, max_size=3),
)
@LIMITS
def test_junk_anywhere_never_raises_and_both_ways_read_the_same(data_type, changes):
    blob = copy.deepcopy(sample(data_type))
    for at, junk in changes:
        spoil(blob, at, junk)
    slow = read(blob, carefully=True)
    check_finite(slow[0])
    for one in (blob, json.dumps(blob).encode()):
        quick = read(one)
        assert quick[0].problems == slow[0].problems
        assert quick[0].data_types == slow[0].data_types
        assert described(*quick) == described(*slow)
    assert is_unsaved(blob) == (not slow[0].saved[0])
