"""Answers that change within an object's life, as a set of answers per stretch of frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.benchmark_qa.labels.columns import AnswerColumns, IntArray
from include.benchmark_qa.scoring.answer_sets import AnswerSets, code_answer_sets
from include.benchmark_qa.scoring.indexing import expand, merge


@dataclass(frozen=True, slots=True)
class AnswersOverTime:
    """
    What each owner answered on which frames.

    Stretch ``i`` begins where ``begins[i]`` says (the owner, and the place of the frame in ``cuts``, as one key,
    ascending), lasts until the next one, and has the answers ``codes[i]`` (a code of ``sets``); the last one of an
    owner has none.
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
        # Before the first stretch of an owner lies the last one of another, which has no answers.
        codes[rows] = self.codes[stretch]
        return codes


def follow_answers(answers: AnswerColumns) -> AnswersOverTime:
    """
    Cut the frames of each owner where an answer begins or ends, and code the answers in between.

    :param answers: no two of one question and owner for the same frame.
    """
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
