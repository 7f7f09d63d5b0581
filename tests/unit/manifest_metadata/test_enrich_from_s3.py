"""The demo's real files, and a large one, read from a local S3 through the project's own bucket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO

import boto3
import pydicom
import pytest
from moto.server import ThreadedMotoServer

from include.benchmark_qa.manifest.metadata.dicom import series_uid
from include.benchmark_qa.manifest.metadata.enrich import Draft, Enricher
from include.benchmark_qa.manifest.metadata.settings import MetadataSettings
from include.benchmark_qa.manifest.model import Problem, Unit
from include.demo.material.clips import audio_objects, video_objects
from include.demo.material.photos import group_objects, photo_objects
from include.demo.material.scans import dicom_objects, nifti_objects
from include.object_storage import Bucket, open_bucket
from tests.unit.manifest_metadata.metadata_support import unit_of, video_bytes


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="media")
    yield open_bucket("s3://media", endpoint_url=f"http://{host}:{port}")
    server.stop()


def put(bucket: Bucket, objects: dict[str, bytes], type_: str) -> Draft:
    """Store objects and return the unit of them."""
    for key, data in objects.items():
        bucket.write(key, data)
    unit = unit_of(*objects, type_=type_, source_key=next(iter(objects)))
    return Draft(unit, tuple(map(len, objects.values())), MetadataSettings(media=True, sidecar=".json"))


def test_every_type_of_the_demo(s3: Bucket) -> None:
    series = dicom_objects("", "ct-abdomen")
    drafts = [
        *(put(s3, {key: data}, "image") for key, data in photo_objects("", 3).items()),
        put(s3, video_objects("", "coffee"), "video"),
        put(s3, audio_objects("", "coffee"), "audio"),
        put(s3, group_objects("", "rocket", 4), "image_group"),
        put(s3, series, "dicom_series"),
        put(s3, nifti_objects("", "anatomical.nii"), "nifti"),
        put(s3, {"cut.jpg": b"\xff\xd8\xff\xe0"}, "image"),
    ]
    s3.write(f"{drafts[0].unit.source_keys[0]}.json", b'{"site": "north"}')
    *units, broken = Enricher(s3, s3.uri).enrich(drafts)
    media = [unit.media for unit in units if isinstance(unit, Unit)]
    assert [len(one) for one in media] == [1, 1, 1, 1, 1, 4, len(series), 0]
    video, [audio] = media[3][0], media[4]
    assert (video["width"], video["height"], video["fps"], video["duration"]) == (320, 240, 24.0, 2.0)
    assert (audio["duration"], audio["sample_rate"], audio["num_channels"]) == (3.0, 16_000, 1)
    assert {(one["width"], one["height"]) for one in media[5]} == {(400, 300)}
    assert {one["tags"]["00280010"]["Value"][0] for one in media[6]} == {
        pydicom.dcmread(BytesIO(next(iter(series.values())))).Rows
    }
    assert units[0].client_metadata["site"] == "north"  # type: ignore[union-attr]
    assert isinstance(broken, tuple)
    [problem] = broken
    assert isinstance(problem, Problem)
    assert (problem.file, problem.key, problem.field) == ("s3://media", "cut.jpg", "imageMetadata")


def test_slices_tell_their_series(s3: Bucket) -> None:
    slices = dicom_objects("", "mr-head") | dicom_objects("", "ct-abdomen")
    for key, data in slices.items():
        s3.write(key, data)
    found = {key: series_uid(s3, key, len(data)) for key, data in slices.items()}
    assert found == {key: pydicom.dcmread(BytesIO(data)).SeriesInstanceUID for key, data in slices.items()}
    assert len(set(found.values())) == 2


def test_a_film_whose_index_is_at_its_end(s3: Bucket) -> None:
    data = video_bytes("mp4", size=128, frames=200)
    assert data.index(b"moov") > len(data) - 20_000
    [unit] = Enricher(s3, s3.uri).enrich([put(s3, {"a.mp4": data}, "video")])
    assert isinstance(unit, Unit)
    assert (unit.media[0]["width"], unit.media[0]["height"], unit.media[0]["file_size"]) == (256, 128, len(data))
