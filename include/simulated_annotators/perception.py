"""What an annotator of some skill makes of a scene: the same scene with his mistakes in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from include.simulated_annotators.answers import answer_all, misjudge
from include.simulated_annotators.outline import CELLS, draw_outlines, shake
from include.simulated_annotators.scene import (
    DRAWABLE,
    Scene,
    SceneClassification,
    SceneObject,
    SceneSound,
    classes,
)
from include.simulated_annotators.skill import Skill


def perceive(scene: Scene, ontology: Mapping[str, Any], skill: Skill, rng: Random) -> Scene:
    """
    Return the scene as that annotator draws it; with the skill `EXACT` it comes back as it is.

    :param rng: source of the mistakes: the same state gives the same mistakes.
    """
    drawable = classes(ontology, DRAWABLE)
    seen = [_perceive_object(thing, drawable, skill, rng) for thing in scene.objects if rng.random() >= skill.miss_rate]
    if scene.frames and drawable:
        seen += [_imagine_object(drawable, len(scene.frames), rng) for _ in range(_count(skill.extra_rate, rng))]
    return replace(
        scene,
        objects=tuple(seen),
        sounds=tuple(_perceive_sound(sound, skill, rng) for sound in scene.sounds),
        classifications=tuple(_perceive_statement(statement, skill, rng) for statement in scene.classifications),
    )


def _perceive_object(thing: SceneObject, drawable: list[Mapping[str, Any]], skill: Skill, rng: Random) -> SceneObject:
    shape = thing.feature["shape"]
    if skill.box_sigma:
        thing = replace(
            thing, outlines=tuple(shake(shape, outline, skill.box_sigma, rng) for outline in thing.outlines)
        )
    confusable = [feature for feature in drawable if feature["shape"] == shape and feature is not thing.feature]
    if confusable and rng.random() < skill.mislabel_rate:
        mistaken = rng.choice(confusable)
        return replace(thing, feature=mistaken, answers=answer_all(mistaken.get("attributes", ()), rng))
    return replace(thing, answers=misjudge(thing.answers, skill.attribute_error_rate, rng))


def _imagine_object(drawable: list[Mapping[str, Any]], frames: int, rng: Random) -> SceneObject:
    """Draw something that is not there, too small to pass for what is."""
    feature = rng.choice(drawable)
    x, y, width, height = rng.choice(CELLS)
    nook = (x + rng.uniform(0.0, 0.5) * width, y + rng.uniform(0.0, 0.5) * height, width / 2, height / 2)
    outlines = draw_outlines(feature["shape"], nook, frames, rng)
    return SceneObject(feature, outlines, answer_all(feature.get("attributes", ()), rng))


def _perceive_sound(sound: SceneSound, skill: Skill, rng: Random) -> SceneSound:
    length = sound.end_ms - sound.start_ms
    ends = sorted(round(rng.gauss(end, skill.box_sigma * length)) for end in (sound.start_ms, sound.end_ms))
    start_ms, end_ms = (min(max(end, 0), sound.duration_ms) for end in ends)
    answers = misjudge(sound.answers, skill.attribute_error_rate, rng)
    return replace(sound, start_ms=start_ms, end_ms=end_ms, answers=answers)


def _perceive_statement(statement: SceneClassification, skill: Skill, rng: Random) -> SceneClassification:
    return replace(statement, answers=misjudge(statement.answers, skill.attribute_error_rate, rng))


def _count(rate: float, rng: Random) -> int:
    """Return a whole number whose average is `rate`."""
    return int(rate) + (rng.random() < rate % 1)
