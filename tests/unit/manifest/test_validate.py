from __future__ import annotations

import json

import pytest

from include.benchmark_qa.manifest.model import ManifestError, Unit, UnitType
from include.benchmark_qa.manifest.validate import read_json_manifest, read_manifest, validate_files

VIDEO_METADATA = {"fps": 25, "duration": 1.5, "width": 4, "height": 3, "file_size": 9, "mime_type": "video/mp4"}
GOOD = {
    "videos": [{"objectUrl": "https://h/d/v%201.mp4", "videoMetadata": VIDEO_METADATA}],
    "images": [{"objectUrl": "https://h/i.jpg", "title": "i", "clientMetadata": {"site": "x"}}],
    "image_groups": [
        {"title": "g", "createVideo": False, "objectUrl_0": "https://h/0.jpg", "objectUrl_1": "https://h/1.jpg"},
        {"title": "q", "createVideo": True, "objectUrl_0": "https://h/0.jpg", "objectUrl_1": "https://h/1.jpg"},
    ],
    "dicom_series": [{"title": "s", "objectUrl_0": "https://h/1"}],
    "audio": [{"objectUrl": "https://h/a.wav"}],
    "nifti": [{"objectUrl": "https://h/n.nii.gz"}],
    "text": [{"objectUrl": "https://h/t.md"}],
    "pdf": [{"objectUrl": "arn:aws:s3::1:accesspoint/a.mrap/p.pdf"}],
    "skip_duplicate_urls": True,
}


def problems(manifest: object) -> list[tuple[str, str]]:
    data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    return [(problem.key, problem.field) for problem in read_json_manifest(data, "m.json").problems]


def image_problems(**entry: object) -> list[str]:
    found = problems({"images": [{"objectUrl": "https://h/1.jpg"} | entry]})
    assert {key for key, _ in found} <= {"images[0]"}
    return [field for _, field in found]


def test_every_section_of_the_documentation_is_read():
    manifest = read_json_manifest(json.dumps(GOOD).encode(), "m.json")
    assert manifest.problems == []
    assert [unit.type for unit in manifest.units.values()] == [
        UnitType.VIDEO,
        UnitType.IMAGE,
        UnitType.IMAGE_GROUP,
        UnitType.IMAGE_SEQUENCE,
        UnitType.DICOM_SERIES,
        UnitType.AUDIO,
        UnitType.NIFTI,
        UnitType.TEXT,
        UnitType.PDF,
    ]
    url = "https://h/d/v%201.mp4"
    assert manifest.units["videos[0]"] == Unit(UnitType.VIDEO, "/d/v 1.mp4", (url,), (url,), {}, (VIDEO_METADATA,))
    assert manifest.units["images[0]"].client_metadata == {"site": "x"}
    assert manifest.units["image_groups[1]"].object_urls == ("https://h/0.jpg", "https://h/1.jpg")


def test_numbers_of_files_count_as_numbers():
    entry = {"title": "s"} | {f"objectUrl_{number}": f"https://h/{number}.dcm" for number in reversed(range(12))}
    manifest = read_json_manifest(json.dumps({"dicom_series": [entry]}).encode(), "m.json")
    assert manifest.units["dicom_series[0]"].object_urls == tuple(f"https://h/{number}.dcm" for number in range(12))


def test_trailing_commas_are_all_told_with_their_places_and_the_rest_is_read():
    data = b'{"images": [\n  {"objectUrl": "https://h/,].jpg", },\n  {"title": "no url"},\n]}'
    manifest = read_json_manifest(data, "m.json")
    assert [(problem.key, problem.field) for problem in manifest.problems] == [
        ("", ""),
        ("", ""),
        ("images[1]", "objectUrl"),
    ]
    assert "line 2, column 35" in manifest.problems[0].reason
    assert "line 3, column 22" in manifest.problems[1].reason
    assert manifest.units["images[0]"].object_urls == ("https://h/,].jpg",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"images": [}', "line 1, column 13"),
        (b"", "line 1, column 1"),
        (b'{"images": [NaN]}', "NaN"),
        (b'{"images": \xff}', "not UTF-8"),
        (rb'{"images": [{"title": "\ud83d"}]}', r"\ud83d"),
        (b"[]", "an array"),
        (b"{}", "no section"),
        (b'{"videos": []}' + b" " * 100_000_000, "100,000,014 bytes"),
        (b"[" * 200_000, "no JSON"),
    ],
)
def test_what_is_wrong_with_the_file_as_a_whole_is_told(data, reason):
    (problem,) = read_json_manifest(data, "m.json").problems
    assert reason in problem.reason
    assert (problem.file, problem.key) == ("m.json", "")


