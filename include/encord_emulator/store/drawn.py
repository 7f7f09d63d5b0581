"""What is drawn and answered in a labels part, label by label, whatever the data type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_WHO_AND_WHEN = {"createdAt", "createdBy", "lastEditedAt", "lastEditedBy"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """
    One object or classification with all its frames.

    :param category: ``object`` or ``classification``.
    :param attributes: what an editor log says of it (``ObjectAttributes``, ``ClassificationAttributes``).
    :param content: all that makes it what it is; equal contents are no edit.
    """

    category: str
    attributes: dict[str, Any]
    content: Any


def drawn_labels(part: Mapping[str, Any]) -> dict[str, Drawn]:
    """Return the labels of a labels part by object hash and classification hash."""
    frames: dict[str, dict[int, Any]] = defaultdict(dict)
    for number, label in _placed_objects(part):
        frames[str(label.get("objectHash"))][number] = label
    answers = _mapping(part.get("object_answers"))
    actions = _mapping(part.get("object_actions"))
    found = {
        name: _object(name, frames.get(name, {}), answers.get(name), actions.get(name))
        for name in dict.fromkeys((*frames, *answers))
    }
    for name, answer in _mapping(part.get("classification_answers")).items():
        found[name] = _classification(name, _mapping(answer))
    return found


def _placed_objects(part: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of every frame; the units of an image group are frames in their order, a space begins anew."""
    units = [*enumerate(_mapping(part.get("data_units")).values())]
    spaces = [(0, space) for space in _mapping(part.get("spaces")).values()]
    for position, unit in units + spaces:
        labels = _mapping(_mapping(unit).get("labels"))
        numbered = {str(position): labels} if "objects" in labels else labels
        for number, frame in numbered.items():
            objects = _mapping(frame).get("objects")
            for label in objects if isinstance(objects, list) else []:
                if isinstance(label, dict) and str(number).isdecimal():
                    yield int(number), label


def _object(name: str, frames: Mapping[int, Any], answer: Any, actions: Any) -> Drawn:
    answer = _mapping(answer)
    first = frames[min(frames)] if frames else answer
    attributes = {
        "labelName": _text(first.get("name")),
        "featureId": _text(first.get("featureHash")),
        "labelRanges": _ranges(frames) if frames else _given_ranges(answer),
        "objectShape": _text(first.get("shape")),
        "objectCurrentFrame": min(frames) if frames else None,
        "objectHash": name,
        "objectId": None,
    }
    places = {number: _plain(label) for number, label in frames.items()}
    return Drawn("object", attributes, (places, _plain(answer), _plain(_mapping(actions))))


def _classification(name: str, answer: Mapping[str, Any]) -> Drawn:
    questions = answer.get("classifications")
    first = _mapping(questions[0]) if isinstance(questions, list) and questions else {}
    attributes = {
        "labelName": _text(first.get("name")),
        "featureId": _text(answer.get("featureHash")),
        "labelRanges": _given_ranges(answer),
        "classificationHash": name,
    }
    return Drawn("classification", attributes, _plain(answer))


def _plain(label: Mapping[str, Any]) -> dict[str, Any]:
    """Return a label without who made it and when, which a second save may fill in anew."""
    return {key: value for key, value in label.items() if key not in _WHO_AND_WHEN}


def _ranges(frames: Iterable[int]) -> list[list[int]]:
    """
    Return frames as inclusive ranges.

    >>> _ranges([4, 0, 1, 2])
    [[0, 2], [4, 4]]
    """
    ranges: list[list[int]] = []
    for frame in sorted(frames):
        if ranges and frame == ranges[-1][1] + 1:
            ranges[-1][1] = frame
        else:
            ranges.append([frame, frame])
    return ranges


def _given_ranges(answer: Mapping[str, Any]) -> list[list[int]]:
    given = answer.get("range")
    pairs = given if isinstance(given, list) else []
    return [
        pair
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(end, int) for end in pair)
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
