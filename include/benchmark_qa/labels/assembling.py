from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, compress
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from include.benchmark_qa.labels.answering import AnswerList, DoubtfulError, overlapping
from include.benchmark_qa.labels.columns import ClassificationColumns, IntArray, LabelColumns
from include.benchmark_qa.labels.data_types import RANGE_SHAPES
from include.benchmark_qa.labels.object_columns import FrameEntry, object_columns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.placing import placed_classifications
from include.benchmark_qa.labels.rows import UNKNOWN_SIZE, ReadRow
from include.benchmark_qa.labels.vocabulary import Vocabulary, clean
from include.benchmark_qa.labels.wire import DrawnObject, ObjectAnswer


class RangeObject(Struct, gc=False):
    """An object that is ranges of a file: start, end, and the code of the node in HTML."""

    object_hash: str
    feature_hash: str
    ranges: Sequence[tuple[float, float, int]]


class Assembled(NamedTuple):
    """The labels as columns, and the rows in which something is wrong: these have to be read carefully."""

    columns: LabelColumns
    doubtful: set[int]


class Assembly:
    """Puts the labels of rows, one row after the other, into columns."""

    def __init__(self, ontology: OntologyIndex, vocabulary: Vocabulary) -> None:
        self._ontology = ontology
        self._vocabulary = vocabulary
        self._rows: dict[int, tuple[str, bool, tuple[str, ...]]] = {}  # data type, saved, problems
        self._doubtful: set[int] = set()
        self._hashes: list[str] = []
        self._owner_rows: list[int] = []
        self._objects: list[DrawnObject | RangeObject] = []
        self._owners: list[int] = []
        self._frames: list[FrameEntry] = []
        self._classifications: list[tuple[int, int, int, int, int]] = []
        self._answers = AnswerList(ontology, vocabulary)
        self._dynamic_answers = AnswerList(ontology, vocabulary)

    def add(self, place: int, row: ReadRow) -> None:
        """Add the row of this number."""
        self._rows[place] = row.data_type, row.saved, row.problems
        try:
            self._add_objects(place, row)
            self._add_classifications(place, row)
        except DoubtfulError:
            self._doubtful.add(place)

    def forget(self, places: Iterable[int]) -> None:
        """Remove rows that were added, so that they can be added again."""
        gone = set(places)
        kept = [self._owner_rows[owner] not in gone for owner in self._owners]
        self._doubtful -= gone
        self._objects = list(compress(self._objects, kept))
        self._owners = list(compress(self._owners, kept))
        self._frames = [one for one in self._frames if one.row not in gone]
        self._classifications = [one for one in self._classifications if one[0] not in gone]
        forgotten = {owner for owner, row in enumerate(self._owner_rows) if row in gone}
        self._answers.forget(forgotten)
        self._dynamic_answers.forget(forgotten)

    def assemble(self) -> Assembled:
        """Return the labels of all rows."""
        objects, right = object_columns(self._objects, self._owners, self._frames, self._ontology, self._vocabulary)
        rows = [self._rows[place] for place in range(len(self._rows))]
        columns = LabelColumns(
            tuple(data_type for data_type, _, _ in rows),
            np.array([saved for _, saved, _ in rows], bool),
            tuple(problems for _, _, problems in rows),
            _writable(self._hashes),
            objects,
            self._classification_columns(),
            self._answers.columns(),
            self._dynamic_answers.columns(),
        )
        wrong_owners = np.array(self._owner_rows, np.int64)[_with_wrong_ranges(columns)]
        return Assembled(columns, self._doubtful | {*objects.row[~right].tolist(), *wrong_owners.tolist()})

    def _add_objects(self, place: int, row: ReadRow) -> None:
        """
        Add a row's objects, and their answers.

        Rows keep the answers of objects that were deleted: these are left out.
        """
        frames = [FrameEntry(place, one.frame, *one.size, len(one.objects)) for one in row.frames]
        drawn: list[DrawnObject | RangeObject] = []
        for frame in row.frames:
            drawn += frame.objects
        owner_of = self._new_owners(place, [one.object_hash for one in drawn])
        if ranged := self._range_objects(row, owner_of):
            owner_of |= self._new_owners(place, [one.object_hash for one in ranged])
            frames.append(FrameEntry(place, 0, *UNKNOWN_SIZE, len(ranged)))
            drawn += ranged
        self._frames += frames
        self._objects += drawn
        self._owners += [owner_of[one.object_hash] for one in drawn]
        self._add_object_answers(row, owner_of)

    def _new_owners(self, place: int, hashes: Sequence[str]) -> dict[str, int]:
        begin = len(self._hashes)
        self._hashes += dict.fromkeys(hashes)
        self._owner_rows += [place] * (len(self._hashes) - begin)
        return dict(zip(self._hashes[begin:], range(begin, len(self._hashes)), strict=True))

    def _add_object_answers(self, row: ReadRow, owner_of: dict[str, int]) -> None:
        for object_hash, answer in row.object_answers.items():
            if answer.classifications and object_hash in owner_of:
                self._answers.add_static(owner_of[object_hash], answer.classifications)
        for object_hash, actions in row.object_actions.items():
            if actions.actions and object_hash in owner_of:
                self._dynamic_answers.add_dynamic(owner_of[object_hash], actions.actions)

    def _range_objects(self, row: ReadRow, drawn: dict[str, int]) -> list[RangeObject]:
        found = []
        for object_hash, answer in row.object_answers.items():
            placed = answer.range or answer.range_html
            if (placed or answer.feature_hash) and object_hash not in drawn:
                feature_hash = answer.feature_hash or ""
                if self._ontology.shapes.get(feature_hash) in RANGE_SHAPES:
                    found.append(RangeObject(object_hash, feature_hash, self._ranges(answer)))
                elif placed:
                    raise DoubtfulError
        return found

    def _ranges(self, answer: ObjectAnswer) -> Sequence[tuple[float, float, int]]:
        """
        Return start, end and the code of the node in HTML.

        A range within one node of HTML is its offsets there. One from node to node has no length that can be known
        without the document: it is a node of its own, so that two of these are alike when they are equal.
        """
        code = self._vocabulary.code
        ranges: list[tuple[float, float, int]] = []
        for one in answer.range_html or ():
            start, end = one.start, one.end
            if start.xpath == end.xpath:
                ranges.append((start.offset, end.offset, code(start.xpath)))
            else:
                ranges.append((0, 1, code(f"{start.xpath} {start.offset} to {end.xpath} {end.offset}")))
        return ranges or [(start, end, 0) for start, end in answer.range or ()]

    def _add_classifications(self, place: int, row: ReadRow) -> None:
        for one in placed_classifications(row):
            if self._ontology.shapes.get(one.feature_hash) != "classification":
                raise DoubtfulError
            owner, feature = len(self._hashes), self._ontology.class_codes[one.feature_hash]
            self._hashes.append(one.classification_hash)
            self._owner_rows.append(place)
            self._classifications += [(place, feature, owner, first, last) for first, last in one.ranges]
            if one.answers:
                self._answers.add_static(owner, one.answers)

    def _classification_columns(self) -> ClassificationColumns:
        flat = np.fromiter(chain.from_iterable(self._classifications), np.int64, 5 * len(self._classifications))
        return ClassificationColumns(*flat.reshape(-1, 5).T.copy())


def _writable(hashes: Sequence[str]) -> tuple[str, ...]:
    try:
        "".join(hashes).encode()
    except UnicodeEncodeError:
        return tuple(map(clean, hashes))
    return tuple(hashes)


def _with_wrong_ranges(columns: LabelColumns) -> IntArray:
    """Return the owners with ranges that overlap or end before they begin."""
    classified, dynamic = columns.classifications, columns.dynamic_answers
    return np.concatenate(
        [
            overlapping(classified.owner, classified.feature, classified.first, classified.last),
            overlapping(dynamic.owner, dynamic.attribute, dynamic.first, dynamic.last),
        ]
    )
