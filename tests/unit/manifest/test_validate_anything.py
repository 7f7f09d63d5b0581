"""No file, however odd, makes the validator fail: what it cannot read, it tells."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.manifest.validate import read_manifest

ENTRIES = {
    "videos": {
        "objectUrl": "https://h/1.mp4",
        "title": "t",
        "clientMetadata": {"$encord": {"config": {"sampling_rate": 1}, "frames": {"1": {}}}},
        "videoMetadata": {
            "fps": 1,
            "duration": 1,
            "width": 1,
            "height": 1,
            "file_size": 1,
            "mime_type": "video/mp4",
        },
    },
    "image_groups": {
        "title": "g",
        "createVideo": True,
        "objectUrl_0": "https://h/0.jpg",
        "objectUrl_1": "https://h/1.jpg",
    },
    "dicom_series": {
        "title": "s",
        "dicomFiles": [{"url": "https://h/1"}, {"url": "https://h/2", "dicomMetadata": {"tags": {}}}],
    },
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: object, path: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, member in inner for place in places(member, (*path, name)))]


@given(st.sampled_from(list(ENTRIES)), st.data(), VALUES)
def test_any_value_at_any_place_is_taken_or_told(section, data, value):
    manifest = {section: [copy.deepcopy(ENTRIES[section])]}
    *path, name = data.draw(st.sampled_from(places(manifest)[1:]))
    holder = manifest
    for step in path:
        holder = holder[step]
    holder[name] = value
    read = read_manifest(json.dumps(manifest).encode(), "m.json")
    assert all(isinstance(problem.reason, str) and problem.reason for problem in read.problems)


@pytest.mark.parametrize("form", ["json", "csv"])
@given(st.binary(max_size=60) | st.text(alphabet='{}[],":a1\n', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_told(form, data):
    read = read_manifest(data, f"m.{form}")
    assert read.problems or read.units or (form == "csv" and data)


CELLS = st.sampled_from(["ObjectURL", "Image group title", "Create video", "https://h/1.jpg", "true", "false", "", "x"])


@given(st.lists(st.lists(CELLS, max_size=4), max_size=6))
def test_any_rows_are_read_or_told(rows):
    data = "\n".join(",".join(row) for row in rows).encode()
    read = read_manifest(b"ObjectURL,Image group title,Create video\n" + data, "m.csv")
    assert all(problem.key.startswith("line ") for problem in read.problems)
