"""Answers that change within an object's life, as a set of answers per stretch of frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

import numpy as np

from include.benchmark_qa.labels.columns import AnswerColumns, BoolArray, IntArray
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import AnswerValue, Vocabulary
from include.benchmark_qa.scoring.answer_sets import AnswerSets, code_answer_sets
from include.benchmark_qa.scoring.indexing import expand, merge

# The frames and the answer of one range.
Held = tuple[int, int, AnswerValue]


@dataclass(frozen=True, slots=True)
class AnswersOverTime:
    """
    What each owner answered on which frames.

    Stretch ``i`` begins where ``begins[i]`` says (the owner, and the place of the frame in ``cuts``, as one key,
    ascending), lasts until the next one of the owner, and has the answers ``codes[i]`` (a code of ``sets``).
    """

    cuts: IntArray
    begins: IntArray
    codes: IntArray
    sets: AnswerSets

    def codes_at(self, owner: IntArray, frame: IntArray) -> IntArray:
        """Return the code of the answers of each owner on each frame, both of shape (K,); 0 where there are none."""
        codes = np.zeros(len(owner), dtype=np.int64)
        if not len(self.begins):
            return codes
        cuts = len(self.cuts)
        known = np.zeros(max(int(owner.max(initial=0)), int(self.begins[-1]) // cuts) + 1, dtype=np.bool_)
        known[self.begins // cuts] = True
        rows = np.flatnonzero(known[owner])  # mostly few objects have answers that change
        cut = np.searchsorted(self.cuts, frame[rows], side="right") - 1
        stretch = np.searchsorted(self.begins, owner[rows] * cuts + cut, side="right") - 1
        inside = (cut >= 0) & (stretch >= 0) & (self.begins[stretch] // cuts == owner[rows])
        codes[rows] = np.where(inside, self.codes[stretch], 0)
        return codes


def follow_answers(answers: AnswerColumns, ontology: OntologyIndex, vocabulary: Vocabulary) -> AnswersOverTime:
    """
    Cut the frames of each owner where an answer begins or ends, and code the answers in between.

    Where ranges of one question overlap, the one that starts later holds; of two that start together the one that
    ends first, then the one whose answer comes first. The options of a checklist add up, as in Encord's SDK.
    """
    answers = _without_overlaps(answers, ontology, vocabulary)
    cuts = merge(answers.first, answers.last + 1)
    base = answers.owner * len(cuts)
    starts, ends = (base + np.searchsorted(cuts, at) for at in (answers.first, answers.last + 1))
    begins = merge(starts, ends)
    from_stretch, to_stretch = (np.searchsorted(begins, at) for at in (starts, ends))
    counts = to_stretch - from_stretch
    codes, sets = code_answer_sets(
        expand(from_stretch, counts),
        np.repeat(answers.attribute, counts),
        np.repeat(answers.value, counts),
        len(begins),
    )
    return AnswersOverTime(cuts, begins, codes, sets)


def _without_overlaps(answers: AnswerColumns, ontology: OntologyIndex, vocabulary: Vocabulary) -> AnswerColumns:
    order = np.lexsort((answers.last, answers.first, answers.attribute, answers.owner))
    answers = _take(answers, order)
    same = (np.diff(answers.owner) == 0) & (np.diff(answers.attribute) == 0)
    overlaps = same & (answers.first[1:] <= answers.last[:-1])
    if not overlaps.any():
        return answers
    question = np.append(0, np.cumsum(~same))
    spoilt = np.zeros(len(question), dtype=np.bool_)
    spoilt[question[1:][overlaps]] = True
    fine = _take(answers, ~spoilt[question])
    repaired = list(_repair(_take(answers, spoilt[question]), ontology, vocabulary))
    columns = np.array(repaired, dtype=np.int64).reshape(-1, 5).T
    return AnswerColumns(*(np.concatenate(pair) for pair in zip(_columns(fine), columns, strict=True)))


def _columns(answers: AnswerColumns) -> tuple[IntArray, ...]:
    return answers.owner, answers.attribute, answers.value, answers.first, answers.last


def _take(answers: AnswerColumns, index: IntArray | BoolArray) -> AnswerColumns:
    return AnswerColumns(*(column[index] for column in _columns(answers)))


def _repair(
    answers: AnswerColumns, ontology: OntologyIndex, vocabulary: Vocabulary
) -> Iterator[tuple[int, int, int, int, int]]:
    questions: dict[tuple[int, int], list[Held]] = {}
    for owner, attribute, value, first, last in zip(*(one.tolist() for one in _columns(answers)), strict=True):
        questions.setdefault((owner, attribute), []).append((first, last, vocabulary.values[value]))
    for (owner, attribute), held in questions.items():
        checklist = ontology.attributes[ontology.attribute_hashes[attribute]].kind == "checklist"
        for first, last, value in _added_up(held) if checklist else _latest(held):
            yield owner, attribute, vocabulary.code(value), first, last


def _latest(held: list[Held]) -> Iterator[Held]:
    """Yield the stretches, each with the answer that started last among those that hold."""
    ranked = sorted(held, key=lambda one: (-one[0], one[1], _order_of(one[2])))
    arriving = list(range(len(ranked)))
    holding: list[int] = []
    for first, following in _stretches(held):
        while arriving and ranked[arriving[-1]][0] <= first:
            heappush(holding, arriving.pop())
        while holding and ranked[holding[0]][1] < first:
            heappop(holding)
        if holding:
            yield first, following - 1, ranked[holding[0]][2]


def _added_up(held: list[Held]) -> Iterator[Held]:
    """Yield the stretches, each with all options of the answers that hold."""
    changes: dict[int, Counter[str]] = {}
    for first, last, value in held:
        options = value if isinstance(value, frozenset) else frozenset[str]()
        changes.setdefault(first, Counter()).update(options)
        changes.setdefault(last + 1, Counter()).subtract(options)
    ticked: Counter[str] = Counter()
    for first, following in _stretches(held):
        ticked.update(changes[first])
        if options := frozenset(option for option, count in ticked.items() if count > 0):
            yield first, following - 1, options


def _stretches(held: list[Held]) -> Iterator[tuple[int, int]]:
    return pairwise(sorted({first for first, _, _ in held} | {last + 1 for _, last, _ in held}))


def _order_of(value: AnswerValue) -> tuple[str, ...]:
    return tuple(sorted(value)) if isinstance(value, frozenset) else (str(value),)
