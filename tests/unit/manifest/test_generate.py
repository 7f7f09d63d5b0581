from __future__ import annotations

import hashlib
import json
from itertools import permutations
from typing import Any

import pytest

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.model import ManifestError, Problem, Unit, UnitType
from include.benchmark_qa.manifest.units import Place
from tests.unit.manifest.manifest_support import (
    FOLDER,
    URL_PREFIX,
    MemoryBucket,
    MemoryWorkspace,
    make,
    place,
    quarantine_lines,
)

GROUPS = {"match": "groups/**/*.jpg", "type": "image_group"}
IMAGES = {"match": [".jpg"], "type": "image"}
NUMBERED = {"pattern": r"(?P<group>.+)_(?P<position>[^_]*)\.png", "type": "image_sequence"}


def test_a_file_becomes_a_unit_that_knows_where_it_came_from():
    made = make(["benchmark/photos/a 1.jpg"], kind=DataKind.BENCHMARK, where=place("benchmark/"))
    assert made.units == [
        Unit(
            type=UnitType.IMAGE,
            title="benchmark/photos/a 1.jpg",
            object_urls=(f"{URL_PREFIX}benchmark/photos/a%201.jpg",),
            source_keys=("benchmark/photos/a 1.jpg",),
            client_metadata={"source_key": "benchmark/photos/a 1.jpg", "kind": "benchmark"},
        )
    ]
    assert made.index.units == {"image": 1}
    assert made.index.url_prefix == URL_PREFIX


@pytest.mark.parametrize("directory", ["ward", 'wärd "7"'])
def test_titles_and_metadata_follow_the_templates(directory):
    metadata = {"site": "north", "file": "{name}", "level": 3, "is checked": False, "share": 0.5}
    rule = IMAGES | {"title": "{stem} in {directory} {{}}", "client_metadata": metadata}
    [unit] = make([f"production/{directory}/7.a.jpg"], rules=[rule]).units
    assert unit.title == f"7 in production/{directory} {{}}"
    assert unit.client_metadata == metadata | {
        "file": "7.a.jpg",
        "source_key": f"production/{directory}/7.a.jpg",
        "kind": "production",
    }


@pytest.mark.parametrize("patient", ["jane", "zoë"])
def test_captures_are_fields_of_the_templates(patient):
    rule = {
        "pattern": r"(?P<patient>[^/]+)/(?:(?P<side>left|right)_)?(?P<scan>\d+)\.(jpg|png)",
        "type": "image",
        "title": "{patient} {scan}",
        "client_metadata": {"scan": "{scan}"},
    }
    made = make([f"production/{patient}/left_7.jpg", f"production/{patient}/8.png"], rules=[rule])
    assert [(unit.title, unit.client_metadata["scan"]) for unit in made.units] == [
        (f"{patient} 7", "7"),
        (f"{patient} 8", "8"),
    ]
    rule["client_metadata"] = {"side": "{side}"}
    made = make([f"production/{patient}/left_7.jpg", f"production/{patient}/8.png"], rules=[rule])
    assert [unit.client_metadata["side"] for unit in made.units] == ["left"]
    assert made.quarantine == {f"production/{patient}/8.png": "the capture 'side' took no part in the match, and a "
                               "template names it"}  # fmt: skip


def test_an_expression_that_only_python_reads_is_followed():
    rule = {"pattern": r"(?!draft)(?P<word>\w+)-(?P=word)\.jpg", "type": "image", "title": "{word}"}
    made = make(["production/aa-aa.jpg", "production/aa-bb.jpg", "production/draft-draft.jpg"], rules=[rule])
    assert [unit.title for unit in made.units] == ["aa"]


def test_a_directory_becomes_a_group_with_its_frames_in_numeric_order():
    keys = [f"production/groups/run 1/f{number}.jpg" for number in (1, 10, 11, 2, 9)]
    [unit] = make(keys, rules=[GROUPS]).units
    assert (unit.type, unit.title) == (UnitType.IMAGE_GROUP, "production/groups/run 1")
    assert [key.rpartition("/")[2] for key in unit.source_keys] == ["f1.jpg", "f2.jpg", "f9.jpg", "f10.jpg", "f11.jpg"]
    assert unit.object_urls == tuple(place().url(key) for key in unit.source_keys)
    assert unit.client_metadata["source_key"] == "production/groups/run 1"


