from __future__ import annotations

import io
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import av
import numpy as np
import pydicom
import pytest
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from pydicom.data import get_testdata_file

from include.benchmark_qa.manifest.metadata.dicom import REQUIRED_TAGS, series_uid
from include.benchmark_qa.manifest.metadata.media import read_media
from include.benchmark_qa.manifest.metadata.reader import UnreadableError
from include.benchmark_qa.manifest.model import UnitType
from tests.unit.manifest_metadata.metadata_support import (
    CountingBucket,
    image_bytes,
    sound_bytes,
    turned,
    video_bytes,
)


def media_of(bucket: CountingBucket, type_: str, key: str, data: bytes) -> dict[str, Any]:
    bucket.write(key, data)
    return read_media(UnitType(type_), bucket, key, len(data))


@pytest.mark.parametrize(
    ("kind", "mime_type", "options"),
    [
        ("JPEG", "image/jpeg", {"quality": 90}),
        ("PNG", "image/png", {}),
        ("WEBP", "image/webp", {"quality": 90}),
        ("WEBP", "image/webp", {"lossless": True}),
        ("WEBP", "image/webp", {"exif": turned(1)}),
        ("AVIF", "image/avif", {}),
        ("BMP", "image/bmp", {}),
        ("TIFF", "image/tiff", {}),
        ("MPO", "image/jpeg", {}),
    ],
)
def test_an_image_costs_one_block(bucket: CountingBucket, kind: str, mime_type: str, options: Any) -> None:
    data = image_bytes(kind, 801, 603, **options)
    assert media_of(bucket, "image", "a.x", data) == {
        "mime_type": mime_type, "file_size": len(data), "width": 801, "height": 603,
    }  # fmt: skip
    assert len(data) > 80_000
    assert bucket.fetched <= (2 if "exif" in options else 1) * 64 * 1024


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize(("orientation", "size"), [(3, (160, 120)), (6, (120, 160)), (8, (120, 160))])
def test_an_image_is_as_large_as_it_is_shown(
    bucket: CountingBucket, kind: str, orientation: int, size: tuple[int, int]
) -> None:
    found = media_of(bucket, "image", "a.jpg", image_bytes(kind, exif=turned(orientation)))
    assert (found["width"], found["height"]) == size


def test_a_large_tiff_with_its_index_at_the_end_is_not_read_whole(bucket: CountingBucket) -> None:
    data = image_bytes("TIFF", 2400, 1800)
    found = media_of(bucket, "image_group", "a.tif", data)
    assert (found["width"], found["height"]) == (2400, 1800)
    assert bucket.fetched <= 2 * 64 * 1024 < len(data) / 50


@pytest.mark.parametrize(
    ("container", "codec", "mime_type"),
    [
        ("mp4", "libx264", "video/mp4"),
        ("mp4", "mpeg4", "video/mp4"),
        ("mov", "libx264", "video/quicktime"),
        ("matroska", "libx264", "video/x-matroska"),
        ("webm", "libvpx", "video/webm"),
        ("webm", "libvpx-vp9", "video/webm"),
    ],
)
def test_a_video_tells_what_it_is(bucket: CountingBucket, container: str, codec: str, mime_type: str) -> None:
    data = video_bytes(container, codec)
    found = media_of(bucket, "video", f"a.{container}", data)
    length = found.pop("duration")
    assert length == pytest.approx(2, abs=0.05)
    assert found == {"fps": 24.0, "width": 128, "height": 64, "file_size": len(data), "mime_type": mime_type}
    assert {type(length), type(found["fps"])} == {float}


@pytest.mark.parametrize("turn", [90, -90, 180])
def test_a_video_from_a_phone_is_as_large_as_it_is_shown(bucket: CountingBucket, turn: int) -> None:
    found = media_of(bucket, "video", "a.mp4", video_bytes("mp4", turn=turn))
    assert (found["width"], found["height"]) == ((128, 64) if turn == 180 else (64, 128))


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_of_a_video_of_40_mb_less_than_one_is_fetched(bucket: CountingBucket, container: str) -> None:
    data = video_bytes(container, size=256, frames=620)
    assert len(data) > 40_000_000
    found = media_of(bucket, "video", "a.mp4", data)
    assert (found["width"], found["height"], found["fps"]) == (512, 256, 24.0)
    assert found["duration"] == pytest.approx(620 / 24, abs=0.05)
    assert bucket.fetched < 1_000_000
    assert bucket.requests <= 10


