from __future__ import annotations

import copy
import json

import pytest

from include.benchmark_qa.scoring import versions
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.versions import ground_truth_version, labels_version, settings_version
from tests.unit.benchmark_qa import scoring_samples as samples


def sample():
    return samples.row(
        samples.pixel_box("a", 20, 10, 60, 20, samples.kind("sedan001"), samples.trim("LX")),
        samples.pixel_box("b", 100, 10, 60, 20, samples.damage("dent0001", "scratch1")),
        samples.weather("w", "rain0001"),
    )


def objects(blob):
    (unit,) = blob["data_units"].values()
    return unit["labels"]["objects"]


@pytest.mark.parametrize(
    "change",
    [
        lambda blob: blob.update(
            last_edited_at="Mon, 01 Jan 2029 00:00:00 GMT", branch_name="encord-x", label_hash="h"
        ),
        lambda blob: objects(blob)[0].update(createdBy="bob@example.com", lastEditedAt="x", confidence=0.5),
        lambda blob: objects(blob)[0].update(name="Automobile", color="#000000"),
        lambda blob: objects(blob).reverse(),
        lambda blob: blob.update(object_answers=dict(reversed(blob["object_answers"].items()))),
        lambda blob: blob["object_answers"]["a"]["classifications"].reverse(),
        lambda blob: blob["object_answers"]["b"]["classifications"][0]["answers"].reverse(),
        lambda blob: blob["classification_answers"]["w"].update(lastEditedBy="bob@example.com"),
        lambda blob: blob["object_answers"].update(ghost={"objectHash": "ghost", "classifications": []}),
        lambda blob: blob.update(object_actions={"a": {"actions": [], "objectHash": "a"}}),
    ],
)
def test_who_when_and_order_do_not_make_a_new_version(change):
    changed = copy.deepcopy(sample())
    change(changed)
    assert json.dumps(changed) != json.dumps(sample())
    assert labels_version(changed) == labels_version(sample())


@pytest.mark.parametrize(
    "change",
    [
        lambda blob: objects(blob)[0]["boundingBox"].update(x=0.11),
        lambda blob: objects(blob).pop(),
        lambda blob: objects(blob)[0].update(featureHash="bus00001"),
        lambda blob: blob["object_answers"]["a"]["classifications"].pop(),
        lambda blob: blob["object_answers"]["b"]["classifications"][0]["answers"].pop(),
        lambda blob: blob["classification_answers"]["w"].update(range=[[0, 3]]),
        lambda blob: blob["classification_answers"].clear(),
    ],
)
def test_other_labels_are_another_version(change):
    changed = copy.deepcopy(sample())
    change(changed)
    assert labels_version(changed) != labels_version(sample())


def test_whole_numbers_are_the_same_written_either_way():
    one, other = sample(), sample()
    objects(one)[0]["boundingBox"]["x"] = 0
    objects(other)[0]["boundingBox"]["x"] = 0.0
    assert labels_version(one) == labels_version(other)


def test_a_row_that_was_never_saved_has_the_version_of_no_labels():
    assert labels_version(None) == labels_version({**sample(), "label_hash": None}) == labels_version(samples.row())


def test_the_sdks_round_trip_keeps_the_version():
    row = samples.sdk_row()
    row.from_labels_dict(sample())
    assert ground_truth_version(row.to_encord_dict()) == ground_truth_version(sample())


@pytest.mark.parametrize(
    "corrupt", [{"data_units": ["u"]}, {"data_units": {"u": []}}, {"data_units": {"u": {"labels": {"objects": [{}]}}}}]
)
def test_corrupt_labels_have_a_version_too(corrupt):
    assert len({labels_version(corrupt), labels_version({**corrupt, "x": 1}), labels_version(None)}) == 3


def test_frames_of_a_video_are_told_apart():
    first, second = (
        samples.row(samples.pixel_box("a", 0, 0, 9, 9, frames=(frame,)), data_type="video") for frame in (0, 1)
    )
    assert labels_version(first) != labels_version(second)


def test_settings_are_another_version_when_one_of_them_is_another():
    versions_ = {settings_version(ScoringSettings(**one)) for one in ({}, {"pass_mark": 0.7}, {"directed": True})}
    assert len(versions_) == 3
    assert settings_version(ScoringSettings()) == settings_version(ScoringSettings.model_validate({"pass_mark": "0.8"}))
    assert settings_version(ScoringSettings(pass_mark=1)) == settings_version(ScoringSettings(pass_mark=1.0))


def test_new_rules_of_the_scorer_are_another_version(monkeypatch):
    before = settings_version(ScoringSettings())
    monkeypatch.setattr(versions, "RULES_VERSION", versions.RULES_VERSION + 1)
    assert settings_version(ScoringSettings()) != before
