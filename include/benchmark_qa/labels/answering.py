from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, TypeAlias

import numpy as np

from include.benchmark_qa.labels.columns import AnswerColumns, IntArray
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import AnswerValue, Vocabulary
from include.benchmark_qa.labels.wire import Answer

_Entry: TypeAlias = tuple[int, int, int, int, int]  # a row of `AnswerColumns`

OPTION_KINDS: Final = frozenset({"radio", "checklist"})


class DoubtfulError(ValueError):
    """Something of a row that only careful reading can name."""


class AnswerList:
    """Answers of many owners, collected for ``AnswerColumns``."""

    def __init__(self, ontology: OntologyIndex, vocabulary: Vocabulary) -> None:
        self._attributes = {
            one: (code, ontology.attributes[one].kind) for one, code in ontology.attribute_codes.items()
        }
        self._options = {option: frozenset((option,)) for option in ontology.options}
        self._vocabulary = vocabulary
        self._entries: list[_Entry] = []
        self.doubtful: list[int] = []  # owners with answers that only careful reading can name
        # Most answers are one option of one question, over and over: its attribute and code by both hashes.
        self._single_options: dict[tuple[str, str], tuple[int, int]] = {}

    def add_static(self, owners: Sequence[int], given: Sequence[Sequence[Answer]]) -> None:
        """Add the answers of objects or classifications."""
        for owner, answers in zip(owners, given, strict=True):
            single = _single_option(answers)
            if single and (known_codes := self._single_options.get(single)):
                self._entries.append((owner, *known_codes, 0, 0))
                continue
            try:
                added = self._read_static(owner, answers)
            except DoubtfulError:
                self.doubtful.append(owner)
                continue
            self._entries += added
            if single and added:
                self._single_options[single] = added[0][1:3]

    def add_dynamic(self, owners: Sequence[int], given: Sequence[Sequence[Answer]]) -> None:
        """Add the answers of objects that hold for some of their frames."""
        for owner, answers in zip(owners, given, strict=True):
            try:
                self._entries += self._read_dynamic(owner, answers)
            except DoubtfulError:
                self.doubtful.append(owner)

    def _read_static(self, owner: int, answers: Sequence[Answer]) -> list[_Entry]:
        """
        Return the answers of one owner.

        Encord's editor writes each chosen option of a checklist as an answer of its own: they are one answer.

        :raises DoubtfulError: for an answer that the ontology does not know, or two different ones.
        """
        given: dict[int, AnswerValue] = {}
        for answer in answers:
            attribute, kind, value = self._read(answer)
            if not value and value != 0:
                continue
            known = given.get(attribute, value)
            if kind == "checklist" and isinstance(known, frozenset) and isinstance(value, frozenset):
                given[attribute] = known | value
            elif known == value:
                given[attribute] = value
            else:
                raise DoubtfulError
        code = self._vocabulary.code
        return [(owner, attribute, code(value), 0, 0) for attribute, value in given.items()]

    def _read_dynamic(self, owner: int, answers: Iterable[Answer]) -> list[_Entry]:
        """
        Return the answers of one object that hold for some of its frames.

        :raises DoubtfulError: for an answer that the ontology does not know, or without frames.
        """
        found: list[_Entry] = []
        for answer in answers:
            attribute, _, value = self._read(answer)
            if not value and value != 0:
                continue
            if not answer.range:
                raise DoubtfulError
            code = self._vocabulary.code(value)
            found += [(owner, attribute, code, first, last) for first, last in answer.range]
        return found

    def columns(self) -> AnswerColumns:
        flat = np.fromiter(chain.from_iterable(self._entries), np.int64, 5 * len(self._entries))
        return AnswerColumns(*flat.reshape(-1, 5).T.copy())

    def _read(self, answer: Answer) -> tuple[int, str, AnswerValue]:
        """Return the attribute's code, its kind and the answer, empty for none."""
        attribute, kind = self._attributes.get(answer.feature_hash, (-1, ""))
        value = answer.answers
        if attribute < 0:
            raise DoubtfulError
        if value is None:
            return attribute, kind, ""
        if kind in OPTION_KINDS and isinstance(value, list):
            return attribute, kind, self._chosen([option.feature_hash for option in value])
        if kind == "text" and isinstance(value, str):
            return attribute, kind, value.strip()
        if kind == "numeric" and isinstance(value, float) and math.isfinite(value):
            return attribute, kind, value
        raise DoubtfulError

    def _chosen(self, options: list[str]) -> AnswerValue:
        try:
            sets = [self._options[option] for option in options]
        except KeyError:
            raise DoubtfulError from None
        return sets[0] if len(sets) == 1 else frozenset().union(*sets)


def _single_option(answers: Sequence[Answer]) -> tuple[str, str] | None:
    """Return the hashes of the question and the option where there is one answer with one option."""
    if len(answers) == 1:
        options = answers[0].answers
        if isinstance(options, list) and len(options) == 1:
            return answers[0].feature_hash, options[0].feature_hash
    return None


def overlapping(owner: IntArray, attribute: IntArray, first: IntArray, last: IntArray) -> IntArray:
    """Return the owners that have ranges of one attribute which end before they begin, or overlap."""
    order = np.lexsort((first, attribute, owner))
    same = (np.diff(owner[order]) == 0) & (np.diff(attribute[order]) == 0)
    overlap = same & (first[order][1:] <= last[order][:-1])
    found: IntArray = np.union1d(owner[first > last], owner[order][1:][overlap])
    return found