def test_a_directory_is_one_group_though_a_folder_interleaves_with_its_files():
    keys = [f"production/groups/a/{name}.jpg" for name in ("1", "5/x", "5/y", "9")]
    units = make(keys, rules=[GROUPS]).units
    assert [unit.source_keys for unit in units] == [(keys[0], keys[3]), (keys[1], keys[2])]


def test_captures_make_groups_across_directories_in_the_order_of_their_positions():
    rule = NUMBERED | {"pattern": r"\w+/(?P<group>\w+?)_(?P<position>\d+)\.png", "title": "{group} of {name}"}
    keys = ["production/a/x_10.png", "production/b/x_9.png", "production/a/y_1.png", "production/c/y_02.png"]
    units = make(keys, rules=[rule]).units
    assert [unit.source_keys for unit in units] == [(keys[1], keys[0]), (keys[2], keys[3])]
    assert [unit.client_metadata["source_key"] for unit in units] == ["production/x", "production/y"]
    assert [unit.title for unit in units] == ["x of x", "y of y"]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("x_1", "x_b"), "object 'production/x_b.png' has the position 'b', which is no number"),
        (("x_1", "x_"), "object 'production/x_.png' has the position '', which is no number"),
        (("x_1", "x_01"), "objects 'production/x_01.png' and 'production/x_1.png' have the same position 1"),
        (("x_1",), "sequence 'production/x' has one image"),
    ],
)
def test_positions_that_order_nothing_are_named(names, reason):
    made = make([f"production/{name}.png" for name in names], rules=[NUMBERED])
    assert made.units == []
    assert len(made.quarantine) == len(names)
    assert all(reason in line for line in made.quarantine.values())


def test_a_capture_that_differs_within_a_group_cannot_be_its_title():
    rule = NUMBERED | {"pattern": r"(?P<site>\w+)/(?P<group>x)_(?P<position>\d)\.png", "title": "{site}"}
    made = make(["production/a/x_1.png", "production/b/x_2.png"], rules=[rule])
    assert "capture 'site' has several values in group 'production/x'" in made.quarantine["production/a/x_1.png"]


def test_two_grouping_rules_for_a_directory_are_refused_by_name():
    scans = {"match": [".dcm"], "type": "dicom_series"}
    keys = [f"production/groups/a/{name}" for name in ("1.dcm", "1.jpg", "2.jpg")]
    made = make(keys, rules=[GROUPS, scans])
    assert set(made.quarantine) == set(keys)
    assert all("'production/groups/a' holds files of two grouping rules" in one for one in made.quarantine.values())


def test_files_of_a_directory_that_another_rule_takes_stay_out_of_the_group():
    notes = {"match": [".txt"], "type": "text"}
    keys = ["production/groups/a/1.jpg", "production/groups/a/2.jpg", "production/groups/a/note.txt"]
    units = {unit.type: unit.source_keys for unit in make(keys, rules=[notes, GROUPS]).units}
    assert units == {UnitType.TEXT: (keys[2],), UnitType.IMAGE_GROUP: (keys[0], keys[1])}


@pytest.mark.parametrize(
    ("rule", "objects", "reason"),
    [
        (IMAGES, [("1.jpg", 0)], "object 'production/1.jpg' is empty"),
        (IMAGES, ["1.xyz"], "has an extension that Encord does not support"),
        (IMAGES, ["1.mp4"], "matches no rule"),
        (IMAGES, ["1"], "matches no rule"),
        (IMAGES, ["a/../1.jpg"], "has a segment '.' or '..'"),
        (IMAGES, ["a/.thumbs/1.jpg"], "is hidden"),
        (IMAGES, ["a/"], "marks a directory"),
        (IMAGES, ["a_$folder$"], "marks a directory"),
        (IMAGES, [""], "marks a directory"),
        (IMAGES, ["é" * 290 + ".jpg"], "the title has 305 characters"),
        (IMAGES, ["e" * 290 + ".jpg"], "the title has 305 characters"),
        (IMAGES | {"title": "{stem}"}, [" .jpg"], "the title is empty"),
        (IMAGES | {"title": "{stem}"}, [".jpg"], "is hidden"),
        ({"match": "**", "type": "image"}, ["1.wav"], "image cannot have; it takes .jpg, .jpeg"),
        ({"match": "**", "type": "text"}, ["1.wav"], "text cannot have; it takes any extension but"),
        ({"match": "**", "type": "image_sequence"}, ["a/1.jpg", "a/2.tif"], "image_sequence cannot have"),
        ({"match": "**", "type": "image_group"}, ["a/1.jpg", "a/2.mp4"], "image_group cannot have"),
        ({"match": "**", "type": "image_group"}, ["a/1.jpg", ("a/2.jpg", 0)], "'production/a/2.jpg' of image_group"),
        ({"match": "**", "type": "image_group"}, ["a/1.jpg"], "group 'production/a' has one image"),
        ({"match": "**", "type": "dicom_series"}, ["a/1", "a/2.pdf"], "dicom_series cannot have"),
    ],
)
def test_what_encord_would_refuse_is_left_out_with_its_reason(rule, objects, reason):
    objects = [(one, 1) if isinstance(one, str) else one for one in objects]
    objects = [(f"production/{key}", size) for key, size in objects]
    made = make([*objects, ("production/ok.jpg", 1)], rules=[{"match": "ok.jpg", "type": "image"}, rule])
    assert made.quarantine.keys() == {key for key, _ in objects}
    assert all(reason in line for line in made.quarantine.values())