def test_a_video_whose_end_is_missing_is_a_problem(bucket: CountingBucket, tmp_path: Path) -> None:
    (tmp_path / "late.mp4").write_bytes(video_bytes("mp4"))
    path = tmp_path / "index-first.mp4"
    with av.open(tmp_path / "late.mp4") as late, av.open(path, "w", options={"movflags": "faststart"}) as early:
        stream = early.add_stream_from_template(late.streams.video[0])
        for packet in late.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                early.mux(packet)
    data = path.read_bytes()
    assert media_of(bucket, "video", "whole.mp4", data)["duration"] == 2
    with pytest.raises(UnreadableError, match="cut off: its index names frames"):
        media_of(bucket, "video", "cut.mp4", data[:-2000])


@pytest.mark.parametrize(
    ("kind", "subtype", "codec", "depth", "mime_type"),
    [
        ("WAV", "PCM_16", "pcm_s16le", 16, "audio/x-wav"),
        ("WAV", "PCM_24", "pcm_s24le", 24, "audio/x-wav"),
        ("WAV", "PCM_U8", "pcm_u8", 8, "audio/x-wav"),
        ("WAV", "FLOAT", "pcm_f32le", 32, "audio/x-wav"),
        ("FLAC", "PCM_16", "flac", 16, "audio/flac"),
        ("FLAC", "PCM_24", "flac", 24, "audio/flac"),
        ("MP3", None, "mp3", 16, "audio/mpeg"),
    ],
)
def test_a_recording_tells_what_it_is(
    bucket: CountingBucket, kind: str, subtype: str | None, codec: str, depth: int, mime_type: str
) -> None:
    data = sound_bytes(kind, subtype, seconds=60)
    found = media_of(bucket, "audio", f"a.{kind.lower()}", data)
    assert found.pop("duration") == pytest.approx(60, abs=0.001)
    assert found == {
        "file_size": len(data), "mime_type": mime_type, "sample_rate": 16_000, "bit_depth": depth, "codec": codec,
        "num_channels": 2,
    }  # fmt: skip
    assert bucket.fetched <= 128 * 1024 < len(data) / 2


def test_an_mp3_that_does_not_tell_its_length_is_measured(bucket: CountingBucket) -> None:
    data = sound_bytes("MP3", seconds=20)
    mark = data.index(b"Xing") if b"Xing" in data else data.index(b"Info")
    without_mark = data[data.index(data[:2], mark) :]
    found = media_of(bucket, "audio", "a.mp3", without_mark)
    assert found["duration"] == pytest.approx(20, abs=0.15)
    again = media_of(bucket, "audio", "b.mp3", b"ID3\x04\x00\x00\x00\x00\x10\x00" + bytes(2048) + without_mark)
    assert again["duration"] == found["duration"]


def test_a_text_is_known_by_its_name(bucket: CountingBucket) -> None:
    types = {name: media_of(bucket, "text", name, b"words") for name in ("a.txt", "a.html", "a.json", "README")}
    assert {name: one["mime_type"] for name, one in types.items()} == {
        "a.txt": "text/plain", "a.html": "text/html", "a.json": "application/json", "README": "text/plain",
    }  # fmt: skip
    assert types["a.txt"]["file_size"] == 5
    assert not bucket.requests


def test_a_pdf_tells_its_pages(bucket: CountingBucket) -> None:
    buffer = io.BytesIO()
    random = np.random.default_rng(0)
    with PdfPages(buffer) as pages:
        for _ in range(7):
            figure = Figure(figsize=(4, 3))
            figure.figimage(random.uniform(size=(300, 400)))
            pages.savefig(figure)
    data = buffer.getvalue()
    assert media_of(bucket, "pdf", "a.pdf", data) == {"file_size": len(data), "num_pages": 7}


def ct_slice() -> bytes:
    return Path(get_testdata_file("CT_small.dcm")).read_bytes()


def dicom_with_series(uid: str) -> bytes:
    return ct_slice().replace(b"1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322\0", uid.ljust(46, "\0").encode())


def test_a_dicom_file_has_all_required_tags(bucket: CountingBucket) -> None:
    data = ct_slice()
    tags = media_of(bucket, "dicom_series", "a", data)["tags"]
    header = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
    assert set(tags) == set(REQUIRED_TAGS)
    assert tags["00280010"] == {"vr": "US", "Value": [128]}
    assert tags["0020000E"]["Value"] == [header.SeriesInstanceUID]
    assert tags["00200032"]["Value"] == [float(one) for one in header.ImagePositionPatient]
    assert tags["00281050"] is None
    assert tags["52009230"] is None


