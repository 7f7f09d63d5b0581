"""Only the geometry of an ontology's shapes is decoded."""

from __future__ import annotations

import json

import msgspec
import pytest

from include.benchmark_qa.labels.drawn_types import drawn_type
from include.benchmark_qa.labels.rows import RowDecoder
from include.benchmark_qa.labels.wire import DrawnObject

ALL = {one.name: one.encode_name for one in msgspec.structs.fields(DrawnObject)}
SHAPES = [*ALL][2:]


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_has_its_geometry_and_no_other(name):
    shape = "polygon" if name == "polygons" else name
    fields = {one.name: one.encode_name for one in msgspec.structs.fields(drawn_type({shape}))}
    assert fields == {one: ALL[one] for one in ("object_hash", "feature_hash", name)}


def row(geometry: object) -> dict[str, object]:
    drawn = {"objectHash": "a", "featureHash": "b", "boundingBox": geometry}
    return {"data_type": "image", "data_units": {"unit": {"labels": {"objects": [drawn]}}}}


def test_what_another_shape_would_be_drawn_with_is_passed_over():
    assert RowDecoder(["bounding_box"]).decode(json.dumps(row("junk")).encode()) is None
    for blob in (row("junk"), json.dumps(row("junk")).encode()):
        found = RowDecoder(["polygon"]).decode(blob)
        assert found is not None
        assert [one.object_hash for one in found.frames[0].objects] == ["a"]
