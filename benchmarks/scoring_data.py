"""
The campaigns of ``benchmarks.scoring``: label rows as Encord sends them, one JSON a line, the same every time.

A folder a kind (``boxes``, ``videos``, ``polygons``, ``bitmasks``) with ``truths.jsonl`` and ``submissions.jsonl``;
the submissions of one truth stand together. Annotators err in about 4 % of everything: outlines are off by 4 % of
the object's size (standard deviation), and 4 % of the objects are missing, extra, or of the wrong class, as are 4 % of
the answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from benchmarks.scoring_masks import ellipse_mask
from include.benchmark_qa.labels.blob import (
    Edit,
    LabelPart,
    bounding_box,
    classification_part,
    object_part,
    polygon,
    radio_answer,
)

if TYPE_CHECKING:
    import numpy as np
    from encord.objects import OntologyStructure
    from numpy.typing import NDArray

WIDTH, HEIGHT = 1920, 1080
ERROR = 0.04
_EDIT = Edit(by="ann@example.com", at=datetime(2026, 3, 21, 11, 21, 51, tzinfo=UTC))
_VERTICES = 24


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of submission: what is drawn, on how many frames, and how many annotators draw each truth."""

    name: str
    classes: tuple[str, ...]
    objects: int
    questions: int
    frames: int
    per_truth: int

    @property
    def is_video(self) -> bool:
        return self.frames > 1


KINDS = {
    kind.name: kind
    for kind in (
        Kind("boxes", ("vehicle1", "person01", "bicycle1"), objects=8, questions=2, frames=1, per_truth=200),
        Kind("videos", ("vehicle1", "person01", "bicycle1"), objects=10, questions=0, frames=1_000, per_truth=10),
        Kind("polygons", ("lake0001", "field001"), objects=5, questions=0, frames=1, per_truth=100),
        Kind("bitmasks", ("cell0001", "nucleus1"), objects=3, questions=0, frames=1, per_truth=100),
    )
}
_SHAPES = {"boxes": "bounding_box", "videos": "bounding_box", "polygons": "polygon", "bitmasks": "bitmask"}
_QUESTIONS = {"weather1": ("Sunny", "Rain", "Snow", "Fog"), "daytime1": ("Day", "Night", "Dusk")}


def prepare(folder: str, name: str, count: str) -> Callable[[], int]:
    """Write the truths and ``count`` submissions of a kind; return how many bytes the submissions have."""
    import numpy as np
    import orjson

    kind = KINDS[name]
    place = Path(folder, name)
    place.mkdir(parents=True)

    def work() -> int:
        size, rows = 0, RowWriter(kind)
        Path(folder, "ontology.json").write_text(json.dumps(structure().to_dict()), encoding="utf-8")
        with (place / "truths.jsonl").open("wb") as truths, (place / "submissions.jsonl").open("wb") as submissions:
            for first in range(0, int(count), kind.per_truth):
                scene = Scene(kind, np.random.default_rng(first))
                truths.write(orjson.dumps(rows.truth(scene)) + b"\n")
                for _ in range(first, min(first + kind.per_truth, int(count))):
                    size += submissions.write(orjson.dumps(rows.submission(scene)) + b"\n")
        return size

    return work


@cache
def structure() -> OntologyStructure:
    """Return the ontology of all kinds."""
    from encord.objects import OntologyStructure, Shape
    from encord.objects.attributes import RadioAttribute

    built = OntologyStructure()
    for kind in KINDS.values():
        for feature_hash in kind.classes:
            if all(known.feature_node_hash != feature_hash for known in built.objects):
                built.add_object(feature_hash, Shape(_SHAPES[kind.name]), feature_node_hash=feature_hash)
    for feature_hash, options in _QUESTIONS.items():
        question = built.add_classification(feature_node_hash=feature_hash).add_attribute(
            RadioAttribute, feature_hash, feature_node_hash=f"{feature_hash}A"
        )
        for option in options:
            question.add_option(option, feature_node_hash=f"{option.lower():0<8}")
    return built


