from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from include.benchmark_qa.manifest.metadata.enrich import Enricher
from include.benchmark_qa.manifest.model import ManifestError, Problem, Unit
from include.object_storage.errors import BucketAccessError
from tests.unit.manifest_metadata.metadata_support import CountingBucket, draft_of, image_bytes, unit_of

SIDECAR = {"sidecar": ".metadata.json"}
OWN = {"source_key": "a.jpg", "kind": "production"}


def enriched(bucket: CountingBucket, unit: Unit, **settings: Any) -> Unit | tuple[Problem, ...]:
    [result] = Enricher(bucket, "s3://bucket").enrich([draft_of(bucket, unit, **settings)])
    return result


def metadata_of(result: Unit | tuple[Problem, ...]) -> dict[str, Any]:
    assert isinstance(result, Unit), result
    return dict(result.client_metadata)


def problems_of(result: Unit | tuple[Problem, ...]) -> dict[str, str]:
    """Return the reasons by field."""
    assert not isinstance(result, Unit), result.client_metadata
    assert {(problem.file, problem.key) for problem in result} == {("s3://bucket/a.jpg.metadata.json", "a.jpg")}
    return {problem.field: problem.reason for problem in result}


def put_sidecar(bucket: CountingBucket, content: Any, key: str = "a.jpg") -> None:
    bucket.write(f"{key}.metadata.json", content if isinstance(content, bytes) else json.dumps(content).encode())


def test_the_later_of_template_table_and_sidecar_wins(bucket: CountingBucket) -> None:
    bucket.write("table.csv", b"key,b,c,d\na.jpg,table,table,table\n")
    put_sidecar(bucket, {"c": "sidecar", "camera": {"lens": [1.5, None]}, "größe": True})
    unit = unit_of("a.jpg", a="template", b="template", c="template")
    result = enriched(bucket, unit, table={"path": "table.csv"}, **SIDECAR)
    assert metadata_of(result) == OWN | {
        "a": "template", "b": "table", "c": "sidecar", "d": "table", "camera": {"lens": [1.5, None]}, "größe": True,
    }  # fmt: skip


def test_a_unit_without_sidecar_stays_as_it_is(bucket: CountingBucket) -> None:
    unit = unit_of("a.jpg", a="template")
    assert enriched(bucket, unit, **SIDECAR) is unit


def test_a_group_has_the_sidecar_of_what_it_is_known_by(bucket: CountingBucket) -> None:
    put_sidecar(bucket, {"scene": "street"}, "groups/a")
    unit = unit_of("groups/a/1.jpg", "groups/a/2.jpg", type_="image_group", source_key="groups/a")
    assert metadata_of(enriched(bucket, unit, **SIDECAR))["scene"] == "street"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "no JSON"),
        (b"", "no JSON"),
        (b'{"a": NaN}', "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
        ([1], "not an object"),
        (b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", "too deeply"),
    ],
)
def test_a_sidecar_that_is_no_object_is_named(bucket: CountingBucket, content: Any, reason: str) -> None:
    put_sidecar(bucket, content)
    [(field, found)] = problems_of(enriched(bucket, unit_of("a.jpg"), **SIDECAR)).items()
    assert field == "clientMetadata"
    assert found.startswith("s3://bucket/a.jpg.metadata.json: ")
    assert reason in found


def test_every_key_that_encord_refuses_is_named(bucket: CountingBucket) -> None:
    wrong = {"$own": 1, "a/b": 1, "": 1, "key-frames": 1, "keyframes": [1], "source_key": "b", "kind": "c"}
    put_sidecar(bucket, wrong | {"fine": {"deep": [{"x:y": 1}]}, "vector": [0.5] * 4097})
    found = problems_of(enriched(bucket, unit_of("a.jpg"), **SIDECAR))
    assert set(found) == {f"clientMetadata.{key}" for key in [*wrong, "fine.deep[0].x:y", "vector"]}
    assert "set by the project" in found["clientMetadata.source_key"]
    assert "4097" in found["clientMetadata.vector"]


def test_frames_come_of_rule_table_and_sidecar(bucket: CountingBucket) -> None:
    frames = '{""frames"": {""1"": {""a"": 1}, ""2"": {""a"": 1}}}'
    bucket.write("table.csv", f'key,$encord\na.jpg,"{frames}"\n'.encode())
    put_sidecar(bucket, {"$encord": {"frames": {"2": {"a": 2, "clip": [0.1, 2]}, "30": {}}}})
    result = enriched(bucket, unit_of("a.jpg"), table={"path": "table.csv"}, frames={"sampling_rate": 0}, **SIDECAR)
    assert metadata_of(result)["$encord"] == {
        "config": {"sampling_rate": 0.0, "keyframe_mode": "frame"},
        "frames": {"1": {"a": 1}, "2": {"a": 2, "clip": [0.1, 2]}, "30": {}},
    }


