"""What the metadata tests share: a folder as a bucket that counts what is fetched, and real media files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from PIL import Image

from include.benchmark_qa.manifest.metadata.enrich import Draft
from include.benchmark_qa.manifest.metadata.settings import MetadataSettings
from include.benchmark_qa.manifest.model import Unit, UnitType
from include.object_storage.local import LocalBucket


class CountingBucket:
    """A bucket that knows how many bytes were read, and by how many requests."""

    def __init__(self, folder: Path) -> None:
        self.bucket = LocalBucket(folder)
        self.fetched = 0
        self.requests = 0

    def write(self, key: str, data: bytes) -> None:
        self.bucket.write(key, data)

    def size(self, key: str) -> int:
        return (self.bucket.root / key).stat().st_size

    def exists(self, key: str) -> bool:
        return self.bucket.exists(key)

    def read(self, key: str) -> bytes:
        return self._counted(self.bucket.read(key))

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self._counted(self.bucket.read_range(key, start, length))

    def _counted(self, data: bytes) -> bytes:
        self.fetched += len(data)
        self.requests += 1
        return data


def unit_of(*keys: str, type_: str = "image", source_key: str | None = None, **metadata: Any) -> Unit:
    """Return a unit as a rule's templates make it."""
    own = {"source_key": source_key or keys[0], "kind": "production"}
    urls = tuple(f"https://bucket/{key}" for key in keys)
    return Unit(UnitType(type_), keys[0], urls, keys, metadata | own)


def draft_of(bucket: CountingBucket, unit: Unit, **settings: Any) -> Draft:
    sizes = tuple(bucket.size(key) if bucket.exists(key) else 1 for key in unit.source_keys)
    return Draft(unit, sizes, MetadataSettings.model_validate(settings))


def noise(width: int, height: int) -> Image.Image:
    """Return a picture that compresses badly."""
    random = np.random.default_rng(width * height)
    return Image.fromarray(random.integers(0, 255, (height, width, 3), dtype=np.uint8))


def image_bytes(kind: str, width: int = 160, height: int = 120, **options: Any) -> bytes:
    buffer = io.BytesIO()
    noise(width, height).save(buffer, kind, **options)
    return buffer.getvalue()


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def video_bytes(
    container: str, codec: str = "libx264", *, frames: int = 48, rate: int = 24, size: int = 64, turn: int = 0
) -> bytes:
    """Return a video of noise, twice as wide as high; x264 makes about 3 bits a pixel of it."""
    random = np.random.default_rng(frames)
    picture = random.integers(0, 255, (size, 2 * size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 2 * size, size, "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "4", "threads": "1"}
        if turn:
            stream.set_display_rotation(turn)
        for number in range(frames):
            shifted = np.roll(picture, 5 * number, axis=1)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(shifted, format="rgb24")))
        output.mux(stream.encode())
    return buffer.getvalue()


def sound_bytes(kind: str, subtype: str | None = None, *, seconds: float = 2, rate: int = 16_000) -> bytes:
    random = np.random.default_rng(7)
    buffer = io.BytesIO()
    soundfile.write(buffer, random.uniform(-0.5, 0.5, (int(seconds * rate), 2)), rate, format=kind, subtype=subtype)
    return buffer.getvalue()
