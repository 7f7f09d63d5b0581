from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from include.benchmark_qa.manifest.model import UnitType
from include.benchmark_qa.manifest.patterns import compile_glob, fields_of_key, fill_template, numeric_order
from include.benchmark_qa.manifest.rules import FileRule, ManifestRules


@pytest.mark.parametrize(
    ("key", "unit_type"),
    [
        ("a/x.jpg", UnitType.IMAGE),
        ("a/X.JPEG", UnitType.IMAGE),
        ("x.tiff", UnitType.IMAGE),
        ("x.mp4", UnitType.VIDEO),
        ("s/1.dcm", UnitType.DICOM_SERIES),
        ("x.nii", UnitType.NIFTI),
        ("x.NII.gz", UnitType.NIFTI),
        ("x.wav", UnitType.AUDIO),
        ("x.txt", UnitType.TEXT),
        ("x.pdf", UnitType.PDF),
    ],
)
def test_default_rules_go_by_extension(key, unit_type):
    assert ManifestRules().rule_for(key).type is unit_type


@pytest.mark.parametrize("key", ["x.jpg.metadata.json", "x.gz", "jpg", "x.jpg.bak", "x"])
def test_default_rules_leave_other_files_alone(key):
    assert ManifestRules().rule_for(key) is None


@pytest.mark.parametrize(
    ("rule", "grouping"),
    [
        ({"match": "*", "type": "image_group"}, "directory"),
        ({"pattern": r"(?P<group>.*)_\d+", "type": "image_group"}, "pattern"),
        ({"pattern": r".*_(?P<position>\d+)", "type": "image_group"}, "directory"),
        ({"pattern": r"(?P<group>.*)_\d+", "type": "image_group", "group_by": "directory"}, "directory"),
        ({"match": "*", "type": "dicom_series", "group_by": "series"}, "series"),
    ],
)
def test_what_makes_a_group(rule, grouping):
    assert FileRule.model_validate(rule).grouping == grouping


def test_metadata_keeps_the_type_of_its_values():
    rule = FileRule.model_validate({"match": "*", "type": "image", "client_metadata": {"a": True, "b": 3, "c": "3"}})
    assert [type(value) for value in rule.client_metadata.values()] == [bool, int, str]