def test_all_that_is_wrong_with_a_unit_is_said_at_once():
    rule = {"match": "**", "type": "image", "title": "{name}{name}"}
    key = f"production/{'x' * 160}.wav"
    made = make([(key, 0)], rules=[rule])
    [line] = quarantine_lines(made.files)
    assert line["file"] == "s3://bucket"
    assert line["field"] == "size, objectUrl, title"
    assert all(part in line["reason"] for part in ("is empty", "image cannot have", "the title has 328 characters"))


def test_a_group_needs_a_directory():
    made = make(["1.dcm"], where=place(""))
    assert made.quarantine == {"1.dcm": "is to be grouped by directory and is in none; move it into one"}


def test_titles_may_have_300_characters_and_no_more():
    for letter in "xé":
        fits = "production/" + letter * 285 + ".jpg"
        assert [unit.title for unit in make([fits]).units] == [fits]
        assert len(make([fits.replace("/", "/x")]).quarantine) == 1


def test_a_url_may_have_16_kilobytes_and_no_more():
    rule = IMAGES | {"title": "x"}
    for letter in ("x", " ", "é"):
        room = 16 * 1024 - len(f"{URL_PREFIX}production/.jpg")
        spelled = len(letter.encode()) * 3 if letter != "x" else 1
        fits = "production/" + letter * (room // spelled) + "x" * (room % spelled) + ".jpg"
        assert len(make([fits], rules=[rule]).units) == 1
        [reason] = make([fits.replace("/", "/x")], rules=[rule]).quarantine.values()
        assert "has 16385 bytes; Encord takes 16384" in reason


def test_a_url_with_whitespace_is_refused():
    careless = Place("s3://bucket", "", lambda key: f"https://host/{key}", "https://host/")
    made = make(["a b.jpg", "ab.jpg"], where=careless)
    assert made.index.used == 1
    assert "URL 'https://host/a b.jpg' holds whitespace" in made.quarantine["a b.jpg"]


def test_a_prefix_that_is_hidden_or_odd_itself_hides_nothing():
    for prefix in (".cache/data/", 'ä "b"/', "half-a-na"):
        assert make([f"{prefix}1.jpg"], where=place(prefix)).index.used == 1


@pytest.mark.parametrize("apart", [False, True])
def test_an_object_listed_twice_counts_once_and_is_named(apart):
    keys = ["production/2.jpg", "production/1.jpg", "production/3.jpg"]
    batches = [keys, ["production/1.jpg"]] if apart else [[*keys, "production/1.jpg"]]
    workspace = MemoryWorkspace()
    made = make(*batches, workspace=workspace)
    assert [unit.title for unit in made.units] == keys
    assert [line["key"] for line in quarantine_lines(workspace.files)] == ["production/1.jpg"]
    assert made.index.reasons == {"listed twice": 1}


def test_the_index_counts_by_type_and_by_reason():
    keys = ["production/1.jpg", "production/2.jpg", "production/a/1.dcm", "production/x", "production/y", "production/"]
    index = make(keys).index
    assert index.units == {"image": 2, "dicom_series": 1}
    assert (index.listed, index.used, index.quarantined) == (6, 3, 3)
    assert index.reasons == {"no rule": 2, "directory marker": 1}
    [shard] = index.shards
    assert (shard.units, shard.urls) == (3, 3)


def test_no_objects_make_no_shards():
    made = make([])
    assert made.index.shards == ()
    assert made.quarantine == {}


def test_strict_rules_make_every_problem_an_error_and_name_the_first():
    workspace = MemoryWorkspace()
    keys = [f"production/{number}.xyz" for number in range(50)]
    with pytest.raises(ManifestError) as raised:
        make(["production/1.jpg", *keys], workspace=workspace, strict=True)
    lines = str(raised.value).splitlines()
    assert lines[0] == "50 object(s) cannot be registered:"
    assert lines[1] == "'production/0.xyz': objectUrl: has an extension that Encord does not support"
    assert lines[-2:] == ["... and 10 more", f"All are in {FOLDER}quarantine.jsonl"]
    assert [line["key"] for line in quarantine_lines(workspace.files)] == keys
    assert not any(name.endswith("index.json") for name in workspace.files)


def test_strict_rules_bear_hidden_files_and_directory_markers():
    made = make(["production/", "production/.DS_Store", "production/1.jpg"], strict=True)
    assert made.index.units == {"image": 1}


def test_the_same_listing_gives_the_same_bytes_again():
    keys = ["production/1.jpg", "production/é.jpg", "production/groups/a/1.jpg", "production/groups/a/2.jpg"]
    workspace = MemoryWorkspace()
    first = dict(make(keys, rules=[GROUPS, IMAGES], workspace=workspace).files)
    assert make(keys, rules=[GROUPS, IMAGES], workspace=workspace).files == first


def test_groups_do_not_depend_on_the_order_of_the_listing():
    keys = [f"production/groups/{name}.jpg" for name in ("a/1", "a/2", "b/1", "b/2")]
    manifests = {json.dumps(sorted(make(order, rules=[GROUPS]).files.items()), default=repr)
                 for order in permutations(keys)}  # fmt: skip
    assert len(manifests) == 1


def test_a_shard_says_what_it_holds():
    made = make([f"production/{number}.jpg" for number in range(3)])
    [shard] = made.index.shards
    data = made.files[FOLDER + shard.name]
    assert (shard.name, shard.units, shard.urls, shard.bytes) == ("shard-00001.json", 3, 3, len(data))
    assert shard.sha256 == hashlib.sha256(data).hexdigest()


def test_whoever_checks_units_can_refuse_them():
    def check(unit: Unit) -> tuple[Problem, ...]:
        wrong = Problem("schema", unit.source_keys[0], "clientMetadata.level", "is no number")
        return (wrong,) if unit.source_keys[0].endswith("1.jpg") else ()

    made = make(["production/1.jpg", "production/2.jpg"], check=check)
    assert [unit.title for unit in made.units] == ["production/2.jpg"]
    [line] = quarantine_lines(made.files)
    assert (line["key"], line["field"]) == ("production/1.jpg", "clientMetadata.level")
    assert "is no number" in line["reason"]


def test_rules_that_read_objects_need_a_bucket():
    with pytest.raises(ManifestError, match=r"rules\.0 looks into objects"):
        make(["production/1.jpg"], rules=[IMAGES | {"metadata": {"media": True}}])


def test_sidecars_give_metadata_and_count_as_used():
    objects = {
        "production/1.jpg": b"",
        "production/1.jpg.metadata.json": b'{"site": "north", "$encord": {"frames": {}}}',
        "production/2.jpg": b"",
        "production/2.jpg.metadata.json": b'{"$bad": 1}',
        "production/9.jpg.metadata.json": b"{}",
    }
    rule: dict[str, Any] = IMAGES | {"metadata": {"sidecar": ".metadata.json"}}
    made = make(list(objects), rules=[rule], reader=MemoryBucket(objects))
    [unit] = made.units
    assert unit.client_metadata["site"] == "north"
    assert (made.index.used, made.index.reasons) == (2, {"bad metadata": 1, "describes no unit": 2})
    assert "'$bad'" in made.quarantine["production/2.jpg"]


def test_a_table_gives_metadata_and_counts_as_used():
    objects = {"production/1.jpg": b"", "production/table.csv": b"key,site\nproduction/1.jpg,north\n"}
    rule = IMAGES | {"metadata": {"table": {"path": "production/table.csv"}}}
    made = make(list(objects), rules=[rule], reader=MemoryBucket(objects))
    assert made.units[0].client_metadata["site"] == "north"
    assert made.index.used == 2


def test_an_object_that_cannot_be_read_is_quarantined_with_its_group():
    objects = {f"production/s/{number}.jpg": b"no picture" for number in range(2)}
    rule = {"match": "**", "type": "image_sequence", "metadata": {"media": True}}
    made = make([(key, 10) for key in objects], rules=[rule], reader=MemoryBucket(objects))
    assert made.quarantine.keys() == objects.keys()