def test_the_pixels_of_a_dicom_file_are_not_fetched(bucket: CountingBucket) -> None:
    scan = pydicom.dcmread(io.BytesIO(ct_slice()))
    scan.Rows = scan.Columns = 2048
    scan.PixelData = bytes(2 * 2048 * 2048)
    buffer = io.BytesIO()
    scan.save_as(buffer)
    bucket.write("a.dcm", buffer.getvalue())
    assert series_uid(bucket, "a.dcm", bucket.size("a.dcm")) == scan.SeriesInstanceUID
    assert bucket.fetched <= 64 * 1024
    assert read_media(UnitType.DICOM_SERIES, bucket, "a.dcm", bucket.size("a.dcm"))["tags"]["00280011"]["Value"] == [
        2048
    ]
    assert bucket.fetched <= 2 * 64 * 1024


def damaged(kind: str) -> bytes:
    return {
        "empty": b"",
        "zeros": bytes(100_000),
        "html": b"<html><body>404 Not Found</body></html>" * 100,
        "jpeg head": image_bytes("JPEG")[:100],
        "webp head": image_bytes("WEBP")[:20],
        "png head": image_bytes("PNG")[:20],
        "mp4 head": video_bytes("mp4")[:5000],
        "wav head": sound_bytes("WAV")[:20],
        "dicom head": ct_slice()[:1000],
    }[kind]


@pytest.mark.parametrize("type_", ["image", "video", "audio", "dicom_series", "pdf"])
@pytest.mark.parametrize(
    "kind",
    ["empty", "zeros", "html", "jpeg head", "webp head", "png head", "mp4 head", "wav head", "dicom head"],
)
def test_what_cannot_be_read_is_said_in_a_sentence(bucket: CountingBucket, type_: str, kind: str) -> None:
    data = damaged(kind)
    with pytest.raises(UnreadableError) as caught:
        media_of(bucket, type_, "a.x", data)
    assert "0x" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("type_", "data", "reason"),
    [
        ("image", image_bytes("GIF"), "holds GIF"),
        ("image", sound_bytes("WAV"), "no image"),
        ("video", sound_bytes("WAV"), "holds WAV; Encord takes MP4"),
        ("video", video_bytes("avi", "mpeg4"), "holds AVI"),
        ("audio", video_bytes("mp4"), "holds MP4 or QuickTime; Encord takes MP3"),
        ("audio", image_bytes("PNG"), "holds PNG"),
        ("pdf", image_bytes("JPEG"), "begins like JPEG"),
        ("dicom_series", b"PK\x03\x04" + bytes(500), "begins like a ZIP archive"),
        ("video", b"", "it is empty"),
        ("video", bytes(1000), "nothing but zeros"),
        ("audio", sound_bytes("WAV", "MS_ADPCM"), "MS_ADPCM"),
        ("dicom_series", dicom_with_series("patient 7"), "SeriesInstanceUID that is none"),
        ("dicom_series", dicom_with_series(""), "without a SeriesInstanceUID"),
    ],
)
def test_another_type_than_the_rule_says_is_named(bucket: CountingBucket, type_: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        media_of(bucket, type_, "a.jpg", data)


@pytest.mark.parametrize("type_", ["image", "video", "audio", "dicom_series", "pdf"])
def test_an_error_of_the_bucket_stays_what_it_is(bucket: CountingBucket, type_: str) -> None:
    from include.object_storage.errors import ObjectNotFoundError

    with pytest.raises(ObjectNotFoundError, match="gone"):
        read_media(UnitType(type_), bucket, "gone", 1000)


@cache
def sound_files() -> dict[str, list[bytes]]:
    return {
        "image": [*(image_bytes(kind) for kind in ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "TIFF")),
                  image_bytes("WEBP", exif=turned(6))],
        "video": [video_bytes("mp4"), video_bytes("matroska"), video_bytes("webm", "libvpx")],
        "audio": [sound_bytes("WAV"), sound_bytes("FLAC"), sound_bytes("MP3")],
        "dicom_series": [ct_slice()],
    }  # fmt: skip


@pytest.mark.parametrize("type_", ["image", "video", "audio", "dicom_series"])
def test_whatever_the_damage_is_it_is_a_problem_of_the_file(bucket: CountingBucket, type_: str) -> None:
    random = Random(type_)
    readable = 0
    for number in range(60):
        data = bytearray(random.choice(sound_files()[type_]))
        for _ in range(random.choice((1, 5, 50))):
            data[min(len(data) - 1, int(random.expovariate(1 / 300)))] = random.randrange(256)
        cut = random.randrange(len(data)) if number % 4 == 0 else len(data)
        with suppress(UnreadableError):
            media_of(bucket, type_, "a.x", bytes(data[:cut]))
            readable += 1
    assert 0 < readable < 60
