"""Among 12,000 entries that somebody wrote, 40 with faults: all are told in one go, by name, and no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from include.benchmark_qa.manifest.validate import read_json_manifest

SINGLES = {"videos": "mp4", "images": "jpg", "audio": "wav", "nifti": "nii.gz", "text": "txt", "pdf": "pdf"}
HOST = "https://bucket.s3.eu-west-2.amazonaws.com"
MEDIA = {"fps": 30, "duration": 2, "width": 4, "height": 3, "file_size": 9, "mime_type": "video/mp4"}
Fault = tuple[str, dict[str, Any], str]

# Of each: the section, what is changed in one of its entries (None: the key goes), and the field that is to be told.
FAULTS: tuple[Fault, ...] = (
    ("videos", {"objectUrl": f"{HOST}/a b.mp4"}, "objectUrl"),
    ("videos", {"objectUrl": f"{HOST}/a\tb.mp4"}, "objectUrl"),
    ("videos", {"objectUrl": f"{HOST}/{'x' * 16_384}.mp4"}, "objectUrl"),
    ("videos", {"objectUrl": f"{HOST}/a.avi"}, "objectUrl"),
    ("videos", {"objectUrl": "videos/a.mp4"}, "objectUrl"),
    ("videos", {"objectUrl": None}, "objectUrl"),
    ("videos", {"objectUrl": 5}, "objectUrl"),
    ("videos", {"title": "x" * 301}, "title"),
    ("videos", {"title": " "}, "title"),
    ("videos", {"Title": "t"}, "Title"),
    ("videos", {"videoMetadata": {"fps": 30}}, "videoMetadata"),
    ("videos", {"videoMetadata": MEDIA | {"fps": "30"}}, "videoMetadata.fps"),
    ("videos", {"videoMetadata": []}, "videoMetadata"),
    ("images", {"objectUrl": f"{HOST}/a.mp4"}, "objectUrl"),
    ("images", {"clientMetadata": "site"}, "clientMetadata"),
    ("images", {"clientMetadata": {"keyframes": [1]}}, "clientMetadata.keyframes"),
    ("images", {"clientMetadata": {"$own": 1}}, "clientMetadata.$own"),
    ("images", {"clientMetadata": {"$encord": []}}, "clientMetadata.$encord"),
    ("images", {"title": ["t"]}, "title"),
    ("images", {"imageMetadata": {"width": 1}}, "imageMetadata"),
    ("audio", {"objectUrl": f"{HOST}/a.ogg"}, "objectUrl"),
    ("audio", {"audiometadata": {"duration": 1}}, "audiometadata"),
    ("nifti", {"objectUrl": f"{HOST}/a.gz"}, "objectUrl"),
    ("nifti", {"niftiMetadata": {}}, "niftiMetadata"),
    ("text", {"objectUrl": f"{HOST}/a.pdf"}, "objectUrl"),
    ("pdf", {"objectUrl": f"{HOST}/a.txt"}, "objectUrl"),
    ("pdf", {"pdfMetadata": {"file_size": 1, "num_pages": 0}}, "pdfMetadata.num_pages"),
    ("image_groups", {"title": None}, "title"),
    ("image_groups", {"title": ""}, "title"),
    ("image_groups", {"createVideo": None}, "createVideo"),
    ("image_groups", {"createVideo": 1}, "createVideo"),
    ("image_groups", {"objectUrl_1": None}, "objectUrl_1"),
    ("image_groups", {"objectUrl_1": None, "objectUrl_2": None}, "objectUrl_0"),
    ("image_groups", {"objectUrl_2": f"{HOST}/a.gif"}, "objectUrl_2"),
    ("image_groups", {"objectUrl_02": f"{HOST}/a.jpg"}, "objectUrl_02"),
    ("image_groups", {"images": []}, "images"),
    ("dicom_series", {"title": None}, "title"),
    ("dicom_series", {"createVideo": False}, "createVideo"),
    ("dicom_series", {"objectUrl_0": None}, "objectUrl_0"),
    ("dicom_series", {"objectUrl_1": f"{HOST}/a.jpg"}, "objectUrl_1"),
)


def sound_manifest(count: int) -> dict[str, list[dict[str, Any]]]:
    manifest: dict[str, list[dict[str, Any]]] = {}
    for section, extension in SINGLES.items():
        manifest[section] = [{"objectUrl": f"{HOST}/{section}/{number}.{extension}"} for number in range(count)]
    for section, extension in (("image_groups", "jpg"), ("dicom_series", "dcm")):
        manifest[section] = [
            {"title": f"{number}"} | {f"objectUrl_{i}": f"{HOST}/{section}/{number}/{i}.{extension}" for i in range(3)}
            for number in range(count)
        ]
    for number, group in enumerate(manifest["image_groups"]):
        group["createVideo"] = number % 2 == 0
    return manifest


def plant(manifest: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    for number, (section, change, field) in enumerate(FAULTS):
        position = number * 37 + 11
        changed = manifest[section][position] | change
        manifest[section][position] = {name: value for name, value in changed.items() if value is not None}
        yield f"{section}[{position}]", field


def test_all_faults_are_told_by_name_and_the_rest_is_read():
    manifest = sound_manifest(1_500)
    planted = sorted(plant(manifest))
    read = read_json_manifest(json.dumps(manifest).encode(), "theirs.json")
    assert len(planted) == 40
    assert sorted((problem.key, problem.field) for problem in read.problems) == planted
    assert len(read.units) == 12_000 - 40
    assert {problem.file for problem in read.problems} == {"theirs.json"}
