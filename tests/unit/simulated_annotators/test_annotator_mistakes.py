from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from shapely.geometry import Polygon

from include.simulated_annotators.answers import answer_all, misjudge
from include.simulated_annotators.outline import shake
from include.simulated_annotators.perception import perceive
from include.simulated_annotators.scene import Scene, Unit, build_scene
from include.simulated_annotators.skill import EXACT, SKILLS, Skill, skill_named

COLOUR = {
    "name": "Colour",
    "type": "radio",
    "options": [
        {"label": "Red", "options": [{"name": "Shade", "type": "text"}]},
        {"label": "Blue"},
    ],
}


@pytest.fixture
def scene(ontology: dict[str, Any]) -> Scene:
    return build_scene(Unit("street.jpg", "image"), ontology)


def seen(scene: Scene, ontology: dict[str, Any], **mistakes: float) -> Scene:
    return perceive(scene, ontology, replace(EXACT, **mistakes), Random(1))


def test_an_exact_hand_changes_nothing(scene: Scene, ontology: dict[str, Any]) -> None:
    assert seen(scene, ontology) == scene


def test_who_misses_everything_sees_no_object_but_still_classifies(scene: Scene, ontology: dict[str, Any]) -> None:
    blind = seen(scene, ontology, miss_rate=1.0)
    assert not blind.objects
    assert blind.classifications == scene.classifications


def test_extra_objects_come_on_top(scene: Scene, ontology: dict[str, Any]) -> None:
    crowded = seen(scene, ontology, extra_rate=3.0)
    assert crowded.objects[:-3] == scene.objects


def test_a_mislabelled_object_keeps_its_place_and_shape(scene: Scene, ontology: dict[str, Any]) -> None:
    confused = seen(scene, ontology, mislabel_rate=1.0)
    swapped = {"Vehicle": "Person", "Person": "Vehicle", "Region": "Region"}
    assert [thing.outlines for thing in confused.objects] == [thing.outlines for thing in scene.objects]
    assert [thing.feature["name"] for thing in confused.objects] == [
        swapped[thing.feature["name"]] for thing in scene.objects
    ]


def test_wrong_answers_everywhere(scene: Scene, ontology: dict[str, Any]) -> None:
    wrong = seen(scene, ontology, attribute_error_rate=1.0)
    for mistaken, true in zip(wrong.classifications, scene.classifications, strict=True):
        assert mistaken.answers[0].attribute is true.answers[0].attribute
        assert (mistaken.answers[0].options, mistaken.answers[0].text) != (
            true.answers[0].options,
            true.answers[0].text,
        )


def test_a_wrong_radio_answer_brings_the_nested_questions_of_the_other_option() -> None:
    for seed in range(20):
        rng = Random(seed)
        (true,) = answer_all([COLOUR], rng)
        (wrong,) = misjudge([true], 1.0, rng)
        assert {true.options[0]["label"], wrong.options[0]["label"]} == {"Red", "Blue"}
        assert bool(wrong.nested) is (wrong.options[0]["label"] == "Red")


def test_a_question_with_one_option_cannot_be_answered_wrongly() -> None:
    for kind in ("radio", "checklist"):
        question = {"name": "Seen", "type": kind, "options": [{"label": "Yes"}]}
        true = answer_all([question], Random(1))
        assert misjudge(true, 1.0, Random(1)) == true


def test_a_wrong_checklist_is_never_empty() -> None:
    question = {"name": "Damage", "type": "checklist", "options": [{"label": "Dent"}, {"label": "Scratch"}]}
    for seed in range(50):
        (true,) = answer_all([question], Random(seed))
        (wrong,) = misjudge([true], 1.0, Random(seed))
        assert wrong.options
        assert wrong.options != true.options


@pytest.mark.parametrize("sigma", [0.05, 2.0])
def test_a_shaken_box_stays_a_box_inside_the_picture(sigma: float) -> None:
    rng = Random(1)
    for _ in range(200):
        (left, top), (right, bottom) = shake("bounding_box", ((0.6, 0.7), (0.9, 1.0)), sigma, rng)
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1


def test_shaking_is_in_proportion_to_the_objects_size() -> None:
    def mean_loss(size: float) -> float:
        outline = ((0.1, 0.1), (0.1 + size, 0.1), (0.1 + size, 0.1 + size), (0.1, 0.1 + size))
        rng = Random(1)
        shaken = [Polygon(shake("polygon", outline, 0.02, rng)) for _ in range(200)]
        true = Polygon(outline)
        return sum(1 - true.intersection(shape).area / true.union(shape).area for shape in shaken) / 200

    assert mean_loss(0.2) == pytest.approx(mean_loss(0.8), rel=0.05)


def test_skills_are_known_by_name() -> None:
    assert list(SKILLS) == ["careful", "steady", "hasty", "careless"]
    with pytest.raises(ValueError, match="no skill is called 'brilliant'; there are: careful"):
        skill_named("brilliant")


def test_a_rate_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        Skill(0.0, 1.5, 0.0, 0.0, 0.0, 0.0, 1.0)
