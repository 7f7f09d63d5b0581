"""What is really to be seen in a unit: invented from its title, so that everybody who looks sees the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from include.simulated_annotators.answers import Answer, answer_all
from include.simulated_annotators.outline import CELLS, Outline, draw_outlines

DRAWABLE = frozenset({"bounding_box", "polygon"})
PICTURES = frozenset({"image", "img_group", "video", "dicom", "nifti"})
DOCUMENTS = frozenset({"audio", "plain_text", "pdf"})
LABELLED_FRAMES = 4
"""Frames of a clip or slices of a volume that get objects: enough to show movement, cheap to send."""


@dataclass(frozen=True)
class Unit:
    """
    What has to be known of a data unit before a scene can be set in it.

    :param data_type: Encord's word in lower case: image, img_group, video, dicom, nifti, audio, plain_text, pdf, ...
    :param frames: how many frames, slices or pictures it has.
    :param duration_ms: length of a sound in milliseconds, 0 for anything else.
    """

    title: str
    data_type: str
    frames: int = 1
    duration_ms: int = 0


@dataclass(frozen=True)
class SceneObject:
    """A thing in the picture: its class, and its outline in each labelled frame, in order."""

    feature: Mapping[str, Any]
    outlines: tuple[Outline, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class SceneSound:
    """A stretch of a sound of that length, from start to end in milliseconds, both inclusive."""

    feature: Mapping[str, Any]
    start_ms: int
    end_ms: int
    duration_ms: int
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class SceneClassification:
    """A statement about the unit as a whole."""

    feature: Mapping[str, Any]
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Scene:
    """
    Everything to be labelled in one unit.

    :param frames: numbers of the frames with objects, rising; empty where there is no picture.
    :param last_frame: number of the unit's last frame; classifications hold from 0 to it.
    """

    frames: tuple[int, ...]
    last_frame: int
    objects: tuple[SceneObject, ...] = ()
    sounds: tuple[SceneSound, ...] = ()
    classifications: tuple[SceneClassification, ...] = ()


def build_scene(unit: Unit, ontology: Mapping[str, Any]) -> Scene:
    """
    Invent the scene of a unit: the same for the same title and ontology, on any machine and on any day.

    :param ontology: the ontology's editor dictionary; classes of other shapes than box, polygon and audio,
        and attributes other than static radio, checklist and text, stay unused.
    :return: 2 to 6 objects for a picture, one stretch for a sound; nothing for a kind of unit not known here.
    """
    rng = Random(f"scene|{unit.title}")
    last_frame = max(unit.frames, 1) - 1
    if unit.data_type in PICTURES:
        frames = labelled_frames(unit.frames)
        objects = _set_objects(ontology, len(frames), rng)
        return Scene(frames, last_frame, objects=objects, classifications=_classify(ontology, rng))
    if unit.data_type in DOCUMENTS:
        # Only a document's first frame carries statements: the length of a sound in samples is not known here.
        return Scene((), 0, sounds=_set_sounds(ontology, unit, rng), classifications=_classify(ontology, rng))
    return Scene((), last_frame)


def labelled_frames(frames: int) -> tuple[int, ...]:
    """Return at most `LABELLED_FRAMES` frame numbers, evenly spread from 0 on."""
    count = max(1, min(frames, LABELLED_FRAMES))
    return tuple(index * max(frames, 1) // count for index in range(count))


def classes(ontology: Mapping[str, Any], shapes: Iterable[str]) -> list[Mapping[str, Any]]:
    """Return the ontology's object classes of these shapes, without the archived ones, in its order."""
    wanted = frozenset(shapes)
    return [
        feature for feature in ontology.get("objects", ()) if feature["shape"] in wanted and not feature.get("archived")
    ]


def _set_objects(ontology: Mapping[str, Any], frames: int, rng: Random) -> tuple[SceneObject, ...]:
    drawable = classes(ontology, DRAWABLE)
    if not drawable:
        return ()
    cells = rng.sample(CELLS, rng.randint(2, len(CELLS)))
    objects = []
    for cell in cells:
        feature = rng.choice(drawable)
        outlines = draw_outlines(feature["shape"], cell, frames, rng)
        objects.append(SceneObject(feature, outlines, answer_all(feature.get("attributes", ()), rng)))
    return tuple(objects)


def _set_sounds(ontology: Mapping[str, Any], unit: Unit, rng: Random) -> tuple[SceneSound, ...]:
    audible = classes(ontology, ["audio"])
    if unit.data_type != "audio" or unit.duration_ms < 1 or not audible:
        return ()
    feature = rng.choice(audible)
    start_ms = int(rng.uniform(0.1, 0.4) * unit.duration_ms)
    end_ms = int(rng.uniform(0.5, 0.9) * unit.duration_ms)
    return (SceneSound(feature, start_ms, end_ms, unit.duration_ms, answer_all(feature.get("attributes", ()), rng)),)


def _classify(ontology: Mapping[str, Any], rng: Random) -> tuple[SceneClassification, ...]:
    answered = (
        (feature, answer_all(feature.get("attributes", ()), rng))
        for feature in ontology.get("classifications", ())
        if not feature.get("archived")
    )
    return tuple(SceneClassification(feature, answers) for feature, answers in answered if answers)