def test_characters_written_as_pairs_are_read():
    data = rb'{"images": [{"objectUrl": "https://h/1.jpg", "title": "\ud83d\ude00"}]}'
    assert read_json_manifest(data, "m.json").units["images[0]"].title == "\N{GRINNING FACE}"


def test_a_section_that_is_there_twice_is_told_and_both_halves_are_read():
    data = b'{"images": [{"objectUrl": "https://h/1.jpg"}], "images": [{"objectUrl": "https://h/2.jpg"}]}'
    manifest = read_json_manifest(data, "m.json")
    assert [(problem.key, problem.field) for problem in manifest.problems] == [("", "images")]
    assert list(manifest.units) == ["images[0]", "images[1]"]


def test_keys_that_are_there_twice_are_told_at_any_depth():
    data = b'{"images": [{"objectUrl": "https://h/1.jpg", "clientMetadata": {"a": [{"b": 1, "b": 2}]}}]}'
    assert problems(data) == [("images[0]", "clientMetadata.a[0].b")]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("imageGroups", "image_groups"), ("image", "images"), ("skipDuplicateUrls", "skip_duplicate_urls")],
)
def test_an_unknown_section_is_told_with_what_was_meant(name, meant):
    found = read_json_manifest(json.dumps({"pdf": [], name: []}).encode(), "m.json").problems
    assert [problem.field for problem in found] == [name]
    assert f"did you mean {meant}?" in found[0].reason


def test_wrong_types_at_the_top_are_told():
    assert problems({"images": {}, "videos": [3], "skip_duplicate_urls": "true"}) == [
        ("", "images"),
        ("", "skip_duplicate_urls"),
        ("videos[0]", ""),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://h/a b.jpg",
        "https://h/a\u00a0b.jpg",
        "",
        None,
        7,
        "a.jpg",
        "https://h/" + "x" * 16_384,
        "https://h/1.mp4",
        "https://h/1.mp4?X-Amz-Signature=1.jpg",
    ],
)
def test_urls_that_encord_refuses_are_told(url):
    assert image_problems(objectUrl=url) == ["objectUrl"]


@pytest.mark.parametrize("url", ["https://h/a+(1).JPG", "https://h/noending", "https://h/1.jpg?a=b.c", "gs://b/1.avif"])
def test_urls_that_encord_takes_are_taken(url):
    assert image_problems(objectUrl=url) == []


@pytest.mark.parametrize("title", ["", "  ", "x" * 301, 3])
def test_bad_titles_are_told(title):
    assert image_problems(title=title) == ["title"]


@pytest.mark.parametrize(
    ("metadata", "fields"),
    [
        ([], ["clientMetadata"]),
        ({"keyframes": [1]}, ["clientMetadata.keyframes"]),
        ({"$x": 1, "": 2}, ["clientMetadata.$x", "clientMetadata."]),
        ({"$encord": 1}, ["clientMetadata.$encord"]),
        (
            {"$encord": {"config": 1, "frames": {"a": {}}}},
            ["clientMetadata.$encord.config", "clientMetadata.$encord.frames.a"],
        ),
        ({"$encord": {"config": {"sampling_rate": 0}, "frames": {"13": {}}}, "a b.c-d": None}, []),
        (None, []),
    ],
)
def test_client_metadata_is_looked_at(metadata, fields):
    assert image_problems(clientMetadata=metadata) == fields


def test_an_unknown_key_is_told_with_what_was_meant():
    entry = {"object_url": "https://h/1.jpg"}
    found = read_json_manifest(json.dumps({"images": [entry]}).encode(), "m.json").problems
    assert [problem.field for problem in found] == ["object_url", "objectUrl"]
    assert "did you mean objectUrl?" in found[0].reason


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"title": None}, ["title"]),
        ({"createVideo": None}, ["createVideo"]),
        ({"createVideo": "false"}, ["createVideo"]),
        ({"objectUrl_3": "https://h/3.jpg"}, ["objectUrl_2"]),
        ({"objectUrl_02": "https://h/2.jpg"}, ["objectUrl_02"]),
        ({"objectUrl_1": "https://h/0.jpg"}, ["objectUrl_0"]),
        ({"objectUrl_1": "https://h/1 .jpg"}, ["objectUrl_1"]),
        ({"createVideo": True, "objectUrl_1": "https://h/1.tif"}, ["objectUrl_1"]),
        ({"objectUrl": "https://h/2.jpg"}, ["objectUrl"]),
    ],
)
def test_groups_are_looked_at(change, fields):
    entry = GOOD["image_groups"][0] | change
    assert problems({"image_groups": [entry]}) == [("image_groups[0]", field) for field in fields]


