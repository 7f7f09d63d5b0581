"""Rules that look into objects: real DICOM headers decide about series, real pictures about sequences."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from tests.unit.manifest.manifest_support import MemoryBucket, make

UID = b"1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322\0"


def scan(uid: str) -> bytes:
    content = Path(get_testdata_file("CT_small.dcm")).read_bytes()
    assert UID in content
    return content.replace(UID, uid.ljust(len(UID), "\0").encode())


def picture(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_series_are_put_together_by_their_headers_wherever_the_files_lie():
    places = {"production/b/IM10": "1.2.3", "production/a/IM9": "1.2.3", "production/a/IM1": "1.2.4"}
    broken = {"production/a/note": b"no scan", "production/a/nothing": b""}
    bucket = MemoryBucket({key: scan(uid) for key, uid in places.items()} | broken)
    rule = {"match": "**", "type": "dicom_series", "group_by": "series", "title": "Series {key}"}
    made = make(bucket.listing, rules=[rule], reader=bucket)
    assert {unit.title: unit.source_keys for unit in made.units} == {
        "Series 1.2.3": ("production/a/IM9", "production/b/IM10"),
        "Series 1.2.4": ("production/a/IM1",),
    }
    assert made.quarantine.keys() == broken.keys()
    assert "is no DICOM file" in made.quarantine["production/a/note"]
    assert "is empty" in made.quarantine["production/a/nothing"]


@pytest.mark.parametrize(("unit_type", "is_refused"), [("image_sequence", True), ("image_group", False)])
def test_a_sequence_of_mixed_sizes_is_refused_and_a_group_is_not(unit_type, is_refused):
    bucket = MemoryBucket({"production/s/1.png": picture(4, 3), "production/s/2.png": picture(8, 3)})
    rule: dict[str, Any] = {"match": "**", "type": unit_type, "metadata": {"media": True}}
    made = make(bucket.listing, rules=[rule], reader=bucket)
    if is_refused:
        assert "sequence 'production/s' mixes the sizes 4x3, 8x3" in made.quarantine["production/s/2.png"]
    else:
        [unit] = made.units
        assert [media["width"] for media in unit.media] == [4, 8]
