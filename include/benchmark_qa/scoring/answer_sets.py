"""Everything that somebody answered, as one code: who answered alike has the same code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.benchmark_qa.labels.columns import IntArray, LabelColumns
from include.benchmark_qa.scoring.indexing import distinct, expand, offsets_of


@dataclass(frozen=True, slots=True)
class AnswerSets:
    """
    Sets of answers, end to end: set ``i`` is the entries ``offsets[i]:offsets[i + 1]``, by attribute.

    Set 0 is the empty one. ``attribute`` and ``value`` are codes as in ``AnswerColumns``.
    """

    offsets: IntArray
    attribute: IntArray
    value: IntArray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> IntArray:
        """How many answers each set has."""
        return np.diff(self.offsets)


def static_answer_sets(labels: LabelColumns) -> tuple[IntArray, AnswerSets]:
    """Return the code of each owner's static answers, and the sets that the codes stand for."""
    answers = labels.answers
    return code_answer_sets(answers.owner, answers.attribute, answers.value, len(labels.hashes))


def code_answer_sets(
    holder: IntArray, attribute: IntArray, value: IntArray, holders: int
) -> tuple[IntArray, AnswerSets]:
    """
    Return the code of each holder's set of answers, shape (holders,), and the distinct sets that the codes stand for.

    A campaign has few distinct sets of answers, so that comparing sets costs far less than comparing answers.

    :param holder: shape (A,): who gave the answer, in ``[0, holders)``; an object, or a stretch of its frames.
    :param attribute: shape (A,): the question; a holder has at most one answer to it.
    """
    if not len(holder):
        nothing = np.zeros(0, dtype=np.int64)
        return np.zeros(holders, dtype=np.int64), AnswerSets(np.zeros(2, dtype=np.int64), nothing, nothing)
    # Stable, for then what is sorted already costs one pass.
    order = np.argsort(holder * (attribute.max() + 1) + attribute, kind="stable")
    holder, attribute, value = holder[order], attribute[order], value[order]
    offsets = offsets_of(holder, holders)
    codes = _codes(offsets, attribute, value)
    counts = np.diff(offsets)
    one = np.zeros(codes.max() + 1, dtype=np.int64)
    one[codes] = np.arange(holders)  # whoever has the set can stand for it
    sizes = counts[one]
    sizes[0] = 0  # perhaps nobody has the empty set
    return codes, _take(one, sizes, offsets, attribute, value)


def _codes(offsets: IntArray, attribute: IntArray, value: IntArray) -> IntArray:
    """Code the sets answer by answer: two sets are equal when their beginnings are, and their next answers."""
    values = int(value.max()) + 1
    _, answer = distinct(attribute * values + value, (int(attribute.max()) + 1) * values)
    answers = int(answer.max()) + 1
    counts = np.diff(offsets)
    codes = np.zeros(len(counts), dtype=np.int64)
    used, position = 1, 0
    pending = np.flatnonzero(counts)
    while len(pending):
        following = codes[pending] * answers + answer[offsets[pending] + position]
        found, places = distinct(following, used * answers)
        codes[pending] = used + places
        used, position = used + len(found), position + 1
        pending = pending[counts[pending] > position]
    # Beginnings that are nobody's whole set have used up codes; 0 stays the empty set's.
    _, dense = distinct(np.append(codes, 0), used)
    return dense[:-1]


def _take(one: IntArray, sizes: IntArray, offsets: IntArray, attribute: IntArray, value: IntArray) -> AnswerSets:
    from_entry = expand(offsets[one], sizes)
    return AnswerSets(np.append(0, np.cumsum(sizes)), attribute[from_entry], value[from_entry])
