from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from include.benchmark_qa.labels.answers import read_answers
from include.benchmark_qa.labels.geometry import GeometryError, read_geometry
from include.benchmark_qa.labels.model import (
    FRAMED_TYPES,
    FRAMELESS_TYPES,
    AnswerValue,
    LabelClassification,
    LabelObject,
    LabelRow,
    Size,
)
from include.benchmark_qa.labels.ontology import OntologyIndex

Blob = Mapping[str, Any]


def is_unsaved(blob: Blob) -> bool:
    """Say whether nobody ever saved labels here: Encord gives such a row a null label hash."""
    return "label_hash" in blob and blob["label_hash"] is None


def frame_sizes(blob: Blob) -> dict[int, Size]:
    """Return width and height in pixels by frame; -1 stands for every frame; unknown sizes are left out."""
    sizes: dict[int, Size] = {}
    for unit in blob["data_units"].values():
        width, height = unit.get("width"), unit.get("height")
        if isinstance(width, int | float) and isinstance(height, int | float) and width > 0 and height > 0:
            sizes[_unit_frame(blob, unit)] = (float(width), float(height))
    return sizes


def read_label_row(blob: Blob, ontology: OntologyIndex, sizes: Mapping[int, Size]) -> LabelRow:
    """
    Read a raw label blob (``to_encord_dict()``) without building SDK objects.

    :param sizes: from ``frame_sizes``; ground truth and submission must be read with the same ones.
    :return: the labels; whatever cannot be compared is named in ``problems`` and left out.
    :raises ValueError, KeyError, TypeError, AttributeError: when the blob is not a label row at all.
    """
    data_type = str(blob["data_type"])
    if data_type not in FRAMED_TYPES | FRAMELESS_TYPES or blob.get("spaces"):
        return LabelRow(data_type, problems=(f"data type {data_type!r} is not supported",))
    problems: list[str] = []
    objects = tuple(_read_objects(blob, ontology, sizes, problems))
    drawn = {label.object_hash: label.feature_hash for label in objects}
    problems += _unsupported_answers(blob, ontology, drawn.keys())
    return LabelRow(
        data_type,
        objects,
        dict(_read_object_answers(blob, ontology, drawn.keys(), problems)),
        tuple(_read_classifications(blob, ontology, problems)),
        tuple(problems),
    )


def _read_objects(
    blob: Blob, ontology: OntologyIndex, sizes: Mapping[int, Size], problems: list[str]
) -> Iterator[LabelObject]:
    for frame, drawn in _drawn_objects(blob):
        feature_hash, object_hash = str(drawn["featureHash"]), str(drawn["objectHash"])
        shape = ontology.shapes.get(feature_hash)
        if shape is None:
            problems.append(f"object {object_hash}: feature {feature_hash!r} is not in the ontology")
            continue
        size = sizes.get(frame) or sizes.get(-1) or (1.0, 1.0)
        try:
            geometry = read_geometry(shape, drawn, size)
        except GeometryError as error:
            name = ontology.names[feature_hash]
            problems.append(f"{name} {object_hash} on frame {frame} {error}")
            continue
        yield LabelObject(feature_hash, object_hash, shape, frame, geometry)


def _drawn_objects(blob: Blob) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for unit in blob["data_units"].values():
        labels = unit.get("labels") or {}
        if "objects" in labels or "classifications" in labels:
            for drawn in labels.get("objects") or ():
                yield int(unit.get("data_sequence") or 0), drawn
        else:
            for frame, frame_labels in labels.items():
                for drawn in frame_labels.get("objects") or ():
                    yield int(frame), drawn


def _unit_frame(blob: Blob, unit: Mapping[str, Any]) -> int:
    return int(unit.get("data_sequence") or 0) if blob["data_type"] in {"image", "img_group"} else -1


def _unsupported_answers(blob: Blob, ontology: OntologyIndex, drawn: Any) -> Iterator[str]:
    """Name what the scorer does not compare yet, rather than score without it."""
    for object_hash, answer in (blob.get("object_answers") or {}).items():
        if object_hash not in drawn and (answer.get("range") or answer.get("range_html")):
            shape = ontology.shapes.get(str(answer.get("featureHash")), "range")
            yield f"object {object_hash}: shape {shape!r} is not supported"
    for object_hash, actions in (blob.get("object_actions") or {}).items():
        if object_hash in drawn and actions.get("actions"):
            name = actions["actions"][0].get("name")
            yield f"object {object_hash}: dynamic attribute {name!r} is not supported"


def _read_object_answers(
    blob: Blob, ontology: OntologyIndex, drawn: Any, problems: list[str]
) -> Iterator[tuple[str, Mapping[str, AnswerValue]]]:
    for object_hash, entry in (blob.get("object_answers") or {}).items():
        if object_hash in drawn:  # real blobs keep the answers of objects that were deleted
            answers = read_answers(entry.get("classifications") or (), ontology)
            problems += [f"object {object_hash}: {problem}" for problem in answers.problems]
            yield str(object_hash), answers.values


def _read_classifications(blob: Blob, ontology: OntologyIndex, problems: list[str]) -> Iterator[LabelClassification]:
    for classification_hash, entry in (blob.get("classification_answers") or {}).items():
        feature_hash = str(entry.get("featureHash"))
        if ontology.shapes.get(feature_hash) != "classification":
            problems.append(f"classification {classification_hash}: feature {feature_hash!r} is not in the ontology")
            continue
        answers = read_answers(entry.get("classifications") or (), ontology)
        problems += [f"classification {classification_hash}: {problem}" for problem in answers.problems]
        ranges = tuple(sorted((int(first), int(last)) for first, last in entry.get("range") or ((0, 0),)))
        if any(first > last for first, last in ranges):
            problems.append(f"classification {classification_hash}: a range ends before it begins: {ranges}")
            continue
        yield LabelClassification(feature_hash, str(classification_hash), ranges, answers.values)
