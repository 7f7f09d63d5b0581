"""What annotators made of the same objects of the ground truth, as codings whose reliability can be measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.benchmark_qa.labels.columns import AnswerColumns, IntArray
from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.verdicts import Verdict
from include.benchmark_qa.statistics.grouping import distinct

MISSING = -1

_MATCHES = [place for place, verdict in enumerate(Verdict) if verdict.is_match]


@dataclass(frozen=True, slots=True)
class Codings:
    """One entry per annotator and unit, (K,): ``value`` is what the annotator gave the unit."""

    annotator: IntArray
    unit: IntArray
    value: IntArray

    def __len__(self) -> int:
        return len(self.unit)


def class_codings(verdicts: VerdictColumns, annotator_of_submission: IntArray) -> Codings:
    """
    Return the class that each annotator gave each object of the ground truth, on each frame of it.

    Units are numbered from 0. The value is the class's code in the ontology, or ``MISSING`` where the annotator did
    not draw the object, which is a value like any other. Extra objects are left out: nothing says which of different
    annotators' extra objects are the same.

    :param verdicts: of objects, on submissions that share ground truths.
    :param annotator_of_submission: (P,) each annotator has one submission for a ground truth; negative: left out.
    """
    known = verdicts.take((verdicts.truth_owner >= 0) & (annotator_of_submission[verdicts.submission] >= 0))
    _, unit = distinct(known.truth_owner, known.first_frame)
    return Codings(annotator_of_submission[known.submission], unit, known.submitted_class)


def answer_codings(
    verdicts: VerdictColumns, answers: AnswerColumns, attribute: int, annotator_of_submission: IntArray
) -> Codings:
    """
    Return the answer that each annotator gave to one question about each object of the ground truth.

    Units are the owners of the ground truth, once each over all frames. Objects that the annotator did not find, took
    for another class, or left without an answer are left out: a missing coding, not a value. An object that was
    matched with several submitted ones counts with the one that it was matched with for most frames.

    :param verdicts: of objects or of classifications, on submissions that share ground truths.
    :param answers: static answers of the submitted labels.
    :param attribute: the question's code in the ontology; a radio question, whose values compare as a whole.
    :param annotator_of_submission: (P,) each annotator has one submission for a ground truth; negative: left out.
    """
    is_known = np.isin(verdicts.verdict, _MATCHES) & (annotator_of_submission[verdicts.submission] >= 0)
    submission, truth, submitted = _most_frequent_partner(verdicts.take(is_known))
    asked = np.flatnonzero(answers.attribute == attribute)
    asked = asked[np.lexsort((answers.value[asked], answers.owner[asked]))]
    owners = answers.owner[asked]
    place = np.searchsorted(owners, submitted)
    answered = np.append(owners, -1)[place] == submitted
    value = answers.value[asked[place[answered]]]
    return Codings(annotator_of_submission[submission[answered]], truth[answered], value)


def _most_frequent_partner(matches: VerdictColumns) -> tuple[IntArray, IntArray, IntArray]:
    """Return submission, true owner and submitted owner, once per submission and true owner."""
    (submission, truth, submitted), place = distinct(matches.submission, matches.truth_owner, matches.submitted_owner)
    frames = np.bincount(place, matches.frames, len(submission)).astype(np.int64)
    order = np.lexsort((submitted, -frames, truth, submission))
    submission, truth, submitted = submission[order], truth[order], submitted[order]
    is_first = (np.diff(submission, prepend=-1) != 0) | (np.diff(truth, prepend=-1) != 0)
    return submission[is_first], truth[is_first], submitted[is_first]