def test_first_rule_that_matches_wins():
    rules = ManifestRules.model_validate(
        {"rules": [{"match": "groups/*/*.jpg", "type": "image_group"}, {"match": [".jpg"], "type": "image"}]}
    )
    assert rules.rule_for("groups/a/1.jpg").type is UnitType.IMAGE_GROUP
    assert rules.rule_for("groups/1.jpg").type is UnitType.IMAGE


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("*.jpg", "x.jpg", True),
        ("*.jpg", "a/b/x.jpg", True),
        ("*.jpg", "x.JPG", False),
        ("a/*.jpg", "a/x.jpg", True),
        ("a/*.jpg", "a/b/x.jpg", False),
        ("a/**/*.jpg", "a/x.jpg", True),
        ("a/**/*.jpg", "a/b/c/x.jpg", True),
        ("a/**", "a/b/c", True),
        ("**/a/*", "a/x", True),
        ("**/a/*", "b/a/x", True),
        ("**/a/*", "ba/x", False),
        ("?.jpg", "é.jpg", True),
        ("a/?", "a//", False),
        ("frame[0-9].png", "frame7.png", True),
        ("frame[!0-9].png", "frame7.png", False),
        ("x/a[!b]c", "x/a/c", False),
        ("x/a[.-0]c", "x/a/c", False),
        ("a+b(c).txt", "a+b(c).txt", True),
        ("a.b", "aXb", False),
        ("[", "[", True),
        ("line*", "line\nbreak", True),
    ],
)
def test_globs(pattern, key, matches):
    assert bool(compile_glob(pattern).fullmatch(key)) is matches


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"match": ["jpg"], "type": "image"}, r"\['jpg'\] must begin with a dot"),
        ({"match": [], "type": "image"}, "match"),
        ({"match": "", "type": "image"}, "match"),
        ({"match": "[z-a]", "type": "image"}, r"glob '\[z-a\]' cannot be read"),
        ({"match": "*", "type": "picture"}, "type"),
        ({"match": "*", "type": "image", "titel": "x"}, "titel"),
        ({"match": "*", "type": "image", "group_by": "directory"}, "one file per unit; remove group_by"),
        ({"match": "*", "type": "image_group", "group_by": "prefix"}, "group_by"),
        ({"match": "*", "type": "image", "title": "{nam}"}, r"holds \{nam\}; it may hold \{key\}, \{name\}"),
        ({"match": "*", "type": "image", "title": "{key.__class__}"}, r"holds \{key.__class__\}"),
        ({"match": "*", "type": "image", "title": "{key!r:>30}"}, r"holds \{key!r:>30\}"),
        ({"match": "*", "type": "image", "title": "{key"}, "title"),
        ({"match": "*", "type": "image", "client_metadata": {"kind": "x"}}, "'kind' is set by the project"),
        ({"match": "*", "type": "image", "client_metadata": {"$encord": "x"}}, r"'\$encord' is not allowed"),
        ({"match": "*", "type": "image", "client_metadata": {"keyframes": "x"}}, "'keyframes' is one that Encord no"),
        ({"match": "*", "type": "image", "client_metadata": {"level": float("nan")}}, "finite number"),
        ({"match": "*", "pattern": ".*", "type": "image"}, "match and pattern: give exactly one of them"),
        ({"type": "image"}, "match and pattern: give exactly one of them"),
        ({"pattern": "(", "type": "image"}, r"regular expression '\(' cannot be read"),
        ({"pattern": "(?P<name>.*)", "type": "image"}, r"capture\(s\) \['name'\] have the name of a field"),
        ({"pattern": "(?P<site>.*)", "type": "image", "title": "{place}"}, r"\{directory\}, \{site\} and plain text"),
        ({"pattern": ".*", "type": "image_group", "group_by": "pattern"}, r"needs a pattern with the capture"),
        ({"match": "*", "type": "image_group", "group_by": "series"}, "group_by: series is for dicom_series"),
        ({"match": "*", "type": "image", "client_metadata": {"site": "{sit}"}}, r"holds \{sit\}"),
    ],
)
def test_rules_that_are_refused(rule, message):
    with pytest.raises(ValidationError, match=message):
        FileRule.model_validate(rule)


@pytest.mark.parametrize(
    "settings",
    [{"shard_items": 0}, {"shard_items": 500_001}, {"max_shard_bytes": 100_000_001}, {"rules": []}, {"shards": 1}],
)
def test_settings_beyond_encords_limits_are_refused(settings):
    with pytest.raises(ValidationError):
        ManifestRules.model_validate(settings)


@pytest.mark.parametrize(
    ("key", "filled"),
    [
        ("a/b/x.nii.gz", "a/b/x.nii.gz|x.nii.gz|x|a/b"),
        ("x", "x|x|x|"),
        ("a/.x.y", "a/.x.y|.x.y|.x|a"),
        ("a//{key}.jpg", "a//{key}.jpg|{key}.jpg|{key}|a/"),
    ],
)
def test_template_fields(key, filled):
    assert fill_template("{key}|{name}|{stem}|{directory}", fields_of_key(key)) == filled


def test_numbers_in_names_order_as_numbers():
    names = ["b1", "a10", "a9b2", "a9b10", "a09", "a", "7"]
    assert sorted(names, key=numeric_order) == ["7", "a", "a09", "a9b2", "a9b10", "a10", "b1"]


def test_rules_cost_a_dag_file_nothing_heavy():
    heavy = "{'numpy', 'pyarrow', 'boto3', 'shapely', 'scipy', 'pandas'}"
    code = f"import sys, include.benchmark_qa.manifest.rules; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
