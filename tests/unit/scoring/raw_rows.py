"""
Label rows of every shape as raw dictionaries, drawn by hypothesis.

Shapes are drawn on the whole pixels of an image of 200 x 100, and written as Encord writes them: fractions. A scene is
a list of ``Item``: what is drawn, and what became of it at the annotator's hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.unit.scoring.raw_geometry import HEIGHT, WIDTH, Drawing, geometry

FRAMES = 2

IMAGE_SHAPES = (
    "bounding_box",
    "rotatable_bounding_box",
    "circle",
    "ellipse",
    "point",
    "polyline",
    "polygon",
    "cuboid_2d",
    "skeleton",
    "bitmask",
    "cuboid",
)
RANGE_SHAPES = {"audio": "audio", "plain_text": "text"}
CLASSES = {shape: (f"{shape}:1", f"{shape}:2") for shape in (*IMAGE_SHAPES, *RANGE_SHAPES.values())}

_OPTIONS = ("sedan", "truck")
_QUESTIONS = [
    {
        "id": "1.1",
        "name": "Kind",
        "type": "radio",
        "featureNodeHash": "kind",
        "required": False,
        "dynamic": False,
        "options": [
            {"id": f"1.1.{number}", "label": name, "value": name, "featureNodeHash": name}
            for number, name in enumerate(_OPTIONS, 1)
        ],
    }
]
ONTOLOGY: dict[str, Any] = {
    "objects": [
        {
            "id": str(number),
            "name": feature_hash.replace(":", " "),
            "color": "#D33115",
            "shape": shape,
            "featureNodeHash": feature_hash,
            "required": False,
            # A question has one owner: the boxes.
            "attributes": _QUESTIONS if feature_hash == CLASSES["bounding_box"][0] else [],
        }
        for number, (shape, feature_hash) in enumerate(
            ((shape, feature_hash) for shape, pair in CLASSES.items() for feature_hash in pair), 1
        )
    ],
    "classifications": [
        {
            "id": "99",
            "featureNodeHash": "weather",
            "attributes": [
                {
                    "id": "99.1",
                    "name": "Weather",
                    "type": "radio",
                    "featureNodeHash": "weather?",
                    "required": False,
                    "dynamic": False,
                    "options": [
                        {"id": f"99.1.{number}", "label": name, "value": name, "featureNodeHash": name}
                        for number, name in enumerate(("sunny", "rain"), 1)
                    ],
                }
            ],
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Item:
    """
    One object of a scene.

    ``drawing`` are whole pixels: left, top, width, height, and a variant of the shape. The annotator's is ``moved``
    by pixels, of class ``given``, and there only if ``submitted``; the truth's is there if ``true``.
    """

    shape: str
    frame: int
    drawing: Drawing
    true: bool
    submitted: bool
    moved: tuple[int, int]
    classes: tuple[int, int]
    answers: tuple[str | None, str | None]


def items(shapes: tuple[str, ...] = IMAGE_SHAPES) -> st.SearchStrategy[Item]:
    """Return objects that are mostly found, often drawn loosely, and sometimes missing, extra or of the wrong class."""
    drawing = st.tuples(
        st.integers(10, 120), st.integers(10, 50), st.integers(4, 40), st.integers(4, 30), st.integers(0, 5)
    )
    there = st.sampled_from([(True, True), (True, True), (True, True), (True, False), (False, True)])
    answers = st.sampled_from([None, *_OPTIONS])
    built = st.tuples(
        st.sampled_from(shapes),
        st.integers(0, FRAMES - 1),
        drawing,
        there,
        st.tuples(st.integers(-4, 4), st.integers(-4, 4)),
        st.sampled_from([(0, 0), (0, 0), (1, 1), (0, 1)]),
        st.tuples(answers, answers),
    )
    return built.map(lambda one: Item(*one[:3], *one[3], *one[4:]))


def scenes(shapes: tuple[str, ...] = IMAGE_SHAPES) -> st.SearchStrategy[list[Item]]:
    return st.lists(items(shapes), max_size=6)


def truth(scene: list[Item], **how: Any) -> dict[str, Any]:
    """Return the ground truth's row of a scene (see ``row``)."""
    drawn = [(f"t{index}", item, item.classes[0], item.answers[0]) for index, item in enumerate(scene) if item.true]
    return row(drawn, **how)