def test_a_sidecar_alone_may_set_seconds(bucket: CountingBucket) -> None:
    block = {"config": {"keyframe_mode": "seconds"}, "frames": {"2.5": {}, "3": {"a": 1}}}
    put_sidecar(bucket, {"$encord": block})
    assert metadata_of(enriched(bucket, unit_of("a.jpg"), **SIDECAR))["$encord"] == block


@pytest.mark.parametrize(
    ("block", "field"),
    [
        ([], "$encord"),
        ("{", "$encord"),
        ({"frame": {}}, "$encord.frame"),
        ({"config": []}, "$encord.config"),
        ({"config": {"rate": 1}}, "$encord.config.rate"),
        ({"config": {"sampling_rate": -1}}, "$encord.config.sampling_rate"),
        ({"config": {"sampling_rate": True}}, "$encord.config.sampling_rate"),
        ({"config": {"keyframe_mode": ["frame"]}}, "$encord.config.keyframe_mode"),
        ({"frames": [1, 2]}, "$encord.frames"),
        ({"frames": {"1": 5}}, "$encord.frames.1"),
        ({"frames": {"-1": {}}}, "$encord.frames.-1"),
        ({"frames": {"1.5": {}}}, "$encord.frames.1.5"),
        ({"frames": {"07": {}}}, "$encord.frames.07"),
        ({"config": {"keyframe_mode": "seconds"}, "frames": {"1s": {}}}, "$encord.frames.1s"),
        ({"frames": {"1": {"a/b": 1}}}, "$encord.frames.1.a/b"),
        ({"frames": {"1": {"clip": [0] * 4097}}}, "$encord.frames.1.clip"),
    ],
)
def test_an_encord_block_of_another_shape_is_named(bucket: CountingBucket, block: Any, field: str) -> None:
    put_sidecar(bucket, {"$encord": block})
    assert set(problems_of(enriched(bucket, unit_of("a.jpg"), **SIDECAR))) == {f"clientMetadata.{field}"}


def test_all_that_is_wrong_with_a_unit_is_said_at_once(bucket: CountingBucket) -> None:
    bucket.write("a.jpg", b"no picture")
    put_sidecar(bucket, b"[]")
    unit = unit_of("b.jpg", "a.jpg", type_="image_group", source_key="a.jpg")
    bucket.write("b.jpg", b"<html>")
    result = enriched(bucket, unit, media=True, **SIDECAR)
    assert isinstance(result, tuple)
    assert [(problem.key, problem.field) for problem in result] == [
        ("a.jpg", "clientMetadata"), ("b.jpg", "imageMetadata"), ("a.jpg", "imageMetadata"),
    ]  # fmt: skip


def test_units_keep_their_order_and_each_object_its_own_media(bucket: CountingBucket) -> None:
    widths = {f"{number:03}.png": 10 + number for number in range(120)}
    for key, width in widths.items():
        bucket.write(key, image_bytes("PNG", width, 8))
    keys = list(widths)
    units = [unit_of(*keys[:50], type_="image_group"), *(unit_of(key) for key in keys[50:])]
    drafts = [draft_of(bucket, unit, media=unit.source_keys[0] != "060.png") for unit in units]
    results = Enricher(bucket, "s3://bucket", workers=7).enrich(drafts)
    assert [one.title for one in results if isinstance(one, Unit)] == [unit.title for unit in units]
    expected = [[widths[key] for key in unit.source_keys] for unit in units]
    expected[11] = []  # 060.png
    assert [[media["width"] for media in one.media] for one in results if isinstance(one, Unit)] == expected


def test_a_nifti_has_no_media_metadata(bucket: CountingBucket) -> None:
    unit = unit_of("a.nii", type_="nifti")
    assert enriched(bucket, unit, media=True) is unit


def test_objects_are_read_at_the_same_time(bucket: CountingBucket) -> None:
    together = threading.Barrier(5, timeout=10)

    class Slow(CountingBucket):
        def exists(self, key: str) -> bool:
            together.wait()
            return False

    slow = Slow(bucket.bucket.root)
    drafts = [draft_of(bucket, unit_of(f"{number}.jpg"), **SIDECAR) for number in range(10)]
    assert len(Enricher(slow, "s3://bucket", workers=5).enrich(drafts)) == 10


def test_an_error_of_the_bucket_ends_it(bucket: CountingBucket) -> None:
    class Broken(CountingBucket):
        def read_range(self, key: str, start: int, length: int) -> bytes:
            raise BucketAccessError("the network is down")

    broken = Broken(bucket.bucket.root)
    drafts = [draft_of(bucket, unit_of(f"{number}.jpg"), media=True) for number in range(100)]
    with pytest.raises(BucketAccessError, match="network"):
        Enricher(broken, "s3://bucket").enrich(drafts)


def test_a_table_that_is_not_there_is_an_error_of_the_rules(bucket: CountingBucket) -> None:
    with pytest.raises(ManifestError, match=r"'no\.csv' is not in the bucket"):
        enriched(bucket, unit_of("a.jpg"), table={"path": "no.csv"})
