"""Whether thousands of keys are rendered at once or each by itself: the files are the same, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from unittest.mock import patch
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.manifest import generate
from include.benchmark_qa.manifest.finishing import Candidate
from include.benchmark_qa.manifest.one_by_one import OneByOne
from tests.unit.manifest.manifest_support import Made, MemoryWorkspace, make, place

# Signs that lower oddly, digits, whitespace and letters: what Python and Arrow might disagree about.
BEYOND_ASCII = "a1 日ß🐈\u0130\u212a\u0663\u3000\xa0\u2028\x7f"
SEGMENT = (
    st.text("ab1._-~ +%#?&'()[]{}$!@,;:=*^|<>`\"\\é\n", max_size=5)
    | st.text(BEYOND_ASCII, max_size=4)
    | st.sampled_from(["", ".", "..", ".a", "a.b", "_$folder$", "x" * 301])
)
EXTENSION = st.sampled_from(
    ["", ".jpg", ".JPG", ".png", ".tif", ".dcm", ".mp4", ".xyz", ".nii.gz", ".txt", ".m\u212av", ".É"]
)
KEYS = st.builds(
    lambda parts, extension: "production/" + "/".join(parts) + extension,
    st.lists(SEGMENT, min_size=1, max_size=3),
    EXTENSION,
)
OBJECTS = st.lists(st.tuples(KEYS, st.sampled_from([1, 1, 1, 0])), max_size=12)

TITLES = st.sampled_from(
    ["{key}", "{name}", "{stem}", "{directory}", " {stem} ", "{stem}{stem}", 'é "{name}" \\ {{}}', "fixed"]
)
METADATA = st.dictionaries(
    st.sampled_from(["site", "größe", "a.b"]), TITLES | st.booleans() | st.integers(-5, 5) | st.just(0.25), max_size=2
)
MATCHES = st.sampled_from(
    [
        {"match": [".jpg", ".png"]},
        {"match": [".xyz"]},
        {"match": "*.jpg"},
        {"match": "**/a*/*"},
        {"match": [".mkv", ".é"]},
        {"match": [".mkv"]},
        {"match": "[!a]*"},
        {"match": "[ß-日]*"},
        {"match": "?[.-0a]*"},
        {"match": "**"},
        {"pattern": r"(?P<site>[^/]*)/(?P<position>\d*).*"},
        {"pattern": r"(?:(?P<group>a+)|b)?(.*)\.(jpg|dcm)"},
        {"pattern": r".*[(\]].*"},
        {"pattern": r"(?P<group>[^/]+)/(.*)"},
        {"pattern": r"(?i:.*k.*)"},
        {"pattern": r".*\w/?\s?\b.*"},
    ]
)
TYPES = st.sampled_from(["image", "video", "text", "nifti", "image_group", "image_sequence", "dicom_series"])
RULES = st.lists(
    st.builds(
        lambda match, unit_type, title, metadata: (
            match | {"type": unit_type, "title": title, "client_metadata": metadata}
        ),
        MATCHES,
        TYPES,
        TITLES,
        METADATA,
    ),
    min_size=1,
    max_size=3,
)


def both_ways(objects: list[tuple[str, int]], **arguments: object) -> tuple[Made, Made]:
    columns = make(objects, workspace=MemoryWorkspace(), **arguments)
    with patch.object(generate, "is_regular", return_value=False):
        one_by_one = make(objects, workspace=MemoryWorkspace(), **arguments)
    return columns, one_by_one


@settings(max_examples=300, deadline=None)
@given(OBJECTS, RULES, st.sampled_from(["production/", "", "prod", "production/a"]))
def test_both_ways_give_the_same_files(objects, rules, prefix):
    columns, one_by_one = both_ways(objects, rules=rules, where=place(prefix))
    assert columns.index == one_by_one.index
    assert set(columns.files) == set(one_by_one.files)
    for name, data in columns.files.items():
        assert sorted(data.splitlines()) == sorted(one_by_one.files[name].splitlines())
        if name.endswith(".json"):
            assert data == one_by_one.files[name]


@pytest.mark.parametrize("template", ["{key}", "{name}", "{stem}", "{directory}", "{site}", "{number}"])
@pytest.mark.parametrize("prefix", ["production/", "", "pro", "production/a (1)/"])
def test_most_keys_are_rendered_as_columns(template, prefix, monkeypatch):
    rule = {
        "pattern": r"(?:.*/)?(?P<site>[^/]+)/[^/]*?(?P<number>\d+)\.jpg",
        "type": "image",
        "title": template,
        "client_metadata": {"value": template},
    }
    keys = [f"production/a (1)/b+c/d e {number}.jpg" for number in range(100)]
    keys[50] = "production/a (1)/é/50.jpg"
    odd: list[tuple[int, str, int]] = []
    look = OneByOne.candidates

    def spy(self: OneByOne, objects: Iterable[tuple[int, str, int]]) -> list[Candidate]:
        odd.extend(found := list(objects))
        return look(self, found)

    monkeypatch.setattr(OneByOne, "candidates", spy)
    columns = make(keys, rules=[rule], where=place(prefix))
    assert [key for _, key, _ in odd] == [keys[50]]
    assert columns.index.units == {"image": 100}
    assert [unit.source_keys[0] for unit in columns.units] == keys
    _, one_by_one = both_ways([(key, 1) for key in keys], rules=[rule], where=place(prefix))
    assert columns.files == one_by_one.files


@pytest.mark.parametrize("prefix", ["", "画像/", "画"])
def test_keys_of_any_language_are_rendered_as_columns(prefix, monkeypatch):
    rule = {"match": [".jpg"], "type": "image", "title": "{stem}", "client_metadata": {"where": "{directory}"}}
    keys = [f"画像/猫 #{number}/é%🐈{number}.jpg" for number in range(100)]
    _, one_by_one = both_ways([(key, 1) for key in keys], rules=[rule], where=place(prefix))
    monkeypatch.delattr(OneByOne, "_single")
    columns = make(keys, rules=[rule], where=place(prefix))
    assert columns.files == one_by_one.files
    assert [unit.source_keys[0] for unit in columns.units] == keys


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=10))
def test_different_keys_have_different_urls_that_mean_the_key(names):
    keys = [f"production/{name}" for name in names]
    made = make(keys, rules=[{"match": "**", "type": "text", "title": "x"}])
    urls = [unit.object_urls[0] for unit in made.units]
    assert len(set(urls)) == len(urls)
    prefix = made.index.url_prefix
    assert [unquote(url.removeprefix(prefix)) for url in urls] == [unit.source_keys[0] for unit in made.units]
    assert all(url.isascii() and not any(character.isspace() for character in url) for url in urls)
    assert {unit.source_keys[0] for unit in made.units} | set(made.quarantine) == set(keys)


GROUPED = st.lists(
    st.tuples(st.sampled_from(["a", "b", "a/c", "a b+%", "é"]), st.integers(0, 200)), unique=True, max_size=20
)


@settings(deadline=None)
@given(GROUPED, st.randoms(use_true_random=False))
def test_groups_are_whole_and_the_order_of_the_listing_changes_nothing(parts, random):
    keys = [f"production/{directory}/{number}.jpg" for directory, number in parts]
    shuffled = random.sample(keys, len(keys))
    cut = random.randint(0, len(keys))
    rules = [{"match": "**", "type": "image_sequence"}]
    made, again = make(keys, rules=rules), make(shuffled[:cut], shuffled[cut:], rules=rules)
    assert made.units == again.units
    assert made.quarantine == again.quarantine
    expected: dict[str, list[int]] = {}
    for directory, number in parts:
        expected.setdefault(f"production/{directory}", []).append(number)
    assert {unit.client_metadata["source_key"]: unit.source_keys for unit in made.units} == {
        directory: tuple(f"{directory}/{number}.jpg" for number in sorted(numbers))
        for directory, numbers in expected.items()
        if len(numbers) > 1
    }
