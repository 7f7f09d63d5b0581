from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, Geometry, IntArray, Masks, ObjectColumns
from include.benchmark_qa.labels.masks import masks_fit
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.rows import SMALLEST_SIDE, DrawnFrame
from include.benchmark_qa.labels.tables import TABLES
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.labels.wire import LARGEST_FRAME

_SHAPES: Final = tuple(TABLES)


class Sights(NamedTuple):
    """Objects on frames, in any order: row, frame and the frame's size in pixels of each, (n, 2), NaN where unknown."""

    objects: Sequence[Any]
    row: IntArray
    frame: IntArray
    size: FloatArray

    def joined(self, objects: Sequence[Any], row: IntArray) -> Sights:
        """Return these and objects of rows that are on no frame."""
        return Sights(
            [*self.objects, *objects],
            np.concatenate([self.row, row]),
            np.concatenate([self.frame, np.zeros(len(row), np.int64)]),
            np.concatenate([self.size, np.full((len(row), 2), np.nan)]),
        )


def sights_on(frames: Sequence[DrawnFrame], row: IntArray) -> Sights:
    """Return the objects on these frames, which are of these rows."""
    objects = [frame.objects for frame in frames]
    counts = np.array([len(one) for one in objects], np.int64)
    numbers = np.array([frame.frame for frame in frames], np.int64)
    sizes = _known(np.array([frame.size for frame in frames], np.float64).reshape(-1, 2))
    return Sights(
        list(chain.from_iterable(objects)),
        np.repeat(row, counts),
        np.repeat(numbers, counts),
        np.repeat(sizes, counts, axis=0),
    )


def _known(sizes: FloatArray) -> FloatArray:
    """Return sizes with NaN for both sides where either is unknown, for which Encord writes 0."""
    known = np.logical_and.reduce((sizes >= SMALLEST_SIDE) & (sizes <= LARGEST_FRAME), axis=1)
    return np.where(known[:, None], sizes, np.nan)


def object_columns(
    sights: Sights, owner: IntArray, ontology: OntologyIndex, vocabulary: Vocabulary
) -> tuple[ObjectColumns, BoolArray]:
    """
    Put objects into columns, and say which of them are in order.

    :param owner: for each, the object that it is a sight of.
    """
    objects, row, frame, size = sights
    codes = ontology.class_codes
    feature = np.array([codes.get(one.feature_hash, -1) for one in objects], np.int64)
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
            if isinstance(table, Masks):
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
