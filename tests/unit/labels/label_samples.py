from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from encord.objects import LabelRowV2, OntologyStructure, Shape
from encord.objects.attributes import ChecklistAttribute, NumericAttribute, RadioAttribute, TextAttribute
from encord.orm.storage import (
    CustomerProvidedAudioMetadata,
    CustomerProvidedImageMetadata,
    CustomerProvidedPdfMetadata,
    CustomerProvidedTextMetadata,
    CustomerProvidedVideoMetadata,
)

from include.benchmark_qa.labels.assembling import assemble
from include.benchmark_qa.labels.careful_rows import read_carefully
from include.benchmark_qa.labels.columns import AnswerColumns, Areas, LabelColumns, Masks, Ragged
from include.benchmark_qa.labels.ontology import OntologyIndex, index_ontology
from include.benchmark_qa.labels.reading import read_labels
from include.benchmark_qa.labels.vocabulary import Vocabulary

WIDTH, HEIGHT = 20, 10
SHAPES = (
    *(Shape.BOUNDING_BOX, Shape.ROTATABLE_BOUNDING_BOX, Shape.CIRCLE, Shape.ELLIPSE, Shape.POINT, Shape.POLYLINE),
    *(Shape.POLYGON, Shape.CUBOID_2D, Shape.SKELETON, Shape.BITMASK, Shape.CUBOID, Shape.AUDIO, Shape.TEXT),
    *(Shape.TIME_RANGE, Shape.SEGMENTATION),
)


@cache
def structure() -> OntologyStructure:
    """One class for each shape, all with the same questions; one classification with all kinds of questions."""
    found = OntologyStructure()
    for shape in SHAPES:
        _ask(found.add_object(shape.value, shape, feature_node_hash=f"{shape.value}!"), f"{shape.value}?")
    _ask(found.add_classification(feature_node_hash="scene!"), "scene?", dynamic=False, required=True)
    return found


def _ask(feature: Any, prefix: str, *, dynamic: bool = True, required: bool = False) -> None:
    kind = feature.add_attribute(RadioAttribute, "Kind", feature_node_hash=f"{prefix}kind")
    big = kind.add_option("Big", feature_node_hash=f"{prefix}big")
    kind.add_option("Small", feature_node_hash=f"{prefix}small")
    big.add_nested_attribute(TextAttribute, "How big", feature_node_hash=f"{prefix}how")
    colours = big.add_nested_attribute(ChecklistAttribute, "Colours", feature_node_hash=f"{prefix}colours")
    for colour in ("red", "green", "blue"):
        colours.add_option(colour, feature_node_hash=f"{prefix}{colour}")
    if required:
        return
    feature.add_attribute(TextAttribute, "Note", feature_node_hash=f"{prefix}note")
    feature.add_attribute(NumericAttribute, "Doors", feature_node_hash=f"{prefix}doors")
    if dynamic:
        moving = feature.add_attribute(RadioAttribute, "Moving", dynamic=True, feature_node_hash=f"{prefix}moving")
        moving.add_option("Yes", feature_node_hash=f"{prefix}yes")
        moving.add_option("No", feature_node_hash=f"{prefix}no")
        lights = feature.add_attribute(ChecklistAttribute, "Lights", dynamic=True, feature_node_hash=f"{prefix}lights")
        for light in ("front", "back"):
            lights.add_option(light, feature_node_hash=f"{prefix}{light}")


@cache
def ontology() -> OntologyIndex:
    return index_ontology(structure().to_dict())


def sdk_row(data_type: str) -> LabelRowV2:
    """Return a detached label row of the real SDK, of 20 x 10 pixels and 12 frames where there are any."""
    image = CustomerProvidedImageMetadata(mime_type="image/png", file_size=1, height=HEIGHT, width=WIDTH)
    media: Any = {
        "image": image,
        "img_group": [image] * 12,
        "video": CustomerProvidedVideoMetadata(
            mime_type="video/mp4", file_size=1, height=HEIGHT, width=WIDTH, fps=12, duration=1
        ),
        "pdf": CustomerProvidedPdfMetadata(file_size=1, num_pages=12),
        "audio": CustomerProvidedAudioMetadata(
            mime_type="audio/wav", file_size=1, duration=2, sample_rate=8000, bit_depth=16, codec="pcm", num_channels=1
        ),
        "plain_text": CustomerProvidedTextMetadata(mime_type="text/plain", file_size=1),
        "html": CustomerProvidedTextMetadata(mime_type="text/html", file_size=1),
    }[data_type]
    return LabelRowV2.from_media_metadata(SimpleNamespace(structure=structure()), media)


