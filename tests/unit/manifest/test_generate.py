from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.generate import ManifestGenerator
from include.benchmark_qa.manifest.model import ManifestError, Unit, UnitType
from include.benchmark_qa.manifest.rules import ManifestRules

BASE = "https://bucket.s3.eu-west-1.amazonaws.com"


def url(key: str) -> str:
    return f"{BASE}/{quote(key, safe='/')}"


def generator(*rules: dict, prefix: str = "production/", kind: DataKind = DataKind.PRODUCTION) -> ManifestGenerator:
    settings = ManifestRules.model_validate({"rules": rules}) if rules else ManifestRules()
    return ManifestGenerator(rules=settings, kind=kind, url=url, prefix=prefix)


GROUPS = {"match": "groups/**/*.jpg", "type": "image_group"}
IMAGES = {"match": [".jpg"], "type": "image"}


def test_a_file_becomes_a_unit_that_knows_where_it_came_from():
    (unit,) = generator(kind=DataKind.BENCHMARK, prefix="benchmark/").units(["benchmark/photos/a 1.jpg"])
    assert unit == Unit(
        type=UnitType.IMAGE,
        title="benchmark/photos/a 1.jpg",
        object_urls=(f"{BASE}/benchmark/photos/a%201.jpg",),
        source_keys=("benchmark/photos/a 1.jpg",),
        client_metadata={"source_key": "benchmark/photos/a 1.jpg", "kind": "benchmark"},
    )
    assert unit.identity == (UnitType.IMAGE, (f"{BASE}/benchmark/photos/a%201.jpg",))


def test_titles_and_metadata_follow_the_templates():
    rule = IMAGES | {"title": "{stem} in {directory}", "client_metadata": {"site": "north", "file": "{name}"}}
    (unit,) = generator(rule).units(["production/ward/7.jpg"])
    assert unit.title == "7 in production/ward"
    assert unit.client_metadata == {
        "site": "north",
        "file": "7.jpg",
        "source_key": "production/ward/7.jpg",
        "kind": "production",
    }


def test_a_directory_becomes_a_group_with_its_frames_in_numeric_order():
    keys = [f"production/groups/run 1/f{number}.jpg" for number in (1, 10, 11, 2, 9)]
    (unit,) = generator(GROUPS).units(keys)
    assert (unit.type, unit.title) == (UnitType.IMAGE_GROUP, "production/groups/run 1")
    assert [key.rpartition("/")[2] for key in unit.source_keys] == ["f1.jpg", "f2.jpg", "f9.jpg", "f10.jpg", "f11.jpg"]
    assert unit.object_urls == tuple(url(key) for key in unit.source_keys)
    assert unit.client_metadata["source_key"] == "production/groups/run 1"


def test_a_directory_is_one_group_though_a_folder_interleaves_with_its_files():
    keys = ["production/groups/a/1.jpg", "production/groups/a/5/x.jpg", "production/groups/a/9.jpg"]
    units = list(generator(GROUPS).units(keys))
    assert [unit.source_keys for unit in units] == [(keys[0], keys[2]), (keys[1],)]


def test_a_directory_that_two_rules_group_is_refused_by_name():
    scans = {"match": [".dcm"], "type": "dicom_series"}
    keys = ["production/groups/a/1.dcm", "production/groups/a/1.jpg"]
    with pytest.raises(ManifestError, match=r"directory 'production/groups/a' holds files of two grouping rules"):
        list(generator(GROUPS, scans).units(keys))


def test_files_of_a_directory_that_another_rule_takes_stay_out_of_the_group():
    notes = {"match": [".txt"], "type": "text"}
    keys = ["production/groups/a/1.jpg", "production/groups/a/2.jpg", "production/groups/a/note.txt"]
    text, group = generator(notes, GROUPS).units(keys)
    assert (text.type, text.source_keys) == (UnitType.TEXT, (keys[2],))
    assert (group.type, group.source_keys) == (UnitType.IMAGE_GROUP, (keys[0], keys[1]))


