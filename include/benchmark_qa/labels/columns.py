"""The labels of many label rows as columns: what is read once and compared without a loop over labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from include.benchmark_qa.similarity.mask_runs import MaskRuns

IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ragged:
    """Lists of different lengths, end to end: list ``i`` is ``values[offsets[i]:offsets[i + 1]]``, shape (m, k)."""

    values: FloatArray
    offsets: IntArray

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class Areas:
    """
    Polygons with parts and holes, end to end.

    Polygon ``i`` has the parts ``polygons[i]:polygons[i + 1]``, part ``j`` the rings ``parts[j]:parts[j + 1]`` (the
    outer one, then its holes), ring ``k`` the points ``points[rings[k]:rings[k + 1]]``, shape (m, 2), not closed.
    """

    points: FloatArray
    rings: IntArray
    parts: IntArray
    polygons: IntArray

    def __len__(self) -> int:
        return len(self.polygons) - 1


@dataclass(frozen=True, slots=True)
class Masks:
    """
    Bitmasks by the runs of pixels inside them, which go along Encord's rows.

    ``boxes`` (n, 4) is where each begins and how large it is, in pixels: top, left, height, width.
    """

    runs: MaskRuns
    boxes: FloatArray

    def __len__(self) -> int:
        return len(self.boxes)


# One table per shape; an object's place in it is `ObjectColumns.slot`. Coordinates are as Encord writes them: fractions
# of width and height, angles in degrees clockwise on the screen. The columns:
#   bounding_box             (n, 4)     x, y, w, h
#   rotatable_bounding_box   (n, 5)     x, y, w, h, theta: the box before it is turned around its centre
#   circle                   (n, 5)     x, y, r (a fraction of the width), stretch, theta
#   ellipse                  (n, 5)     x, y, rx, ry, theta
#   point                    (n, 2)     x, y
#   polyline                 Ragged     x, y
#   polygon                  Areas
#   cuboid_2d                (n, 8, 2)  the points of the front face, then those of the back face
#   skeleton                 Ragged     x, y, the node's code in the vocabulary, 1 where it is visible, else 0
#   bitmask                  Masks
#   cuboid                   (n, 9)     position x, y, z, size x, y, z, orientation alpha, beta, gamma in radians
#   audio, time_range, text  Ragged     start, end, and the vocabulary's code of the node in HTML (0 elsewhere)
Geometry: TypeAlias = FloatArray | Ragged | Areas | Masks


@dataclass(frozen=True, slots=True)
class ObjectColumns:
    """
    One entry per object and frame, in any order.

    ``row`` is the label row, ``frame`` the frame (0 where there are none), ``feature`` the class by its code in the
    ontology, ``owner`` the object that this is a sight of (see ``LabelColumns.hashes``), ``size`` (n, 2) the width
    and height of the frame in pixels (NaN where unknown), ``slot`` the place in the table of the class's shape.
    """

    row: IntArray
    frame: IntArray
    feature: IntArray
    owner: IntArray
    size: FloatArray
    slot: IntArray
    geometry: Mapping[str, Geometry]

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True)
class ClassificationColumns:
    """One entry per classification and range of frames, both ends inclusive; one without frames has the range 0, 0."""

    row: IntArray
    feature: IntArray
    owner: IntArray
    first: IntArray
    last: IntArray

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True)
class AnswerColumns:
    """
    One entry per answered question of an object or a classification (``owner``).

    ``attribute`` is the question by its code in the ontology, ``value`` the answer by its code in the vocabulary.
    ``first`` and ``last`` are the frames that a dynamic answer holds for (both inclusive; all 0 for static ones).
    Questions left empty are left out. No two answers of one owner and question hold on the same frame.
    """

    owner: IntArray
    attribute: IntArray
    value: IntArray
    first: IntArray
    last: IntArray

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """
    The labels of many label rows.

    Per row: ``data_types`` in Encord's words, ``saved`` (False for None and rows that nobody ever saved), and
    ``problems``, which say in sentences what could not be read; labels with a problem are left out. ``hashes`` are
    the objectHash or classificationHash of each owner: one object over all its frames, or one classification.
    """

    data_types: tuple[str, ...]
    saved: BoolArray
    problems: tuple[tuple[str, ...], ...]
    hashes: tuple[str, ...]
    objects: ObjectColumns
    classifications: ClassificationColumns
    answers: AnswerColumns
    dynamic_answers: AnswerColumns

    def __len__(self) -> int:
        return len(self.data_types)