@dataclass
class Described:
    """The labels of one row in plain Python, whatever their order was."""

    objects: dict[tuple[str, int], tuple[str, Any]]
    answers: dict[str, dict[str, Any]]
    dynamic_answers: set[tuple[str, str, Any, int]]
    classifications: dict[str, tuple[str, list[tuple[int, int]]]]


def read(*blobs: Any, carefully: bool = False) -> tuple[LabelColumns, Vocabulary]:
    vocabulary = Vocabulary()
    if carefully:
        rows = [read_carefully(blob, ontology()) for blob in blobs]
        columns, doubtful = assemble(rows, ontology(), vocabulary)
        assert not doubtful
        return columns, vocabulary
    return read_labels(blobs, ontology(), vocabulary), vocabulary


def described(columns: LabelColumns, vocabulary: Vocabulary, row: int = 0) -> Described:
    """Turn the columns of one row back into what somebody drew."""
    objects = columns.objects
    found = Described({}, {}, set(), {})
    mine = {}
    for entry in np.flatnonzero(objects.row == row).tolist():
        feature = ontology().class_hashes[objects.feature[entry]]
        object_hash = columns.hashes[objects.owner[entry]]
        mine[objects.owner[entry]] = object_hash
        geometry = _geometry(objects.geometry[ontology().shapes[feature]], objects.slot[entry], vocabulary, feature)
        key = object_hash, int(objects.frame[entry])
        assert key not in found.objects
        found.objects[key] = feature, geometry
    given = columns.classifications
    for entry in np.flatnonzero(given.row == row).tolist():
        mine[given.owner[entry]] = name = columns.hashes[given.owner[entry]]
        feature = ontology().class_hashes[given.feature[entry]]
        _, ranges = found.classifications.setdefault(name, (feature, []))
        ranges.append((int(given.first[entry]), int(given.last[entry])))
    for answer in _answers(columns.answers, mine, vocabulary):
        answers = found.answers.setdefault(answer[0], {})
        assert answer[1] not in answers
        answers[answer[1]] = answer[2]
    for owner, attribute, value, first, last in _answers(columns.dynamic_answers, mine, vocabulary):
        found.dynamic_answers |= {(owner, attribute, value, frame) for frame in range(first, last + 1)}
    return found


def _answers(answers: AnswerColumns, mine: dict[Any, str], vocabulary: Vocabulary) -> list[tuple[Any, ...]]:
    columns = zip(answers.owner, answers.attribute, answers.value, answers.first, answers.last, strict=True)
    return [
        (mine[owner], ontology().attribute_hashes[attribute], vocabulary.values[value], int(first), int(last))
        for owner, attribute, value, first, last in columns
        if owner in mine
    ]


def _geometry(table: Any, slot: int, vocabulary: Vocabulary, feature: str) -> Any:
    if isinstance(table, Areas):
        return [
            [
                table.points[slice(*table.rings[ring : ring + 2])].tolist()
                for ring in range(*table.parts[part : part + 2])
            ]
            for part in range(*table.polygons[slot : slot + 2])
        ]
    if isinstance(table, Masks):
        runs = table.runs.edges[slice(*table.runs.offsets[slot : slot + 2])] - table.runs.begins[slot]
        return table.boxes[slot].tolist(), [pixel for run in runs.tolist() for pixel in range(*run)]
    if not isinstance(table, Ragged):
        return table[slot].tolist()
    values = table.values[slice(*table.offsets[slot : slot + 2])].tolist()
    if feature == "skeleton!":
        return sorted((x, y, vocabulary.values[int(code)], bool(seen)) for x, y, code, seen in values)
    if feature == "text!":
        return [(start, end, vocabulary.values[int(code)]) for start, end, code in values]
    return values
