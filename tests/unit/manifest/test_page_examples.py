"""
The examples of Encord's page, with their known mistakes mended, come out of listings of those objects.

``page_examples`` holds what is expected. The mistakes were: trailing commas, the section ``image_groups`` twice, AWS
addresses among GCP's, two headers for DICOM, a video under the header of images.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.listing.store import read_listing, write_listing
from include.benchmark_qa.manifest.csv_manifest import render_csv
from include.benchmark_qa.manifest.generate import generate_manifest
from include.benchmark_qa.manifest.model import Unit
from include.benchmark_qa.manifest.render import read_shard
from include.benchmark_qa.manifest.rules import ManifestRules
from include.benchmark_qa.manifest.units import Place
from include.benchmark_qa.manifest.validate import read_manifest
from include.object_storage import open_bucket

EXAMPLES = Path(__file__).parent / "page_examples"
OBJECTS = (
    "videos/front/drive-01.mp4",
    "videos/front/drive-02.mov",
    "images/apple.jpg",
    "images/pear.png",
    "image_groups/farm 1/1 (9).jpg",
    "image_groups/farm 1/1 (31).jpg",
    "image_groups/farm 1/1 (32).jpg",
    "image_groups/farm 2/1 (1).jpg",
    "image_groups/farm 2/1 (2).jpg",
    "image_sequences/street/frame_9.jpg",
    "image_sequences/street/frame_10.jpg",
    "image_sequences/street/frame_11.jpg",
    "image_sequences/yard/frame_0.jpg",
    "image_sequences/yard/frame_1.jpg",
    "dicom/series-1/0001.dcm",
    "dicom/series-1/0002.dcm",
    "dicom/series-1/0003.dcm",
    "dicom/series-2/0001.dcm",
    "audio/bird.mp3",
    "audio/call.wav",
    "nifti/brain.nii",
    "nifti/knee.nii.gz",
    "text/report.html",
    "text/transcript.txt",
    "pdf/invoice.pdf",
)
BUCKETS: dict[str, tuple[str, dict[str, str]]] = {
    "aws": ("s3://encord-solutions-bucket", {"region": "eu-west-2"}),
    "aws_multi_region": ("arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap", {}),
    "gcp": ("gs://encord-solutions-bucket", {}),
    "azure": ("az://encordsolutions/encord-solutions-bucket", {}),
    "otc": ("s3+https://obs.eu-de.otc.t-systems.com/encord-solutions-bucket", {}),
}
VIDEO = {"match": [".mp4", ".mov"], "type": "video", "title": "{stem}"}
OTHERS = [
    {"match": "image_groups/*/*.jpg", "type": "image_group", "title": "{name}"},
    {"match": "image_sequences/*/*.jpg", "type": "image_sequence", "title": "{name}"},
    {"match": [".jpg", ".png"], "type": "image", "title": "{stem}"},
    {"match": [".dcm"], "type": "dicom_series", "title": "{name}"},
    {"match": [".mp3", ".wav"], "type": "audio", "title": "{stem}"},
    {"match": [".nii", ".nii.gz"], "type": "nifti", "title": "{stem}"},
    {"match": [".html", ".txt"], "type": "text", "title": "{stem}"},
    {"match": [".pdf"], "type": "pdf", "title": "{stem}"},
]
KEY_FRAMES = {"client_metadata": {"camera": "front"}, "metadata": {"frames": {"sampling_rate": 0}}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bucket")
    for key in OBJECTS:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def generate(cloud: str, folder: Path, out: Path, rules: list[dict], prefix: str = "") -> bytes:
    uri, options = BUCKETS[cloud]
    bucket, source, workspace = open_bucket(uri, **options), open_bucket(str(folder)), open_bucket(str(out))
    write_listing(
        source, {DataKind.PRODUCTION: prefix}, workspace, "listing/", filters=ListingFilters(), window=None, workers=2
    )
    index = generate_manifest(
        read_listing(workspace, "listing/"),
        ManifestRules.model_validate({"rules": rules}),
        DataKind.PRODUCTION,
        place=Place(uri, "", bucket.url, bucket.url_prefix),
        workspace=workspace,
        folder="production/",
        reader=source,
    )
    assert (index.listed, index.used) == (sum(key.startswith(prefix) for key in OBJECTS),) * 2
    return workspace.read("production/shard-00001.json")


def without_ours(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest without what this project adds to every one: two keys of metadata, and upsert."""
    assert manifest.pop("upsert_metadata") is True
    for entries in manifest.values():
        for entry in entries if isinstance(entries, list) else ():
            assert entry["clientMetadata"].pop("kind") == "production"
            assert entry["clientMetadata"].pop("source_key")
            if not entry["clientMetadata"]:
                del entry["clientMetadata"]
    return manifest


