from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray, LabelColumns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import AnswerValue, Vocabulary
from include.benchmark_qa.scoring.answer_sets import AnswerSets, static_answer_sets
from include.benchmark_qa.scoring.columns import AnswerAgreement
from include.benchmark_qa.scoring.dynamic_answers import follow_answers
from include.benchmark_qa.scoring.indexing import distinct, expand, find, merge
from include.benchmark_qa.scoring.questions import KINDS, Questions, index_questions
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.similarity.answers import checklist_jaccard, number_similarity, text_similarities


def answer_agreement(
    truth: LabelColumns,
    truth_owner: IntArray,
    submitted: LabelColumns,
    submitted_owner: IntArray,
    ontology: OntologyIndex,
    vocabulary: Vocabulary,
    settings: ScoringSettings,
) -> AnswerAgreement:
    """
    Compare the static answers of K pairs of owners.

    A question that only one side answered counts 0. A nested question counts only where both sides chose the option
    that it hangs on, and all its parents likewise: a wrong parent is one mistake, not several.

    :param truth_owner: shape (K,), owners of ``truth``; ``submitted_owner`` likewise, of ``submitted``.
    """
    ours, theirs = (static_answer_sets(labels) for labels in (truth, submitted))
    return _agreement(
        (ours[0][truth_owner], ours[1]), (theirs[0][submitted_owner], theirs[1]), ontology, vocabulary, settings
    )


def dynamic_agreement(
    truth: LabelColumns,
    truth_owner: IntArray,
    submitted: LabelColumns,
    submitted_owner: IntArray,
    frame: IntArray,
    ontology: OntologyIndex,
    vocabulary: Vocabulary,
    settings: ScoringSettings,
) -> AnswerAgreement:
    """
    Compare the dynamic answers of K pairs of owners that hold on ``frame``, shape (K,).

    As ``answer_agreement``; a frame outside all ranges of a question is one on which it was not answered.
    """
    ours, theirs = (follow_answers(labels.dynamic_answers) for labels in (truth, submitted))
    return _agreement(
        (ours.codes_at(truth_owner, frame), ours.sets),
        (theirs.codes_at(submitted_owner, frame), theirs.sets),
        ontology,
        vocabulary,
        settings,
    )


@dataclass(frozen=True, slots=True)
class ComparedAnswers:
    """
    One entry per question that counts, by pair and attribute.

    ``pair`` is the pair of answer sets, ``truth`` and ``given`` are the answers' codes, -1 for a question that was
    not answered, ``similarity`` is in [0, 1].
    """

    pair: IntArray
    attribute: IntArray
    truth: IntArray
    given: IntArray
    similarity: FloatArray


