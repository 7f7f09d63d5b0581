"""Reading a label row in which anything may be wrong: label by label, naming each problem in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from include.benchmark_qa.labels.careful_answers import read_answers
from include.benchmark_qa.labels.careful_geometry import Size, read_geometry
from include.benchmark_qa.labels.careful_ranges import read_extent
from include.benchmark_qa.labels.careful_values import (
    ProblemError,
    frame_of,
    frame_ranges,
    mapping,
    sequence,
    shown,
    text_of,
)
from include.benchmark_qa.labels.data_types import FRAMELESS_TYPES, RANGE_SHAPES, SUPPORTED_TYPES
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.placing import placed_classifications
from include.benchmark_qa.labels.rows import UNKNOWN_SIZE, DrawnFrame, ReadRow, known_size
from include.benchmark_qa.labels.vocabulary import clean
from include.benchmark_qa.labels.wire import (
    Answer,
    ClassificationAnswer,
    DrawnClassification,
    DrawnObject,
    ObjectActions,
    ObjectAnswer,
)

# Nobody reads more; a corrupt video has as many as it has objects.
_MOST_PROBLEMS: Final = 20

_CLASSIFICATION_KEYS: Final = ("classificationHash", "featureHash")


def read_carefully(blob: object, ontology: OntologyIndex) -> ReadRow:
    """
    Read a label row in which something is wrong.

    :param blob: JSON, or what came out of it.
    :return: the labels that can be read; ``problems`` names the others.
    """
    try:
        raw = json.loads(blob) if isinstance(blob, bytes) else blob  # of the parsers, this one knows NaN
    except (ValueError, RecursionError):
        return _corrupt("this is not JSON")
    if not isinstance(raw, Mapping):
        return _corrupt(f"this is {shown(raw)}, not an object")
    reader = _CarefulReader(ontology)
    row = reader.read(raw)
    problems = reader.problems
    if len(problems) > _MOST_PROBLEMS:
        problems = [*problems[:_MOST_PROBLEMS], f"and {len(problems) - _MOST_PROBLEMS} problems more"]
    row.problems = tuple(problems)
    return row


def _corrupt(reason: str) -> ReadRow:
    return ReadRow(problems=(f"the labels are corrupt ({reason})",))


class _CarefulReader:
    def __init__(self, ontology: OntologyIndex) -> None:
        self._ontology = ontology
        self._features: dict[str, str] = {}  # of the objects that could be read, by object hash
        self._drawn: set[tuple[int, str]] = set()
        self.problems: list[str] = []

    def read(self, raw: Mapping[str, Any]) -> ReadRow:
        data_type = raw.get("data_type")
        row = ReadRow(clean(data_type) if isinstance(data_type, str) else "")
        if "label_hash" in raw and raw["label_hash"] is None:
            row.saved = False
            return row
        with self._naming():
            _check_row(raw)
            row.frames = list(self._frames(raw))
            row.object_answers = dict(self._object_answers(raw))
            row.object_actions = dict(self._object_actions(raw))
            row.classification_answers = dict(self._classification_answers(raw))
            row.classification_answers = dict(self._of_the_ontology(row))
        return row

    @contextmanager
    def _naming(self, who: str = "") -> Iterator[None]:
        """Note a problem, with the name of the label that has it, and go on behind it."""
        try:
            yield
        except ProblemError as error:
            self._report(who, str(error))

    def _report(self, who: str, problem: str) -> None:
        # "Car a has x = nan" is a sentence of its own; others are about the label.
        joint = " " if problem.startswith(("has ", "is ", "reaches ")) else ": "
        self.problems.append(f"{who}{joint}{problem}" if who else problem)

    def _frames(self, raw: Mapping[str, Any]) -> Iterator[DrawnFrame]:
        units = mapping(raw["data_units"], "data_units")
        for unit in units.values() if raw["data_type"] not in FRAMELESS_TYPES else ():
            with self._naming():
                unit = mapping(unit, "a data unit")
                yield from self._unit_frames(unit, mapping(unit.get("labels"), "labels"))

    def _unit_frames(self, unit: Mapping[str, Any], labels: Mapping[str, Any]) -> Iterator[DrawnFrame]:
        size = _size(unit)
        if labels.keys() & {"objects", "classifications"}:
            yield self._frame(frame_of(unit.get("data_sequence")), size, labels)
            return
        for frame, of_frame in labels.items():
            with self._naming():
                yield self._frame(frame_of(frame), size, mapping(of_frame, "labels"))

    def _frame(self, frame: int, size: Size, labels: Mapping[str, Any]) -> DrawnFrame:
        objects: list[DrawnObject] = []
        classifications: list[DrawnClassification] = []
        for raw in sequence(labels.get("objects"), "objects"):
            with self._naming(f"an object on frame {frame}"):
                self._add_object(objects, mapping(raw, "an object"), frame, size)
        for raw in sequence(labels.get("classifications"), "classifications"):
            with self._naming(f"a classification on frame {frame}"):
                one = mapping(raw, "a classification")
                classifications.append(DrawnClassification(*(text_of(one, key) for key in _CLASSIFICATION_KEYS)))
        return DrawnFrame(frame, size, objects, classifications)

    def _add_object(self, objects: list[DrawnObject], raw: Mapping[str, Any], frame: int, size: Size) -> None:
        object_hash, feature_hash = text_of(raw, "objectHash"), text_of(raw, "featureHash")
        known = self._features.get(object_hash, feature_hash)
        with self._naming(f"{self._name(feature_hash)} {object_hash} on frame {frame}"):
            shape = self._shape(feature_hash)
            if (frame, object_hash) in self._drawn:
                raise ProblemError("is drawn twice")
            if known != feature_hash:
                raise ProblemError(f"is of another class elsewhere ({self._name(known)})")
            geometry = read_geometry(shape, raw, size)
            objects.append(DrawnObject(object_hash, feature_hash, **geometry))
            self._features[object_hash] = feature_hash
            self._drawn.add((frame, object_hash))

    def _shape(self, feature_hash: str) -> str:
        shape = self._ontology.shapes.get(feature_hash)
        if shape is None:
            raise ProblemError(f"feature {feature_hash!r} is not in the ontology")
        return shape

    def _name(self, feature_hash: str) -> str:
        return self._ontology.names.get(feature_hash, "object")

    def _object_answers(self, raw: Mapping[str, Any]) -> Iterator[tuple[str, ObjectAnswer]]:
        for key, entry in mapping(raw.get("object_answers"), "object_answers").items():
            object_hash = clean(str(key))
            with self._naming(f"object {object_hash}"):
                entry = mapping(entry, "its answers")
                drawn = object_hash in self._features
                extent = ObjectAnswer() if drawn else self._extent(object_hash, entry)
                if extent is not None:
                    extent.classifications = self._answers(object_hash, entry.get("classifications"))
                    yield object_hash, extent

    def _extent(self, object_hash: str, entry: Mapping[str, Any]) -> ObjectAnswer | None:
        """Return an object that is ranges of a file; None for answers of an object that was deleted."""
        placed = entry.get("range") or entry.get("range_html")
        if entry.get("featureHash") is None and not placed:
            return None
        feature_hash = text_of(entry, "featureHash")
        shape = self._ontology.shapes.get(feature_hash)
        if shape not in RANGE_SHAPES and not placed:
            return None
        with self._naming(f"{self._name(feature_hash)} {object_hash}"):
            if self._shape(feature_hash) not in RANGE_SHAPES:
                raise ProblemError(f"shape {shape!r} is not supported")
            extent = read_extent(feature_hash, entry)
            self._features[object_hash] = feature_hash
            return extent
        return None

    def _object_actions(self, raw: Mapping[str, Any]) -> Iterator[tuple[str, ObjectActions]]:
        for key, entry in mapping(raw.get("object_actions"), "object_actions").items():
            object_hash = clean(str(key))
            if object_hash in self._features:
                with self._naming(f"object {object_hash}"):
                    actions = mapping(entry, "its answers").get("actions")
                    yield object_hash, ObjectActions(self._answers(object_hash, actions, dynamic=True))

    def _answers(self, object_hash: str, raw: object, *, dynamic: bool = False) -> list[Answer]:
        who = f"{self._name(self._features[object_hash])} {object_hash}"
        return read_answers(raw, self._ontology, partial(self._report, who), dynamic=dynamic)

    def _classification_answers(self, raw: Mapping[str, Any]) -> Iterator[tuple[str, ClassificationAnswer]]:
        for key, entry in mapping(raw.get("classification_answers"), "classification_answers").items():
            who = f"classification {clean(str(key))}"
            with self._naming(who):
                entry = mapping(entry, "its answers")
                feature_hash = None if entry.get("featureHash") is None else text_of(entry, "featureHash")
                ranges = frame_ranges(entry.get("range"))
                answers = read_answers(entry.get("classifications"), self._ontology, partial(self._report, who))
                yield clean(str(key)), ClassificationAnswer(feature_hash, ranges, answers)

    def _of_the_ontology(self, row: ReadRow) -> Iterator[tuple[str, ClassificationAnswer]]:
        for classification_hash, answer in placed_classifications(row).items():
            with self._naming(f"classification {classification_hash}"):
                if self._ontology.shapes.get(answer.feature_hash or "") != "classification":
                    raise ProblemError(f"feature {answer.feature_hash!r} is not in the ontology")
                yield classification_hash, answer


def _check_row(raw: Mapping[str, Any]) -> None:
    for key in ("data_type", "data_units"):
        if key not in raw:
            raise ProblemError(f"the labels are corrupt (missing {key!r})")
    data_type = raw["data_type"]
    if not isinstance(data_type, str) or data_type not in SUPPORTED_TYPES:
        raise ProblemError(f"data type {shown(data_type)} is not supported")
    if raw.get("spaces"):
        raise ProblemError(f"data type {data_type!r} in several spaces is not supported")


def _size(unit: Mapping[str, Any]) -> Size:
    width, height = unit.get("width"), unit.get("height")
    if isinstance(width, int | float) and isinstance(height, int | float):
        return known_size(width, height)
    return UNKNOWN_SIZE
