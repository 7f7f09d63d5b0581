from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from include.benchmark_qa.manifest.metadata.schema import SchemaCheck, check_schema
from include.benchmark_qa.manifest.model import Problem
from tests.unit.manifest_metadata.metadata_support import unit_of

SCHEMA = {
    "boolean": {"type": "boolean"},
    "number": {"type": "number"},
    "datetime": {"type": "datetime"},
    "uuid": {"type": "uuid"},
    "varchar": {"type": "varchar"},
    "text": {"type": "text"},
    "enum": {"type": "enum", "values": ["day", "night"]},
    "embedding": {"type": "embedding", "size": 3},
    "geospatial": {"type": "geospatial"},
}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("boolean", True),
        ("boolean", "false"),
        ("number", 1),
        ("number", -0.5),
        ("number", "12.5"),
        ("datetime", "2026-03-01"),
        ("datetime", "2026-03-01T12:00:00Z"),
        ("datetime", "2026-03-01T12:00:00.5+02:00"),
        ("uuid", "9b2e7f0c-3a53-4c1e-9d0f-5a3b8f0f6b11"),
        ("varchar", "ü" * 8192),
        ("varchar", 7),
        ("text", "x" * 10_000),
        ("enum", "day"),
        ("embedding", [0, 0.5, -1]),
        ("geospatial", {"lat": 1}),
        ("unknown", "anything"),
        ("unknown", ["a", "b"]),
        ("unknown", {"deep": 1}),
    ],
)
def test_what_fits_passes(key: str, value: Any) -> None:
    assert list(check_schema({key: value}, SCHEMA)) == []


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("boolean", "yes", "'yes' is not true or false"),
        ("boolean", 1, "1 is not true or false"),
        ("number", "12,5", "'12,5' is not a number"),
        ("number", True, "True is not a number"),
        ("number", "nan", "not a number"),
        ("number", [1], "not a number"),
        ("datetime", "1 March 2026", "ISO 8601"),
        ("datetime", 1_770_000_000, "ISO 8601"),
        ("uuid", "9b2e7f0c-3a53-1c1e-9d0f-5a3b8f0f6b11", "UUID of version 4"),
        ("uuid", 7, "UUID of version 4"),
        ("varchar", "x" * 8193, "has 8193 characters"),
        ("varchar", None, "not text"),
        ("text", {"a": 1}, "not text"),
        ("enum", "dusk", r"'dusk' is not one of .*\['day', 'night'\]"),
        ("embedding", [0, 1], "has 2 numbers; .* has 3"),
        ("embedding", "0,1,2", "not a list of finite numbers"),
        ("embedding", [], "not a list of finite numbers"),
        ("unknown", [0.1, 0.2], "no such key"),
    ],
)
def test_what_does_not_fit_is_named(key: str, value: Any, reason: str) -> None:
    unit = replace(unit_of("a.jpg"), client_metadata={"source_key": "a.jpg", "kind": "benchmark", key: value})
    [problem] = SchemaCheck(SCHEMA, "s3://bucket")(unit)
    assert problem == Problem("s3://bucket", "a.jpg", f"clientMetadata.{key}", problem.reason)
    assert re.search(reason, problem.reason)


def test_the_metadata_of_frames_is_checked_too() -> None:
    frames = {"13": {"enum": "day", "embedding": [1, 2]}, "14": {"number": "x"}, "15": {}}
    found = dict(check_schema({"$encord": {"config": {"sampling_rate": 0}, "frames": frames}}, SCHEMA))
    assert set(found) == {
        "clientMetadata.$encord.frames.13.embedding", "clientMetadata.$encord.frames.14.number",
    }  # fmt: skip


def test_long_values_and_lists_are_cut_in_messages() -> None:
    schema = {"enum": {"type": "enum", "values": [str(number) for number in range(200)]}}
    [(_, reason)] = check_schema({"enum": "x" * 5000}, schema)
    assert len(reason) < 400
    assert "and 190 more" in reason
