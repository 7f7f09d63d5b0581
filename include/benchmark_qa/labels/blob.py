from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

# Parts of Encord's label JSON, as SDK 0.1.211 writes them. Ontology objects, attributes and options are the
# dictionaries of `OntologyStructure.to_dict()`; coordinates are fractions of width and height, y downwards.

FRAMED_DATA_TYPES = frozenset({"video", "dicom", "nifti", "pdf"})
SINGLE_FRAME_DATA_TYPES = frozenset({"image", "img_group"})

Point = tuple[float, float]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """Who drew a label, and when (timezone aware); ``by`` None leaves the name to the server."""

    by: str | None
    at: datetime

    def as_dict(self) -> Json:
        """Return the four who-and-when fields as Encord spells them (RFC 1123 dates)."""
        stamp = format_datetime(self.at.astimezone(UTC), usegmt=True)
        return {"createdAt": stamp, "createdBy": self.by, "lastEditedAt": stamp, "lastEditedBy": self.by}


@dataclass(frozen=True, slots=True)
class LabelPart:
    """One object (with its geometry per frame) or one classification, ready for ``fill_label_row``."""

    frames: Mapping[int, Json] = field(default_factory=dict)
    object_answer: Json | None = None
    classification_answer: Json | None = None


def bounding_box(x: float, y: float, w: float, h: float) -> Json:
    """Return the geometry of an upright box: left, top, width and height as fractions."""
    return {"boundingBox": {"h": h, "w": w, "x": x, "y": y}}


def polygon(parts: Sequence[Sequence[Sequence[Point]]]) -> Json:
    """
    Return the geometry of a polygon.

    :param parts: one or more parts; each is its outer ring followed by its holes; a ring is a sequence of
        ``(x, y)`` fractions, not closed.
    """
    if not parts or not parts[0] or not parts[0][0]:
        raise ValueError("a polygon needs at least one part with an outer ring")
    outer = {str(index): {"x": x, "y": y} for index, (x, y) in enumerate(parts[0][0])}
    flat = [[[value for point in ring for value in point] for ring in part] for part in parts]
    return {"polygon": outer, "polygons": flat}


def radio_answer(attribute: Mapping[str, Any], option_hash: str) -> Json:
    """Return the answer of a radio question; nested questions of the option are answers of their own."""
    return checklist_answer(attribute, [option_hash])


def checklist_answer(attribute: Mapping[str, Any], option_hashes: Iterable[str]) -> Json:
    """Return the answer of a checklist, with options in the ontology's order."""
    options = {option["featureNodeHash"]: option for option in attribute.get("options") or ()}
    chosen = set(option_hashes)
    if unknown := chosen - options.keys():
        raise ValueError(f"attribute {attribute['name']!r} has no option {sorted(unknown)}")
    answers = [
        {"name": option["label"], "value": option["value"], "featureHash": option_hash}
        for option_hash, option in options.items()
        if option_hash in chosen
    ]
    return _answer(attribute, answers)


def text_answer(attribute: Mapping[str, Any], text: str) -> Json:
    """Return the answer of a free-text question."""
    return _answer(attribute, text)


def object_part(
    ontology_object: Mapping[str, Any],
    geometries: Mapping[int, Json],
    *,
    object_hash: str,
    edit: Edit,
    answers: Sequence[Json] = (),
) -> LabelPart:
    """
    Return one object of the ontology with its static answers.

    :param geometries: frame number to geometry (``bounding_box``, ``polygon``); images have the frame 0.
    :param object_hash: eight characters, unique in the label row.
    :param answers: from the ``*_answer`` functions, nested ones beside their parents.
    """
    drawn = {
        "name": ontology_object["name"],
        "color": ontology_object["color"],
        "shape": ontology_object["shape"],
        "value": _value_of(ontology_object["name"]),
        "confidence": 1.0,
        "objectHash": object_hash,
        "featureHash": ontology_object["featureNodeHash"],
        "manualAnnotation": True,
        **edit.as_dict(),
    }
    frames = {frame: {**drawn, **geometry} for frame, geometry in geometries.items()}
    return LabelPart(frames=frames, object_answer={"classifications": list(answers), "objectHash": object_hash})


def classification_part(
    ontology_classification: Mapping[str, Any],
    answers: Sequence[Json],
    *,
    classification_hash: str,
    edit: Edit,
    ranges: Sequence[tuple[int, int]] = ((0, 0),),
) -> LabelPart:
    """
    Return one classification with its answers.

    :param classification_hash: eight characters, unique in the label row.
    :param ranges: first and last frame (both inclusive) of each stretch; the default suits an image or a
        whole file.
    """
    answer = {
        "classifications": list(answers),
        "classificationHash": classification_hash,
        # SDK 0.1.211 drops a classification without these two, in silence.
        "featureHash": ontology_classification["featureNodeHash"],
        "range": [list(pair) for pair in ranges],
        "spaces": {},
        "confidence": 1.0,
        "manualAnnotation": True,
        **edit.as_dict(),
    }
    return LabelPart(classification_answer=answer)


def fill_label_row(label_row: Mapping[str, Any], parts: Iterable[LabelPart]) -> Json:
    """
    Return a copy of the label row that holds these labels and no others.

    :param label_row: a label blob with its data units, as Encord sends it for a fresh row.
    :raises ValueError: when a part has a frame that the label row has not, or two parts share a hash.
    """
    filled = copy.deepcopy(dict(label_row))
    filled.update(object_answers={}, classification_answers={}, object_actions={})
    for unit in filled["data_units"].values():
        unit["labels"] = _empty_labels(str(filled["data_type"]))
    for part in parts:
        _put_part(filled, part)
    return filled


def _put_part(label_row: Json, part: LabelPart) -> None:
    for answer, key, answers in (
        (part.object_answer, "objectHash", label_row["object_answers"]),
        (part.classification_answer, "classificationHash", label_row["classification_answers"]),
    ):
        if answer is None:
            continue
        if answer[key] in answers:
            raise ValueError(f"{key} {answer[key]!r} is used twice in label row {label_row.get('data_title')!r}")
        answers[answer[key]] = copy.deepcopy(answer)
    for frame, drawn in part.frames.items():
        _frame_labels(label_row, frame)["objects"].append(copy.deepcopy(drawn))


def _frame_labels(label_row: Json, frame: int) -> Json:
    data_type, units = label_row["data_type"], list(label_row["data_units"].values())
    if data_type in FRAMED_DATA_TYPES and len(units) == 1:
        labels: Json = units[0]["labels"].setdefault(str(frame), {"objects": [], "classifications": []})
        return labels
    for unit in units if data_type in SINGLE_FRAME_DATA_TYPES else ():
        if int(unit["data_sequence"]) == frame:
            found: Json = unit["labels"]
            return found
    raise ValueError(f"label row {label_row.get('data_title')!r} ({data_type}) has no frame {frame} to draw on")


def _empty_labels(data_type: str) -> Json:
    return {"objects": [], "classifications": []} if data_type in SINGLE_FRAME_DATA_TYPES else {}


def _answer(attribute: Mapping[str, Any], answers: list[Json] | str) -> Json:
    return {
        "name": attribute["name"],
        "value": _value_of(attribute["name"]),
        "answers": answers,
        "featureHash": attribute["featureNodeHash"],
        "manualAnnotation": True,
    }


def _value_of(name: str) -> str:
    return "_".join(name.lower().split())