def test_single_files_keep_the_order_of_the_listing_and_groups_follow():
    keys = ["production/b.jpg", "production/groups/z/1.jpg", "production/a.jpg", "production/groups/c/1.jpg"]
    titles = [unit.title for unit in generator(GROUPS, IMAGES).units(keys)]
    assert titles == ["production/b.jpg", "production/a.jpg", "production/groups/z", "production/groups/c"]


def test_every_key_is_used_skipped_or_ignored():
    generated = generator(GROUPS, IMAGES)
    odd = [f"production/odd-{number:02d}.xyz" for number in range(12)]
    keys = [
        "production/",
        "production/photos/",
        "production/photos_$folder$",
        "production/.DS_Store",
        "production/.thumbs/1.jpg",
        "production/1.jpg",
        "production/groups/a/1.jpg",
        "production/groups/a/2.jpg",
        *odd,
    ]
    assert len(list(generated.units(keys))) == 2
    tally = generated.tally
    assert (tally.used, tally.skipped, tally.ignored) == (3, 5, 12)
    assert tally.used + tally.skipped + tally.ignored == len(keys)
    assert tally.first_ignored == odd[:10]
    assert {unit_type: count for unit_type, count in tally.units.items() if count} == {
        UnitType.IMAGE: 1,
        UnitType.IMAGE_GROUP: 1,
    }


def test_a_prefix_that_is_hidden_itself_hides_nothing():
    assert len(list(generator(prefix=".cache/data/").units([".cache/data/1.jpg"]))) == 1


def test_a_key_listed_twice_is_refused_by_name():
    with pytest.raises(ManifestError, match=r"'production/1\.jpg' is listed twice"):
        list(generator().units(["production/1.jpg", "production/2.jpg", "production/1.jpg"]))


def test_titles_may_have_300_characters_and_no_more():
    fits = "production/" + "é" * 285 + ".jpg"
    assert len(fits) == 300
    (unit,) = generator().units([fits])
    assert unit.title == fits
    with pytest.raises(ManifestError, match=r"'production/xé+\.jpg' gets a title of 301 characters.*'{name}'"):
        list(generator().units([fits.replace("/", "/x")]))


def test_an_empty_title_is_refused():
    with pytest.raises(ManifestError, match=r"'1\.jpg' gets an empty title from the template '{directory}'"):
        list(generator(IMAGES | {"title": "{directory}"}, prefix="").units(["1.jpg"]))


def test_a_url_may_have_16_kilobytes_and_no_more():
    rule = IMAGES | {"title": "x"}
    room = 16 * 1024 - len(BASE) - len("/.jpg")
    assert len(list(generator(rule).units(["x" * room + ".jpg"]))) == 1
    with pytest.raises(ManifestError, match="has a URL of 16385 bytes; Encord takes 16384"):
        list(generator(rule).units(["x" * (room + 1) + ".jpg"]))


def test_a_url_with_whitespace_is_refused():
    careless = ManifestGenerator(ManifestRules(), DataKind.PRODUCTION, url=lambda key: f"https://host/{key}")
    with pytest.raises(ManifestError, match=r"'a b\.jpg' has the URL 'https://host/a b\.jpg', which holds whitespace"):
        list(careless.units(["a b.jpg"]))


def test_a_group_needs_a_directory():
    with pytest.raises(ManifestError, match=r"'1\.dcm' is to be grouped by directory but is in none"):
        list(generator(prefix="").units(["1.dcm"]))


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a/c", "a b+%"]), NAMES), unique=True, max_size=20))
def test_no_file_is_lost_or_doubled_by_grouping(parts):
    keys = [f"{directory}/{name}.jpg" for directory, name in parts if not name.startswith(".")]
    units = list(generator({"match": "**/*.jpg", "type": "image_sequence"}, prefix="").units(keys))
    assert sorted(key for unit in units for key in unit.source_keys) == sorted(keys)
    assert len(units) == len({key.rpartition("/")[0] for key in keys})