def in_order(manifest: dict[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(value, key=lambda entry: entry["title"]) if isinstance(value, list) else value
        for name, value in manifest.items()
    }


@pytest.mark.parametrize("cloud", BUCKETS)
def test_the_example_of_many_types_comes_out_of_a_listing(cloud, folder, tmp_path):
    manifest = json.loads(generate(cloud, folder, tmp_path, [VIDEO | KEY_FRAMES, *OTHERS]))
    assert in_order(without_ours(manifest)) == json.loads((EXAMPLES / f"{cloud}.json").read_text())


@pytest.mark.parametrize(
    ("prefix", "section"),
    [
        ("videos/", "videos"),
        ("images/", "images"),
        ("dicom/", "dicom_series"),
        ("nifti/", "nifti"),
        ("audio/", "audio"),
        ("text/", "text"),
        ("pdf/", "pdf"),
    ],
)
def test_the_example_of_one_type_comes_out_of_a_listing(prefix, section, folder, tmp_path):
    manifest = json.loads(generate("aws", folder, tmp_path, [VIDEO | KEY_FRAMES, *OTHERS], prefix))
    expected = json.loads((EXAMPLES / "aws.json").read_text())
    assert in_order(without_ours(manifest)) == {section: expected[section], "skip_duplicate_urls": True}


@pytest.mark.parametrize("cloud", BUCKETS)
def test_the_examples_are_without_fault(cloud):
    file = EXAMPLES / f"{cloud}.json"
    manifest = read_manifest(file.read_bytes(), file.name)
    assert manifest.problems == []
    assert len(manifest.units) == 17


@pytest.mark.parametrize(
    ("name", "text", "key", "field"),
    [
        ("dicom.json", '{"dicom_series": [{"title": "s", "objectUrl_0": "https://h/1.dcm",}]}', "", ""),
        ("multiple.json", '{"image_groups": [], "videos": [], "image_groups": []}', "", "image_groups"),
        ("multiple.csv", "ObjectURL,Image title\nhttps://h/1.mp4,one\n", "line 2", "ObjectURL"),
    ],
)
def test_the_mistakes_of_the_page_are_told(name, text, key, field):
    (problem,) = read_manifest(text.encode(), name).problems
    assert (problem.file, problem.key, problem.field) == (name, key, field)


TABLES = {
    "videos": ("video",),
    "images": ("image",),
    "image_groups": ("image_group",),
    "image_sequences": ("image_sequence",),
    "dicom": ("dicom_series",),
    "multiple_types": ("video", "image", "image_group", "dicom_series"),
    "multiple_types_with_sequences": ("video", "image", "image_group", "image_sequence", "dicom_series"),
}


def facts(unit: Unit) -> tuple:
    return unit.type, unit.title, unit.object_urls


@pytest.mark.parametrize(("table", "types"), TABLES.items())
def test_the_tables_of_the_page_are_written_and_read(table, types, folder, tmp_path):
    file = EXAMPLES / f"{table}.csv"
    shard = generate("aws", folder, tmp_path, [VIDEO, *OTHERS])
    prefix = open_bucket(BUCKETS["aws"][0], **BUCKETS["aws"][1]).url_prefix
    units = [unit for unit in read_shard(shard, prefix) if unit.type in types]
    written = render_csv(units, file.name)
    assert written.data.decode() == file.read_text()
    read = read_manifest(file.read_bytes(), file.name)
    assert read.problems == []
    assert sorted(map(facts, read.units.values())) == sorted(map(facts, units))