def submission(scene: list[Item], **how: Any) -> dict[str, Any]:
    """Return the annotator's row of a scene (see ``row``)."""
    drawn = [
        (f"s{index}", _moved(item), item.classes[1], item.answers[1])
        for index, item in enumerate(scene)
        if item.submitted
    ]
    return row(drawn, **how)


def row(
    drawn: list[tuple[str, Item, int, str | None]],
    *,
    backwards: bool = False,
    scale: int = 1,
    collinear: bool = False,
    weather: str | None = None,
) -> dict[str, Any]:
    """
    Return a label row of a video with two frames.

    :param backwards: everything in the other way round.
    :param scale: how many times as large the image is, with its labels.
    :param collinear: whether lines and outlines have a vertex more in the middle of each side.
    """
    frames: dict[str, Any] = {str(frame): {"objects": [], "classifications": []} for frame in range(FRAMES)}
    object_answers = {}
    for object_hash, item, place, answer in drawn:
        feature_hash = CLASSES[item.shape][place]
        frames[str(item.frame)]["objects"].append(
            {
                "name": feature_hash,
                "color": "#D33115",
                "shape": item.shape,
                "value": feature_hash,
                "confidence": 1.0,
                "objectHash": object_hash,
                "featureHash": feature_hash,
                "manualAnnotation": True,
                "createdBy": "ann@example.com",
                "createdAt": "Sat, 21 Mar 2026 11:21:51 GMT",
                **geometry(item.shape, item.drawing, scale, collinear),
            }
        )
        asked = answer is not None and feature_hash == CLASSES["bounding_box"][0]
        answers = [_answer("kind", "Kind", str(answer))] if asked else []
        object_answers[object_hash] = {"objectHash": object_hash, "classifications": answers}
    turn = _backwards if backwards else _unchanged
    return blob("video", turn(frames), turn(object_answers), _weather(weather), WIDTH * scale, HEIGHT * scale)


def range_row(data_type: str, ranges: dict[str, list[tuple[int, int]]], *, backwards: bool = False) -> dict[str, Any]:
    """Return a row of audio or text with one object per entry of ``ranges``, by object hash."""
    feature_hash = CLASSES[RANGE_SHAPES[data_type]][0]
    answers = {
        object_hash: {
            "objectHash": object_hash,
            "featureHash": feature_hash,
            "name": feature_hash,
            "shape": RANGE_SHAPES[data_type],
            "classifications": [],
            "range": [list(pair) for pair in sorted(stretches, reverse=backwards)],
        }
        for object_hash, stretches in sorted(ranges.items(), reverse=backwards)
    }
    return blob(data_type, {}, answers, {}, None, None)


def blob(
    data_type: str,
    labels: dict[str, Any],
    object_answers: dict[str, Any],
    classification_answers: dict[str, Any],
    width: int | None,
    height: int | None,
) -> dict[str, Any]:
    """Return a label row with one data unit."""
    unit = {"data_hash": "unit", "data_title": "x", "data_type": data_type, "data_sequence": 0, "labels": labels}
    if width is not None:
        unit |= {"width": width, "height": height}
    return {
        "label_hash": "label",
        "branch_name": "main",
        "data_hash": "unit",
        "data_title": "x",
        "data_type": data_type,
        "data_units": {"unit": unit},
        "object_answers": object_answers,
        "classification_answers": classification_answers,
        "object_actions": {},
        "spaces": {},
    }


def _moved(item: Item) -> Item:
    x, y, *rest = item.drawing
    return replace(item, drawing=(x + item.moved[0], y + item.moved[1], *rest))


def _weather(option: str | None) -> dict[str, Any]:
    if option is None:
        return {}
    answer = {
        "classificationHash": "weather1",
        "featureHash": "weather",
        "range": [[0, FRAMES - 1]],
        "classifications": [_answer("weather?", "Weather", option)],
    }
    return {"weather1": answer}


def _answer(attribute_hash: str, name: str, option: str) -> dict[str, Any]:
    chosen = [{"name": option, "value": option, "featureHash": option}]
    return {"name": name, "value": name.lower(), "answers": chosen, "featureHash": attribute_hash}


def _backwards(value: Any) -> Any:
    """Turn the order of frames and labels; coordinates stay."""
    if isinstance(value, list):
        return value[::-1]
    turned = reversed(value.items())
    return {key: {**inner, "objects": inner["objects"][::-1]} if "objects" in inner else inner for key, inner in turned}


def _unchanged(value: Any) -> Any:
    return value