class Scene:
    """What is to be seen on one data unit: classes, boxes and outlines of its objects, and the right answers."""

    def __init__(self, kind: Kind, rng: np.random.Generator) -> None:
        self.rng = rng
        self.classes = rng.integers(len(kind.classes), size=kind.objects)
        self.boxes = _boxes(rng, kind.objects)
        self.speeds = rng.uniform(-0.1, 0.1, size=(kind.objects, 2)) / kind.frames
        self.radii = rng.uniform(0.6, 1.0, size=(kind.objects, _VERTICES))
        self.answers = [int(rng.integers(len(options))) for options in _QUESTIONS.values()][: kind.questions]


class RowWriter:
    """Draws scenes into label rows: as the truth has them, or as an annotator does."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._empty = _empty_row(kind)
        ontology = structure().to_dict()
        self._features = {
            feature["featureNodeHash"]: feature for feature in [*ontology["objects"], *ontology["classifications"]]
        }
        self._draw = {"polygons": _draw_polygon, "bitmasks": _draw_bitmask}.get(kind.name, _draw_box)

    def truth(self, scene: Scene) -> dict[str, Any]:
        objects = [
            self._object(scene, f"truth{index:03}", index, int(scene.classes[index]), noise=0.0)
            for index in range(self._kind.objects)
        ]
        return self._row([*objects, *self._answers(scene.answers)])

    def submission(self, scene: Scene) -> dict[str, Any]:
        rng, kind = scene.rng, self._kind
        luck, classes = rng.random((3, kind.objects)), scene.classes.copy()
        wrong = luck[0] < ERROR
        classes[wrong] = (classes[wrong] + 1) % len(kind.classes)
        drawn = [index for index in range(kind.objects) if luck[1, index] >= ERROR]
        objects = [self._object(scene, f"draw{index:04}", index, int(classes[index]), noise=ERROR) for index in drawn]
        objects += [self._extra(rng, f"extra{number:03}") for number in range(int((luck[2] < ERROR).sum()))]
        answers = [
            (right + (rng.random() < ERROR)) % len(options)
            for right, options in zip(scene.answers, _QUESTIONS.values(), strict=False)
        ]
        return self._row([*objects, *self._answers(answers)])

    def _object(self, scene: Scene, object_hash: str, index: int, class_index: int, noise: float) -> LabelPart:
        frames = range(self._kind.frames)
        if self._kind.is_video and noise:
            frames = [frame for frame, luck in enumerate(scene.rng.random(len(frames))) if luck >= ERROR]
        moved = _path(scene, index, frames, noise)
        geometries = {
            frame: self._draw(box, scene.radii[index], noise, scene.rng)
            for frame, box in zip(frames, moved, strict=True)
        }
        return self._part(object_hash, class_index, geometries)

    def _extra(self, rng: np.random.Generator, object_hash: str) -> LabelPart:
        box, radii = _boxes(rng, 1)[0], rng.uniform(0.6, 1.0, size=_VERTICES)
        geometry = self._draw(box.tolist(), radii, 0.0, rng)
        frames = range(0, self._kind.frames, 2)
        return self._part(object_hash, int(rng.integers(len(self._kind.classes))), dict.fromkeys(frames, geometry))

    def _part(self, object_hash: str, class_index: int, geometries: dict[int, Any]) -> LabelPart:
        feature = self._features[self._kind.classes[class_index]]
        return object_part(feature, geometries, object_hash=object_hash, edit=_EDIT)

    def _answers(self, chosen: Sequence[int]) -> Iterator[LabelPart]:
        for (feature_hash, options), index in zip(_QUESTIONS.items(), chosen, strict=False):
            feature = self._features[feature_hash]
            answer = radio_answer(feature["attributes"][0], f"{options[index].lower():0<8}")
            yield classification_part(feature, [answer], classification_hash=feature_hash[::-1], edit=_EDIT)

    def _row(self, parts: Sequence[LabelPart]) -> dict[str, Any]:
        (unit_hash, unit), frames = next(iter(self._empty["data_units"].items())), dict[str, list[Any]]()
        for part in parts:
            for frame, drawn in part.frames.items():
                frames.setdefault(str(frame), []).append(drawn)
        labels: dict[str, Any] = {frame: {"objects": found, "classifications": []} for frame, found in frames.items()}
        if not self._kind.is_video:
            labels = labels.get("0", {"objects": [], "classifications": []})
        objects = [part.object_answer for part in parts if part.object_answer]
        classifications = [part.classification_answer for part in parts if part.classification_answer]
        return {
            **self._empty,
            "data_units": {unit_hash: {**unit, "labels": labels}},
            "object_answers": {answer["objectHash"]: answer for answer in objects},
            "classification_answers": {answer["classificationHash"]: answer for answer in classifications},
        }


def media(kind: Kind) -> Any:
    """Return what the SDK wants to know of the image or the video."""
    from encord.orm.storage import CustomerProvidedImageMetadata, CustomerProvidedVideoMetadata

    if kind.is_video:
        return CustomerProvidedVideoMetadata(
            mime_type="video/mp4", file_size=1, height=HEIGHT, width=WIDTH, fps=25, duration=kind.frames / 25
        )
    return CustomerProvidedImageMetadata(mime_type="image/png", file_size=1, height=HEIGHT, width=WIDTH)


def _empty_row(kind: Kind) -> dict[str, Any]:
    from encord.objects import LabelRowV2

    ontology: Any = SimpleNamespace(structure=structure())
    row = LabelRowV2.from_media_metadata(ontology, media(kind)).to_encord_dict()
    stamp = "2026-03-21 11:21:51"  # not the clock's: the data must be the same every time
    return {**row, "created_at": stamp, "last_edited_at": stamp}


def _boxes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    import numpy as np

    size = rng.uniform(0.08, 0.2, size=(count, 2))
    return np.hstack([rng.uniform(0.12, 0.6, size=(count, 2)), size])


def _path(scene: Scene, index: int, frames: Sequence[int], noise: float) -> list[list[float]]:
    """Return the box on each of the frames, as moving on a line and drawn with an unsteady hand."""
    import numpy as np

    boxes = np.tile(scene.boxes[index], (len(frames), 1))
    boxes[:, :2] += np.outer(np.asarray(frames), scene.speeds[index])
    if noise:
        boxes += scene.rng.normal(0, noise, size=boxes.shape) * np.tile(scene.boxes[index, 2:], 2)
    moved: list[list[float]] = boxes.tolist()
    return moved


def _draw_box(box: Sequence[float], _radii: Any, _noise: float, _rng: np.random.Generator) -> dict[str, Any]:
    return bounding_box(*box)


def _draw_polygon(
    box: Sequence[float], radii: NDArray[np.float64], noise: float, rng: np.random.Generator
) -> dict[str, Any]:
    import numpy as np

    x, y, w, h = box
    angles = np.linspace(0, 2 * np.pi, _VERTICES, endpoint=False)
    radii = radii * (1 + rng.normal(0, noise, size=len(radii))) / 2 if noise else radii / 2
    points = np.stack([x + w / 2 + w * radii * np.cos(angles), y + h / 2 + h * radii * np.sin(angles)], axis=1)
    return polygon([[[(px, py) for px, py in points.tolist()]]])


def _draw_bitmask(box: Sequence[float], _radii: Any, noise: float, rng: np.random.Generator) -> dict[str, Any]:
    counts = ellipse_mask(box, WIDTH, HEIGHT, noise, rng)
    return {"bitmask": {"top": 0, "left": 0, "height": HEIGHT, "width": WIDTH, "rleString": counts}}