def compare_answer_sets(
    ours: tuple[IntArray, AnswerSets],
    theirs: tuple[IntArray, AnswerSets],
    ontology: OntologyIndex,
    vocabulary: Vocabulary,
    settings: ScoringSettings,
) -> ComparedAnswers:
    """Compare P pairs of answer sets question by question; a side is the codes, shape (P,), and their sets."""
    questions = index_questions(ontology)
    sides = [_questions_asked(codes, sets, len(questions)) for codes, sets in (ours, theirs)]
    keys = merge(*(asked for asked, _ in sides))
    truth, given = (_answers_to(keys, asked, values) for asked, values in sides)
    attribute = keys % max(len(questions), 1)
    counts = _parents_agree(keys, truth, given, questions, vocabulary)
    keys, attribute, truth, given = keys[counts], attribute[counts], truth[counts], given[counts]
    similarity = _similarities(questions.kind[attribute], truth, given, vocabulary, settings)
    return ComparedAnswers(keys // max(len(questions), 1), attribute, truth, given, similarity)


def _agreement(
    ours: tuple[IntArray, AnswerSets],
    theirs: tuple[IntArray, AnswerSets],
    ontology: OntologyIndex,
    vocabulary: Vocabulary,
    settings: ScoringSettings,
) -> AnswerAgreement:
    """Compare each distinct pair of answer sets once, and give the result to all pairs that are alike."""
    (our_codes, our_sets), (their_codes, their_sets) = ours, theirs
    pairs, places = distinct(our_codes * len(their_sets) + their_codes, len(our_sets) * len(their_sets))
    compared = compare_answer_sets(
        (pairs // len(their_sets), our_sets), (pairs % len(their_sets), their_sets), ontology, vocabulary, settings
    )
    # In the order of the ontology's questions, whatever order the labels had: a sum depends on it in the last digit.
    similarity = np.bincount(compared.pair, compared.similarity, minlength=len(pairs)).astype(np.float64)
    count = np.bincount(compared.pair, minlength=len(pairs))
    return AnswerAgreement(similarity[places], count[places])


def _questions_asked(codes: IntArray, sets: AnswerSets, questions: int) -> tuple[IntArray, IntArray]:
    """Return pair and attribute of each answer as one key, ascending, and the answer."""
    counts = sets.counts[codes]
    entries = expand(sets.offsets[codes], counts)
    return np.repeat(np.arange(len(codes)), counts) * questions + sets.attribute[entries], sets.value[entries]


def _answers_to(keys: IntArray, asked: IntArray, values: IntArray) -> IntArray:
    """Return the answers to all questions, -1 for those that this side left out."""
    answers = np.full(len(keys), -1, dtype=np.int64)
    answers[find(asked, keys)] = values
    return answers


def _parents_agree(
    keys: IntArray, truth: IntArray, given: IntArray, questions: Questions, vocabulary: Vocabulary
) -> BoolArray:
    """Say which questions count: those that are always asked, and those whose parents were all answered alike."""
    attribute = keys % max(len(questions), 1)
    depth = questions.depth[attribute]
    agree: BoolArray = depth == 0
    for level in range(1, int(depth.max(initial=0)) + 1):
        rows = np.flatnonzero(depth == level)
        nested = attribute[rows]
        above = find(keys[rows] - nested + questions.parent[nested], keys)
        rows, nested, above = (part[above >= 0] for part in (rows, nested, above))
        agree[rows] = agree[above]
        for side in (truth, given):
            agree[rows] &= _chose(nested, side[above], questions, vocabulary)
    return agree


def _chose(nested: IntArray, value: IntArray, questions: Questions, vocabulary: Vocabulary) -> BoolArray:
    """Say whether each answer has ticked the option that the nested question hangs on."""
    values = len(vocabulary.values)
    keys, places = distinct(nested * (values + 1) + value + 1, len(questions) * (values + 1))
    chosen = [
        _has(vocabulary.values[value - 1], questions.option[attribute]) if value else False
        for attribute, value in zip(*(part.tolist() for part in np.divmod(keys, values + 1)), strict=True)
    ]
    return np.array(chosen, dtype=np.bool_)[places]


def _has(value: AnswerValue, option: str) -> bool:
    return isinstance(value, frozenset) and option in value


def _similarities(
    kind: IntArray, truth: IntArray, given: IntArray, vocabulary: Vocabulary, settings: ScoringSettings
) -> FloatArray:
    """Return the similarity of each two answers; what has the same code is equal without a look."""
    similarity: FloatArray = (truth == given).astype(np.float64)
    unequal = (truth >= 0) & (given >= 0) & (truth != given)
    values = len(vocabulary.values)
    for code, name in enumerate(KINDS):
        rows = np.flatnonzero(unequal & (kind == code))
        if name == "radio" or not len(rows):
            continue
        pairs, places = distinct(truth[rows] * values + given[rows], values * values)
        ours, theirs = (
            [vocabulary.values[value] for value in side.tolist()] for side in (pairs // values, pairs % values)
        )
        similarity[rows] = _similarities_of_kind(name, ours, theirs, settings)[places]
    return similarity


def _similarities_of_kind(kind: str, ours: list[Any], theirs: list[Any], settings: ScoringSettings) -> FloatArray:
    if kind == "text":
        return text_similarities(ours, theirs, settings.text_match)
    if kind == "checklist":
        return np.array([checklist_jaccard(*pair) for pair in zip(ours, theirs, strict=True)], dtype=np.float64)
    tolerance = {"abs_tol": settings.number_abs_tol, "rel_tol": settings.number_rel_tol}
    return np.array(
        [number_similarity(*pair, **tolerance) for pair in zip(ours, theirs, strict=True)], dtype=np.float64
    )
