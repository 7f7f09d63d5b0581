"""The labels of many rows as columns: column by column over all rows, never label by label."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from include.benchmark_qa.labels.answering import AnswerList, overlapping
from include.benchmark_qa.labels.columns import ClassificationColumns, IntArray, LabelColumns
from include.benchmark_qa.labels.object_columns import Sights, object_columns, sights_on
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.owners import Owners
from include.benchmark_qa.labels.placing import placed_classifications
from include.benchmark_qa.labels.ranging import RangeObject, ranges_of, stands_in_answers
from include.benchmark_qa.labels.rows import ReadRow
from include.benchmark_qa.labels.vocabulary import Vocabulary, clean
from include.benchmark_qa.labels.wire import Answer, ClassificationAnswer, ObjectAnswer


class Assembled(NamedTuple):
    """The labels as columns, and the rows in which something is wrong: these have to be read carefully."""

    columns: LabelColumns
    doubtful: set[int]


class _Given(NamedTuple):
    """The classifications of all rows, with the row of each."""

    row: IntArray
    hashes: Sequence[str]
    answers: Sequence[ClassificationAnswer]


def assemble(rows: Sequence[ReadRow], ontology: OntologyIndex, vocabulary: Vocabulary) -> Assembled:
    """Put the labels of rows into columns."""
    return _Assembly(rows, ontology, vocabulary).assemble()


class _Assembly:
    def __init__(self, rows: Sequence[ReadRow], ontology: OntologyIndex, vocabulary: Vocabulary) -> None:
        self._rows = rows
        self._ontology = ontology
        self._vocabulary = vocabulary
        self._doubtful: set[int] = set()
        self._object_answers = [
            (place, object_hash, answer)
            for place, row in enumerate(rows)
            for object_hash, answer in row.object_answers.items()
            if answer.classifications or answer.feature_hash or answer.range or answer.range_html
        ]

    def assemble(self) -> Assembled:
        sights = self._sights()
        owners = Owners(sights.row, [one.object_hash for one in sights.objects])
        given = self._given()
        hashes, owner_rows = [*owners.hashes, *given.hashes], np.concatenate([owners.rows, given.row])
        objects, right = object_columns(sights, owners.owner, self._ontology, self._vocabulary)
        answers = self._answers(owners, given)
        dynamic_answers = self._dynamic_answers(owners)
        columns = LabelColumns(
            tuple([row.data_type for row in self._rows]),
            np.array([row.saved for row in self._rows], bool),
            tuple([row.problems for row in self._rows]),
            _writable(hashes),
            objects,
            self._classification_columns(given, len(owners.hashes)),
            answers.columns(),
            dynamic_answers.columns(),
        )
        wrong = [*answers.doubtful, *dynamic_answers.doubtful, *_with_wrong_ranges(columns).tolist()]
        wrong_rows = chain(objects.row[~right].tolist(), owner_rows[np.array(wrong, np.int64)].tolist())
        return Assembled(columns, self._doubtful.union(wrong_rows))

    def _sights(self) -> Sights:
        frames = [frame for row in self._rows for frame in row.frames]
        drawn = sights_on(frames, self._repeated([len(row.frames) for row in self._rows]))
        placed = [one for one in self._object_answers if one[2].feature_hash or one[2].range or one[2].range_html]
        return self._with_range_objects(drawn, placed) if placed else drawn

    def _with_range_objects(self, drawn: Sights, placed: Sequence[tuple[int, str, ObjectAnswer]]) -> Sights:
        known = set(zip(drawn.row.tolist(), [one.object_hash for one in drawn.objects], strict=True))
        rows: list[int] = []
        objects: list[RangeObject] = []
        for place, object_hash, answer in placed:
            if (place, object_hash) in known:
                continue
            feature_hash = answer.feature_hash or ""
            if stands_in_answers(feature_hash, self._ontology):
                rows.append(place)
                objects.append(RangeObject(object_hash, feature_hash, ranges_of(answer, self._vocabulary)))
            elif answer.range or answer.range_html:
                self._doubtful.add(place)
        return drawn.joined(objects, np.array(rows, np.int64))

    def _given(self) -> _Given:
        given = [placed_classifications(row) for row in self._rows]
        return _Given(
            self._repeated([len(one) for one in given]),
            list(chain.from_iterable(given)),
            [answer for one in given for answer in one.values()],
        )

    def _repeated(self, counts: Sequence[int]) -> IntArray:
        return np.repeat(np.arange(len(self._rows)), np.array(counts, np.int64))

    def _answers(self, owners: Owners, given: _Given) -> AnswerList:
        """Rows keep the answers of objects that were deleted: these are left out."""
        found = AnswerList(self._ontology, self._vocabulary)
        answered = [
            (place, object_hash, answer.classifications)
            for place, object_hash, answer in self._object_answers
            if answer.classifications
        ]
        found.add_static(*_of_owners(owners, answered))
        classified = [(owner, one.classifications) for owner, one in enumerate(given.answers, len(owners.hashes))]
        found.add_static([owner for owner, one in classified if one], [one for _, one in classified if one])
        return found

    def _dynamic_answers(self, owners: Owners) -> AnswerList:
        found = AnswerList(self._ontology, self._vocabulary)
        answered = [
            (place, object_hash, actions.actions)
            for place, row in enumerate(self._rows)
            for object_hash, actions in row.object_actions.items()
            if actions.actions
        ]
        found.add_dynamic(*_of_owners(owners, answered))
        return found

    def _classification_columns(self, given: _Given, first_owner: int) -> ClassificationColumns:
        ontology = self._ontology
        codes = {one: code for one, code in ontology.class_codes.items() if ontology.shapes[one] == "classification"}
        feature = np.array([codes.get(one.feature_hash or "", -1) for one in given.answers], np.int64)
        self._doubtful.update(given.row[feature < 0].tolist())
        ranges = [one.range or () for one in given.answers]
        entry = np.repeat(np.arange(len(ranges)), np.array([len(one) for one in ranges], np.int64))
        flat = np.fromiter(chain.from_iterable(chain.from_iterable(ranges)), np.int64, 2 * len(entry))
        return ClassificationColumns(
            given.row[entry], feature[entry], first_owner + entry, flat[::2].copy(), flat[1::2].copy()
        )


def _of_owners(
    owners: Owners, answered: Sequence[tuple[int, str, Sequence[Answer]]]
) -> tuple[list[int], list[Sequence[Answer]]]:
    """Return the owner of each list of answers, and the lists, without those of nobody."""
    if not answered:
        return [], []
    found = owners.find([place for place, _, _ in answered], [one for _, one, _ in answered])
    known = [(owner, answers) for owner, (_, _, answers) in zip(found, answered, strict=True) if owner >= 0]
    return [owner for owner, _ in known], [answers for _, answers in known]


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
