"""
Whether labels fit the project's ontology and the media: what ``is_valid`` and the validation state say.

Encord publishes no list of its checks; these are the ones that the SDK's reading of labels depends on, and required
attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from include.encord_emulator.labels.documents import Blob, numbered_frames
from include.encord_emulator.labels.features import Attribute, Feature, Features
from include.encord_emulator.store.database import Record

PROBLEMS_KEPT = 100
GEOMETRY = {
    "bounding_box": "boundingBox",
    "rotatable_bounding_box": "rotatableBoundingBox",
    "polygon": "polygon",
    "polyline": "polyline",
    "point": "point",
    "skeleton": "skeleton",
    "bitmask": "bitmask",
    "cuboid": "cuboid",
    "cuboid_2d": "cuboid_2d",
    "circle": "circle",
    "ellipse": "ellipse",
    "segmentation": "segmentation",
}
"""Shape of an ontology object to the key of its geometry; text, audio and time ranges live in the answers."""
_ROUNDING = 1e-6
_LENGTH_NOT_KNOWN = {"dicom", "plain_text", "group", "time_series"}


def find_problems(part: Blob, unit: Record, features: Features, *, required: bool = True) -> list[str]:
    """
    Return what is wrong with a labels part, in words; an empty list is a valid one.

    :param required: whether required attributes must be answered.
    """
    found = dict.fromkeys(_problems(part, unit, features, required))
    return list(found)[:PROBLEMS_KEPT]


def _problems(part: Blob, unit: Record, features: Features, required: bool) -> Iterator[str]:
    drawn: dict[str, Feature] = {}
    for holders in (part["data_units"], part.get("spaces") or {}):
        for holder in holders.values():
            for number, frame in numbered_frames(holder):
                for label in frame.get("objects") or []:
                    yield from _of_object(label, f"object {label['objectHash']} on frame {number}", features, drawn)
    yield from _of_object_answers(part, unit, features, drawn, required)
    yield from _of_classifications(part, unit, features, required)


def _of_object(label: Blob, where: str, features: Features, drawn: dict[str, Feature]) -> Iterator[str]:
    feature = features.objects.get(label["featureHash"])
    if feature is None:
        yield f"object {label['objectHash']}: feature {label['featureHash']} is not in the ontology"
        return
    if drawn.setdefault(label["objectHash"], feature) is not feature:
        yield f"{where}: its feature differs from frame to frame"
    if label.get("shape") not in {None, feature.shape}:
        yield f"{where}: shape {label['shape']} instead of {feature.shape}"
    key = GEOMETRY.get(feature.shape or "")
    if key is None or (label.get(key) is None and not (key == "polygon" and label.get("polygons"))):
        yield f"{where}: no {key or 'geometry'}"
    elif any(not -_ROUNDING <= number <= 1 + _ROUNDING for number in _relative(key, label.get(key) or {})):
        yield f"{where}: {key} reaches beyond the media"


def _relative(key: str, geometry: Any) -> Iterable[float]:
    """Return the numbers of a geometry that must be from 0 to 1; none for what is in other units."""
    if key in _RELATIVE:
        return _RELATIVE[key](geometry)
    points = list(geometry.values()) if isinstance(geometry, dict) else geometry
    if key not in {"polygon", "polyline", "point", "skeleton"} or any(point.get("z") is not None for point in points):
        return ()
    return [point[axis] for point in points for axis in ("x", "y")]


_RELATIVE: dict[str, Callable[[Any], Iterable[float]]] = {
    "boundingBox": lambda box: (box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"]),
    "rotatableBoundingBox": lambda box: (box["x"], box["y"], box["w"], box["h"]),
    "circle": lambda circle: (circle["x"], circle["y"]),
    "ellipse": lambda ellipse: (ellipse["x"], ellipse["y"]),
    "cuboid_2d": lambda cuboid: cuboid["front"],
}


def _of_object_answers(
    part: Blob, unit: Record, features: Features, drawn: dict[str, Feature], required: bool
) -> Iterator[str]:
    for key, answer in part["object_answers"].items():
        where = f"object {key}"
        if answer.get("featureHash"):
            feature = features.objects.get(answer["featureHash"])
            yield from _of_range(answer.get("range"), unit, where)
        else:
            feature = drawn.get(key)
        if feature is None:
            if answer.get("featureHash"):
                yield f"{where}: feature {answer['featureHash']} is not in the ontology"
            continue
        if answer.get("shape") not in {None, feature.shape}:
            yield f"{where}: shape {answer['shape']} instead of {feature.shape}"
        actions = (part["object_actions"].get(key) or {}).get("actions") or []
        for action in actions:
            yield from _of_range(action["range"], unit, where)
        yield from _of_attributes(feature, [*(answer.get("classifications") or []), *actions], where, required)


def _of_classifications(part: Blob, unit: Record, features: Features, required: bool) -> Iterator[str]:
    for key, answer in part["classification_answers"].items():
        where = f"classification {key}"
        feature = features.classifications.get(answer["featureHash"])
        if feature is None:
            yield f"{where}: feature {answer['featureHash']} is not in the ontology"
            continue
        yield from _of_range(answer["range"], unit, where)
        yield from _of_attributes(feature, answer.get("classifications") or [], where, required)


def _of_range(spans: Sequence[Sequence[int]] | None, unit: Record, where: str) -> Iterator[str]:
    frames = unit["media"]["frames"]
    last = frames if unit["data_type"] == "audio" else frames - 1
    for start, end in spans or []:
        if start > end:
            yield f"{where}: the range {start} to {end} runs backwards"
        elif end > last and unit["data_type"] not in _LENGTH_NOT_KNOWN:
            yield f"{where}: the range {start} to {end} reaches beyond frame {last}"


def _of_attributes(feature: Feature, answers: Sequence[Blob], where: str, required: bool) -> Iterator[str]:
    known = feature.attribute_map()
    given: dict[str, Any] = {}
    for answer in answers:
        attribute = known.get(answer["featureHash"])
        if attribute is None:
            yield f"{where}: attribute {answer['featureHash']} is not one of {feature.name!r}"
            continue
        given[attribute.hash] = answer.get("answers")
        if not _fits(attribute, answer.get("answers")):
            yield f"{where}: the answer to {attribute.name!r} is no {attribute.type} answer of the ontology"
    if required:
        for attribute in feature.attributes:
            yield from _unanswered(attribute, given, where)


def _fits(attribute: Attribute, value: Any) -> bool:
    if value is None:
        return True
    if attribute.type == "text":
        return isinstance(value, str)
    if attribute.type == "numeric":
        return isinstance(value, (int, float))
    if not isinstance(value, list) or (attribute.type == "radio" and len(value) > 1):
        return False
    return all(option["featureHash"] in attribute.options for option in value)


def _unanswered(attribute: Attribute, given: dict[str, Any], where: str) -> Iterator[str]:
    """Yield the required attributes without an answer, below chosen options too."""
    value = given.get(attribute.hash)
    if attribute.required and not attribute.archived and value in (None, "", []):
        yield f"{where}: the required attribute {attribute.name!r} has no answer"
    if isinstance(value, list):
        for option in value:
            for nested in attribute.options.get(option["featureHash"], ()):
                yield from _unanswered(nested, given, where)
