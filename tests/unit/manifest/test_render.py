from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.manifest.model import ManifestError, Unit, UnitType
from include.benchmark_qa.manifest.render import read_shard, render_shard
from include.object_storage.keys import url_path
from tests.unit.manifest.manifest_support import make, place


def unit(unit_type: UnitType, *keys: str, title: str = "t") -> Unit:
    source_key = keys[0].rpartition("/")[0] if unit_type.is_group else keys[0]
    return Unit(
        type=unit_type,
        title=title,
        object_urls=tuple(f"https://h/{url_path(key)}" for key in keys),
        source_keys=keys,
        client_metadata={"source_key": source_key, "kind": "production"},
    )


GROUP = unit(UnitType.IMAGE_GROUP, "g/1.jpg", "g/2.jpg", title="group")
SEQUENCE = unit(UnitType.IMAGE_SEQUENCE, "s/1.jpg", "s/2.jpg", title="sequence")
SERIES = unit(UnitType.DICOM_SERIES, "d/1.dcm", title="series")


def test_single_files_are_written_as_encord_documents_them():
    manifest = json.loads(render_shard([unit(UnitType.VIDEO, "v/a b.mp4", title="clip")]))
    assert manifest == {
        "videos": [
            {
                "objectUrl": "https://h/v/a%20b.mp4",
                "title": "clip",
                "clientMetadata": {"source_key": "v/a b.mp4", "kind": "production"},
            }
        ],
        "skip_duplicate_urls": True,
        "upsert_metadata": True,
    }


def test_groups_sequences_and_series_are_written_as_encord_documents_them():
    manifest = json.loads(render_shard([GROUP, SERIES, SEQUENCE]))
    assert manifest["image_groups"] == [
        {
            "title": "group",
            "createVideo": False,
            "objectUrl_0": "https://h/g/1.jpg",
            "objectUrl_1": "https://h/g/2.jpg",
            "clientMetadata": {"source_key": "g", "kind": "production"},
        },
        {
            "title": "sequence",
            "createVideo": True,
            "objectUrl_0": "https://h/s/1.jpg",
            "objectUrl_1": "https://h/s/2.jpg",
            "clientMetadata": {"source_key": "s", "kind": "production"},
        },
    ]
    assert manifest["dicom_series"] == [
        {
            "title": "series",
            "objectUrl_0": "https://h/d/1.dcm",
            "clientMetadata": {"source_key": "d", "kind": "production"},
        }
    ]


def test_no_key_appears_twice():
    pairs_seen = []

    def refuse_doubles(pairs: list) -> dict:
        names = [name for name, _ in pairs]
        pairs_seen.append(names)
        assert len(names) == len(set(names))
        return dict(pairs)

    json.loads(render_shard([GROUP, unit(UnitType.IMAGE, "x.jpg"), SEQUENCE]), object_pairs_hook=refuse_doubles)
    assert pairs_seen[-1] == ["images", "image_groups", "skip_duplicate_urls", "upsert_metadata"]


@pytest.mark.parametrize(
    ("unit_type", "section"),
    [("image", "images"), ("audio", "audio"), ("nifti", "nifti"), ("text", "text"), ("pdf", "pdf")],
)
def test_each_type_has_its_section(unit_type, section):
    assert len(json.loads(render_shard([unit(UnitType(unit_type), "x")]))[section]) == 1


def test_same_units_give_same_bytes_with_a_line_per_unit():
    data = render_shard([GROUP, SERIES])
    assert data == render_shard([GROUP, SERIES])
    assert sum(b'"title"' in line for line in data.splitlines()) == 2


def test_an_empty_manifest_is_valid():
    assert read_shard(render_shard([]), "https://h/") == []


def test_reading_gives_the_units_back():
    units = [unit(unit_type, f"dir {unit_type}/1 +%.x", title=unit_type.value) for unit_type in UnitType]
    assert sorted(read_shard(render_shard(units), "https://h/"), key=_by_title) == sorted(units, key=_by_title)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=10).filter(
    lambda name: name.strip() and not name.startswith(".")
)


@given(st.lists(st.tuples(NAMES, NAMES), unique=True, min_size=1, max_size=10))
def test_generated_units_survive_the_journey_whatever_their_keys(parts):
    keys = [f"{directory}/{name}" for directory, name in parts]
    made = make(keys, rules=[{"match": "**", "type": "text", "title": "x"}], where=place(""))
    assert {unit.source_keys for unit in made.units} | {(key,) for key in made.quarantine} == {(key,) for key in keys}
    for unit in made.units:
        assert unit.object_urls == (place().url(unit.source_keys[0]),)


IMAGE_SIZE = {"mime_type": "image/png", "file_size": 1, "width": 2, "height": 3}


@pytest.mark.parametrize(
    ("unit_type", "field"),
    [("video", "videoMetadata"), ("image", "imageMetadata"), ("audio", "audioMetadata"), ("text", "textMetadata"),
     ("pdf", "pdfMetadata")],
)  # fmt: skip
def test_media_metadata_is_written_beside_the_file_and_read_back(unit_type, field):
    known = replace(unit(UnitType(unit_type), "x"), media=(IMAGE_SIZE,))
    data = render_shard([known])
    [[item]] = [entries for entries in json.loads(data).values() if isinstance(entries, list)]
    assert item[field] == IMAGE_SIZE
    assert read_shard(data, "https://h/") == [known]


def test_files_of_a_group_carry_their_media_metadata_as_the_sdk_sends_it():
    sequence = replace(SEQUENCE, media=(IMAGE_SIZE, IMAGE_SIZE | {"file_size": 2}))
    series = replace(SERIES, media=({"tags": {"0020000E": {"vr": "UI", "Value": ["1.2"]}}},))
    manifest = json.loads(data := render_shard([sequence, series]))
    assert manifest["image_groups"][0]["images"][1]["imageMetadata"]["file_size"] == 2
    assert manifest["dicom_series"][0]["dicomFiles"][0]["url"] == "https://h/d/1.dcm"
    assert read_shard(data, "https://h/") == [sequence, series]


def test_a_group_of_another_bucket_is_refused():
    with pytest.raises(ManifestError, match="does not begin with 'https://other/'"):
        read_shard(render_shard([GROUP]), "https://other/")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "is no JSON"),
        (b"[]", "is a JSON list, not an object"),
        (b'{"image": []}', r"unknown section\(s\) \['image'\]"),
        (b'{"images": [{"title": "x"}]}', "entry 0 of section 'images' .* 'objectUrl'"),
        (b'{"image_groups": [{"title": "x"}]}', "entry 0 of section 'image_groups' .* 'createVideo'"),
        (b'{"images": ["https://h/x"]}', "entry 0 of section 'images'"),
    ],
)
def test_bytes_that_are_no_manifest_are_refused(data, message):
    with pytest.raises(ManifestError, match=message):
        read_shard(data, "https://h/")


def _by_title(unit: Unit) -> str:
    return unit.title
