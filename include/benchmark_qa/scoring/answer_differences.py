from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.benchmark_qa.labels.columns import IntArray, LabelColumns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import AnswerValue, Vocabulary
from include.benchmark_qa.scoring.agreement import ComparedAnswers, compare_answer_sets
from include.benchmark_qa.scoring.answer_sets import static_answer_sets
from include.benchmark_qa.scoring.dynamic_answers import follow_answers
from include.benchmark_qa.scoring.settings import ScoringSettings


@dataclass(frozen=True, slots=True)
class AnswerDifference:
    """
    A question that was not answered as in the ground truth, in the words of the ontology.

    ``truth`` and ``given`` are None where it was not answered; ``similarity`` in [0, 1) is what the answer still
    counts.
    """

    question: str
    truth: str | None
    given: str | None
    similarity: float


def answer_differences(
    truth: LabelColumns,
    truth_owner: IntArray,
    submitted: LabelColumns,
    submitted_owner: IntArray,
    frame: IntArray,
    ontology: OntologyIndex,
    vocabulary: Vocabulary,
    settings: ScoringSettings,
) -> list[tuple[AnswerDifference, ...]]:
    """
    Return the differing answers of each of K pairs of owners, by question; static ones, and dynamic ones of ``frame``.

    Questions that do not count (nested ones under another option) are left out, as from the agreement.

    :param frame: shape (K,); it does not matter to classifications, whose answers are static.
    """
    ours, theirs = (static_answer_sets(labels) for labels in (truth, submitted))
    static = compare_answer_sets(
        (ours[0][truth_owner], ours[1]), (theirs[0][submitted_owner], theirs[1]), ontology, vocabulary, settings
    )
    before, after = (follow_answers(side.dynamic_answers) for side in (truth, submitted))
    moving = compare_answer_sets(
        (before.codes_at(truth_owner, frame), before.sets),
        (after.codes_at(submitted_owner, frame), after.sets),
        ontology,
        vocabulary,
        settings,
    )
    found: list[list[AnswerDifference]] = [[] for _ in range(len(truth_owner))]
    for compared in (static, moving):
        _collect(found, compared, ontology, vocabulary)
    return [tuple(sorted(one, key=lambda difference: difference.question)) for one in found]


def _collect(
    found: list[list[AnswerDifference]], compared: ComparedAnswers, ontology: OntologyIndex, vocabulary: Vocabulary
) -> None:
    for row in np.flatnonzero(compared.similarity < 1).tolist():
        attribute = ontology.attributes[ontology.attribute_hashes[compared.attribute[row]]]
        truth, given = (
            _in_words(vocabulary.values[code], ontology) if code >= 0 else None
            for code in (int(compared.truth[row]), int(compared.given[row]))
        )
        similarity = float(compared.similarity[row])
        found[int(compared.pair[row])].append(AnswerDifference(attribute.name, truth, given, similarity))


def _in_words(value: AnswerValue, ontology: OntologyIndex) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(ontology.options.get(option, "an unknown option") for option in value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value