def test_groups_of_no_image_and_of_one_image_are_told_but_a_series_may_have_one_file():
    one = {"title": "g", "createVideo": False, "objectUrl_0": "https://h/0.jpg"}
    none = {"title": "g", "createVideo": False}
    assert problems({"image_groups": [one, none], "dicom_series": [{"title": "s", "objectUrl_0": "https://h/0"}]}) == [
        ("image_groups[0]", "objectUrl_0"),
        ("image_groups[1]", "objectUrl_0"),
    ]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"fps": None}, ["videoMetadata"]),
        ({"fps": 0}, ["videoMetadata.fps"]),
        ({"width": 1.5, "height": "3"}, ["videoMetadata.width", "videoMetadata.height"]),
        ({"mime_type": 4}, ["videoMetadata.mime_type"]),
        ({"duration": 10**400}, ["videoMetadata.duration"]),
        ({"frames": 4}, ["videoMetadata.frames"]),
    ],
)
def test_media_metadata_is_whole_and_of_the_right_types(change, fields):
    entry = GOOD["videos"][0] | {"videoMetadata": VIDEO_METADATA | change}
    assert problems({"videos": [entry]}) == [("videos[0]", field) for field in fields]


def test_media_metadata_in_the_spelling_of_the_sdk_is_the_same():
    given = {"fileSize": 9, "mimeType": "image/png", "width": 4, "height": 3}
    data = json.dumps({"images": [{"objectUrl": "https://h/1.png", "imageMetadata": given}]}).encode()
    expected = {"file_size": 9, "mime_type": "image/png", "width": 4, "height": 3}
    assert read_json_manifest(data, "m.json").units["images[0]"].media == (expected,)


def test_duplicates_are_found_within_and_across_files_of_both_forms(tmp_path):
    image = {"objectUrl": "https://h/1.jpg"}
    (tmp_path / "a.json").write_text(json.dumps({"images": [image, image | {"title": "other"}]}))
    (tmp_path / "b.csv").write_text("ObjectURL,Image title\nhttps://h/1.jpg,\nhttps://h/2.jpg,\n")
    validation = validate_files([tmp_path / "a.json", tmp_path / "b.csv"])
    assert [(problem.file, problem.key) for problem in validation.problems] == [
        (str(tmp_path / "a.json"), "images[1]"),
        (str(tmp_path / "b.csv"), "line 2"),
    ]
    assert all("a.json: images[0]" in problem.reason for problem in validation.problems)
    assert (validation.files, validation.units) == (2, {UnitType.IMAGE: 4})


def test_other_endings_are_refused():
    with pytest.raises(ManifestError, match=r"m\.yaml.*\.json or \.csv"):
        read_manifest(b"", "m.yaml")


IMAGE_METADATA = {"width": 4, "height": 3, "file_size": 9, "mime_type": "image/png"}


def listed(*files: object) -> dict:
    return {"image_groups": [{"title": "g", "createVideo": False, "images": list(files)}]}


def test_groups_with_media_metadata_list_their_files_as_the_sdk_does():
    files = [{"url": f"https://h/{number}.png", "imageMetadata": IMAGE_METADATA} for number in range(2)]
    manifest = read_json_manifest(json.dumps(listed(*files)).encode(), "m.json")
    assert manifest.problems == []
    unit = manifest.units["image_groups[0]"]
    assert unit.object_urls == ("https://h/0.png", "https://h/1.png")
    assert unit.media == (IMAGE_METADATA, IMAGE_METADATA)


@pytest.mark.parametrize(
    ("manifest", "fields"),
    [
        (listed(), ["images"]),
        (listed(3), ["images"]),
        (listed({"url": "https://h/0.png"}), ["images[0].url"]),
        (listed({"url": "https://h/0.png", "imageMetadata": {}}, {}), ["images[0].imageMetadata", "images[1].url"]),
        (
            {"dicom_series": [{"title": "s", "dicomFiles": [{"url": "https://h/0", "dicomMetadata": {"tags": {}}}]}]},
            ["dicomFiles[0].dicomMetadata.tags"],
        ),
        (
            {"dicom_series": [{"title": "s", "dicomFiles": [{"url": "https://h/0"}], "objectUrl_0": "x"}]},
            ["dicomFiles"],
        ),
    ],
)
def test_listed_files_are_looked_at(manifest, fields):
    assert [field for _, field in problems(manifest)] == fields
