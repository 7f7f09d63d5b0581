from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from include.benchmark_qa.labels.blob import Edit
from include.simulated_annotators.draw import draw_labels
from include.simulated_annotators.skill import EXACT, SKILLS, Skill
from include.simulated_annotators.web_app import Task

EDIT = Edit(by=None, at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
FRAMES = {"image": 1, "img_group": 3, "video": 100, "audio": 24000, "plain_text": 1, "pdf": 2}


def draw(row: dict[str, Any], ontology: dict[str, Any], skill: Skill = EXACT, seed: int = 1) -> dict[str, Any]:
    frames = FRAMES[row["data_type"]]
    unit = Task("task", "ANNOTATION", "street.x", "main", frames, row).unit
    return draw_labels(row, unit, ontology, skill, Random(seed), EDIT)


@pytest.mark.parametrize("skill", [EXACT, SKILLS["careless"]])
@pytest.mark.parametrize("data_type", FRAMES)
def test_the_sdk_reads_every_label(
    empty_rows: dict[str, Any], ontology: dict[str, Any], read_row: Any, data_type: str, skill: Skill
) -> None:
    labels = draw(empty_rows[data_type], ontology, skill)
    row = read_row(data_type, labels)
    objects = {instance.object_hash for instance in row.get_object_instances()}
    classifications = {instance.classification_hash for instance in row.get_classification_instances()}
    assert objects == set(labels["object_answers"])
    assert classifications == set(labels["classification_answers"])
    assert len(classifications) == 3


def test_objects_keep_their_hash_over_the_frames_of_a_clip(
    empty_rows: dict[str, Any], ontology: dict[str, Any], read_row: Any
) -> None:
    row = read_row("video", draw(empty_rows["video"], ontology))
    for instance in row.get_object_instances():
        assert [annotation.frame for annotation in instance.get_annotations()] == [0, 25, 50, 75]


def test_nested_and_text_answers_arrive(empty_rows: dict[str, Any], ontology: dict[str, Any], read_row: Any) -> None:
    answers: dict[str, set[Any]] = {}
    for number in range(10):
        unit = Task("task", "ANNOTATION", f"{number}.jpg", "main", 1, empty_rows["image"]).unit
        row = read_row("image", draw_labels(empty_rows["image"], unit, ontology, EXACT, Random(1), EDIT))
        for instance in row.get_classification_instances():
            for attribute in instance.ontology_item.attributes:
                answer = instance.get_answer(attribute)
                title = getattr(answer, "title", answer)
                answers.setdefault(attribute.name, set()).add(repr(title))
                if title == "Outdoor":
                    weather = answer.attributes[0]
                    assert instance.get_answer(weather).title in {"Sunny", "Cloudy"}
    assert answers["Scene"] == {"'Indoor'", "'Outdoor'"}
    assert len(answers["Caption"]) > 5


def test_a_sound_object_has_its_range_in_milliseconds(
    empty_rows: dict[str, Any], ontology: dict[str, Any], read_row: Any
) -> None:
    row = read_row("audio", draw(empty_rows["audio"], ontology))
    (instance,) = row.get_object_instances()
    (stretch,) = instance.range_list
    assert instance.object_name == "Sound"
    assert 0 < stretch.start < stretch.end < 3000


def test_a_repeat_draws_the_same_labels(empty_rows: dict[str, Any], ontology: dict[str, Any]) -> None:
    careless = SKILLS["careless"]
    assert draw(empty_rows["image"], ontology, careless) == draw(empty_rows["image"], ontology, careless)
    assert draw(empty_rows["image"], ontology, careless) != draw(empty_rows["image"], ontology, careless, seed=2)


def test_the_label_row_that_was_handed_out_is_left_alone(empty_rows: dict[str, Any], ontology: dict[str, Any]) -> None:
    before = repr(empty_rows["image"])
    draw(empty_rows["image"], ontology)
    assert repr(empty_rows["image"]) == before
