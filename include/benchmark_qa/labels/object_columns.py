from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, Geometry, IntArray, ObjectColumns
from include.benchmark_qa.labels.masks import masks_fit
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.tables import TABLES
from include.benchmark_qa.labels.vocabulary import Vocabulary

_SHAPES: Final = tuple(TABLES)


class FrameEntry(NamedTuple):
    """So many objects lie on this frame of this row; its size in pixels is NaN where unknown."""

    row: int
    frame: int
    width: float
    height: float
    objects: int


def object_columns(
    objects: Sequence[Any],
    owners: Sequence[int],
    frames: Sequence[FrameEntry],
    ontology: OntologyIndex,
    vocabulary: Vocabulary,
) -> tuple[ObjectColumns, BoolArray]:
    """
    Put objects into columns, and say which of them are in order.

    :param objects: of all rows, frame after frame.
    :param owners: for each, the object that it is a sight of.
    """
    table = np.array(frames, np.float64).reshape(-1, 5)
    counts = table[:, 4].astype(np.int64)
    row, frame = (np.repeat(table[:, column].astype(np.int64), counts) for column in (0, 1))
    size = np.repeat(table[:, 2:4], counts, axis=0)
    codes = ontology.class_codes
    feature = np.fromiter((codes.get(one.feature_hash, -1) for one in objects), np.int64, len(objects))
    owner = np.array(owners, np.int64)
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number any more is found to be out of order
        geometry, slot, right = _geometry(objects, _shapes_of(ontology)[feature], size, vocabulary)
    right &= ~_drawn_twice(owner, frame) & _of_one_class(owner, feature)
    return ObjectColumns(row, frame, feature, owner, size, slot, geometry), right


def _shapes_of(ontology: OntologyIndex) -> IntArray:
    """Return the place of each class's shape in ``_SHAPES``, by code; -1 for others, and at the end for no class."""
    places = {shape: place for place, shape in enumerate(_SHAPES)}
    return np.array([*(places.get(ontology.shapes[one], -1) for one in ontology.class_hashes), -1], np.int64)


def _geometry(
    objects: Sequence[Any], shapes: IntArray, size: FloatArray, vocabulary: Vocabulary
) -> tuple[dict[str, Geometry], IntArray, BoolArray]:
    geometry: dict[str, Geometry] = {}
    slot = np.zeros(len(objects), np.int64)
    right = np.zeros(len(objects), bool)
    for place, shape in enumerate(_SHAPES):
        index = np.flatnonzero(shapes == place)
        if len(index):
            chosen = objects if len(index) == len(objects) else [objects[one] for one in index.tolist()]
            table, right[index] = TABLES[shape](chosen, vocabulary)
            slot[index] = np.arange(len(index))
            geometry[shape] = table
            if isinstance(table, tuple):
                right[index] &= masks_fit(table, size[index])
    return geometry, slot, right


def _drawn_twice(owner: IntArray, frame: IntArray) -> BoolArray:
    """Say which objects are on a frame more than once."""
    twice = np.zeros(len(owner), bool)
    order = np.lexsort((frame, owner))
    same = (np.diff(owner[order]) == 0) & (np.diff(frame[order]) == 0)
    twice[order[1:][same]] = True
    return twice


def _of_one_class(owner: IntArray, feature: IntArray) -> BoolArray:
    """Say which objects are of the class that they have on their other frames."""
    class_of = np.zeros(owner.max(initial=-1) + 1, np.int64)
    class_of[owner] = feature
    found: BoolArray = class_of[owner] == feature
    return found
