"""
A bucket of 12,000 units of every type, as a listing, with 40 planted faults: each is to be found, and no other.

The listing is interleaved as byte order and several shards make it; nothing of it is stored anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.listings import SIZE

PREFIX = "production/"
UNITS = 12_000
FAULTS = 40

RULES: dict[str, Any] = {
    "rules": [
        {"match": "groups/**", "type": "image_group", "title": "{name}"},
        {
            "pattern": r"sequences/(?P<group>[^/]+)_(?P<position>[^_./]+)\.\w+",
            "type": "image_sequence",
            "client_metadata": {"run": "{group}"},
        },
        {"match": "dicom/**", "type": "dicom_series"},
        {"match": "titled/**", "type": "image", "title": "{stem}"},
        {
            "pattern": r"sites/(?:(?P<site>[a-z]+)/)?(?P<number>\d+)\.png",
            "type": "image",
            "client_metadata": {"site": "{site}", "checked": False},
        },
        {"match": "plain/**", "type": "image", "client_metadata": {"level": 3}},
        {"match": [".mp4"], "type": "video"},
        {"match": [".nii.gz"], "type": "nifti"},
        {"match": [".wav"], "type": "audio", "title": "{name}"},
        {"match": [".txt"], "type": "text"},
        {"match": [".pdf"], "type": "pdf"},
    ],
    "shard_items": 1_000,
}


@dataclass(frozen=True)
class MixedBucket:
    """
    The listing and what is to become of it.

    :param objects: key and size in bytes, in the order of the listing
    :param units: how many sound units there are of each type
    :param faults: by the first key of each planted fault, a word of its reason
    :param left_out: all keys that belong to a planted fault
    """

    objects: tuple[tuple[str, int], ...]
    units: dict[str, int]
    faults: dict[str, str]
    left_out: frozenset[str]


def mixed_bucket() -> MixedBucket:
    """Return the bucket; it is the same every time."""
    objects: list[tuple[str, int]] = []
    units: dict[str, int] = {}
    for unit_type, keys in _sound():
        objects += [(key, SIZE) for key in keys]
        units[unit_type] = units.get(unit_type, 0) + 1
    faults: dict[str, str] = {}
    left_out: set[str] = set()
    for reason, planted in _planted():
        faults[f"{PREFIX}{planted[0][0]}"] = reason
        objects += [(f"{PREFIX}{key}", size) for key, size in planted]
        left_out |= {f"{PREFIX}{key}" for key, _ in planted}
    objects.sort()
    repeated = f"{PREFIX}videos/0.mp4"
    objects.append((repeated, SIZE))
    faults[repeated] = "names this object twice"
    # Two halves as two shards of a bucket would list them: not in order as a whole.
    return MixedBucket((*objects[::2], *objects[1::2]), units, faults, frozenset(left_out | {repeated}))


def _sound() -> Iterator[tuple[str, list[str]]]:
    for number in range(4_000):
        yield "image", [f"{PREFIX}plain/{number % 40}/{number} é+%.jpg" if number % 9 == 0 else _plain(number)]
    for number in range(2_000):
        yield "image", [f"{PREFIX}sites/north/{number}.png"]
    for number in range(1_000):
        yield "image_group", [f"{PREFIX}groups/{number}/{frame}.jpg" for frame in (9, 10, 11)]
        yield "image_sequence", [f"{PREFIX}sequences/run{number}_{frame}.png" for frame in (1, 2, 10)]
        yield "dicom_series", [f"{PREFIX}dicom/{number}/{part}" for part in ("IM1", "IM2", "sub.dcm")]
        yield "video", [f"{PREFIX}videos/{number}.mp4"]
    for number in range(500):
        yield "nifti", [f"{PREFIX}volumes/{number}.nii.gz"]
        yield "audio", [f"{PREFIX}sounds/{number}.wav"]
        yield "text", [f"{PREFIX}notes/{number}.txt"]
        yield "pdf", [f"{PREFIX}papers/{number}.pdf"]


def _plain(number: int) -> str:
    return f"{PREFIX}plain/{number % 40}/{number}.jpg"


def _planted() -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Yield 39 faults, each with its objects; ``mixed_bucket`` adds the object that is listed twice."""
    for number in range(4):
        yield "is empty", [(f"plain/empty{number}.jpg", 0)]
        yield "has an extension that Encord does not support", [(f"odd/{number}.xyz", SIZE)]
        yield "matches no rule", [(f"odd/{number}.jpg", SIZE)]
        yield "has one image", [(f"groups/single{number}/1.jpg", SIZE)]
    for number in range(3):
        yield "segment '.' or '..'", [(f"plain/{number}/../up.jpg", SIZE)]
        yield "the title has 30", [(f"titled/{number}{'x' * 300}.jpg", SIZE)]
        yield "the title is empty", [(f"titled/{' ' * (number + 1)}.jpg", SIZE)]
        yield "the capture 'site'", [(f"sites/{number}.png", SIZE)]
        yield "which is no number", [(f"sequences/word{number}_{frame}.png", SIZE) for frame in ("a", "2")]
    yield "the same position 1", [(f"sequences/same_{frame}.png", SIZE) for frame in ("01", "1", "2")]
    yield "cannot have", [(f"sequences/tiff_{frame}.tif", SIZE) for frame in (1, 2)]
    yield "cannot have", [(f"groups/mixed/{name}", SIZE) for name in ("1.jpg", "2.mp4")]
    yield "cannot have", [(f"dicom/mixed/{name}", SIZE) for name in ("1.dcm", "2.jpg")]
    yield "is empty", [(f"groups/hole/{name}", size) for name, size in (("1.jpg", SIZE), ("2.jpg", 0))]
    yield "Encord takes 16384", [(f"plain/{'y' * 16_400}.jpg", SIZE)]
    yield "is hidden", [("plain/.DS_Store", SIZE)]
    yield "marks a directory", [("groups/empty/", 0)]
