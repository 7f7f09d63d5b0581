"""12,000 units of every type with 40 planted faults: all faults are reported at once, by name, and the rest goes on."""

from __future__ import annotations

import pytest

from include.benchmark_qa.manifest.model import ManifestError
from tests.support.mixed_bucket import FAULTS, PREFIX, RULES, UNITS, mixed_bucket
from tests.unit.manifest.manifest_support import FOLDER, MemoryWorkspace, make, place, quarantine_lines

BUCKET = mixed_bucket()
HALF = len(BUCKET.objects) // 2


def test_every_planted_fault_is_reported_and_nothing_else():
    made = make(BUCKET.objects[:HALF], BUCKET.objects[HALF:], where=place(PREFIX), **RULES)
    lines = quarantine_lines(made.files)
    reasons = {line["key"]: line["reason"] for line in lines}
    assert len(BUCKET.faults) == FAULTS
    assert [key for key, reason in BUCKET.faults.items() if reason not in reasons.get(key, "")] == []
    assert reasons.keys() == BUCKET.left_out
    assert len(lines) == len(BUCKET.left_out)
    assert all(line["file"] == "s3://bucket" and line["field"] for line in lines)


def test_the_rest_goes_on_and_the_sums_are_right():
    made = make(BUCKET.objects[:HALF], BUCKET.objects[HALF:], where=place(PREFIX), **RULES)
    assert made.index.units == BUCKET.units
    assert sum(made.index.units.values()) == sum(shard.units for shard in made.index.shards) == UNITS
    assert made.index.listed == len(BUCKET.objects)
    assert made.index.quarantined == len(BUCKET.left_out)
    keys = [key for unit in made.units for key in unit.source_keys]
    listed = [key for key, _ in BUCKET.objects]
    assert sorted([*keys, *BUCKET.left_out]) == sorted(listed)
    assert [shard.units for shard in made.index.shards] == [1_000] * 12


def test_strict_rules_report_the_same_faults_as_one_error():
    workspace = MemoryWorkspace()
    with pytest.raises(ManifestError, match=r"^\d+ object\(s\) cannot be registered:\n"):
        make(BUCKET.objects, where=place(PREFIX), workspace=workspace, strict=True, **RULES)
    assert {line["key"] for line in quarantine_lines(workspace.files)} == BUCKET.left_out
    assert not workspace.exists(f"{FOLDER}manifest_index.json")
