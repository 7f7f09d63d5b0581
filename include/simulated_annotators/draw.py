"""Draw a scene into the empty label row that the editor opens with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from string import ascii_letters, digits
from typing import Any

from include.benchmark_qa.labels.blob import (
    Edit,
    Json,
    LabelPart,
    bounding_box,
    checklist_answer,
    classification_part,
    fill_label_row,
    object_part,
    polygon,
    radio_answer,
    text_answer,
)
from include.simulated_annotators.answers import Answer, flatten
from include.simulated_annotators.outline import DECIMALS, Outline
from include.simulated_annotators.perception import perceive
from include.simulated_annotators.scene import Scene, SceneClassification, SceneObject, SceneSound, Unit, build_scene
from include.simulated_annotators.skill import Skill

HASH_CHARACTERS = ascii_letters + digits + "+/"
"""Encord's object and classification hashes are eight of these."""

SENT_PARTS = ("data_units", "object_answers", "classification_answers", "object_actions")


def draw_labels(
    label_row: Mapping[str, Any], unit: Unit, ontology: Mapping[str, Any], skill: Skill, rng: Random, edit: Edit
) -> Json:
    """
    Label a unit as a person of that skill does.

    :param label_row: the unit's empty label row (`encord_api.md` section 2.1).
    :param ontology: the ontology's editor dictionary.
    :param rng: source of mistakes and of the labels' hashes; the same state draws the same labels.
    :param edit: who draws, and when.
    :return: the labels part of the label row: its data units, object answers, classification answers and actions.
    """
    scene = perceive(build_scene(unit, ontology), ontology, skill, rng)
    filled = fill_label_row(label_row, scene_parts(scene, rng, edit))
    return {name: filled[name] for name in SENT_PARTS}


def count_labels(labels: Mapping[str, Any]) -> int:
    """Return how many objects and classifications a labels part holds."""
    return len(labels["object_answers"]) + len(labels["classification_answers"])


def scene_parts(scene: Scene, rng: Random, edit: Edit) -> list[LabelPart]:
    """Turn everything in the scene into parts of a label row."""
    return [
        *(_object_part(thing, scene.frames, rng, edit) for thing in scene.objects),
        *(_sound_part(sound, rng, edit) for sound in scene.sounds),
        *(_classification_part(statement, scene.last_frame, rng, edit) for statement in scene.classifications),
    ]


def _object_part(thing: SceneObject, frames: Iterable[int], rng: Random, edit: Edit) -> LabelPart:
    shape = thing.feature["shape"]
    geometries = {frame: _geometry(shape, outline) for frame, outline in zip(frames, thing.outlines, strict=True)}
    answers = _answers(thing.answers)
    return object_part(thing.feature, geometries, object_hash=_new_hash(rng), edit=edit, answers=answers)


def _sound_part(sound: SceneSound, rng: Random, edit: Edit) -> LabelPart:
    """Sounds have no frames: what is drawn stands in the answer, with its range in milliseconds."""
    object_hash = _new_hash(rng)
    drawn = object_part(sound.feature, {0: {}}, object_hash=object_hash, edit=edit, answers=_answers(sound.answers))
    in_range = {"range": [[sound.start_ms, sound.end_ms]]}
    return LabelPart(object_answer={**drawn.frames[0], **(drawn.object_answer or {}), **in_range})


def _classification_part(statement: SceneClassification, last_frame: int, rng: Random, edit: Edit) -> LabelPart:
    return classification_part(
        statement.feature,
        _answers(statement.answers),
        classification_hash=_new_hash(rng),
        edit=edit,
        ranges=[(0, last_frame)],
    )


def _geometry(shape: str, outline: Outline) -> Json:
    if shape == "polygon":
        return polygon([[outline]])
    (left, top), (right, bottom) = outline
    return bounding_box(left, top, round(right - left, DECIMALS), round(bottom - top, DECIMALS))


def _answers(answers: Iterable[Answer]) -> list[Json]:
    return [_answer(answer) for answer in flatten(answers)]


def _answer(answer: Answer) -> Json:
    option_hashes = [option["featureNodeHash"] for option in answer.options]
    match answer.attribute["type"]:
        case "text":
            return text_answer(answer.attribute, answer.text)
        case "radio":
            return radio_answer(answer.attribute, option_hashes[0])
        case _:
            return checklist_answer(answer.attribute, option_hashes)


def _new_hash(rng: Random) -> str:
    return "".join(rng.choices(HASH_CHARACTERS, k=8))
