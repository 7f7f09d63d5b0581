from __future__ import annotations

from collections.abc import Mapping

from include.benchmark_qa.labels.model import AnswerValue
from include.benchmark_qa.labels.ontology import Attribute, OntologyIndex
from include.benchmark_qa.scoring.settings import TextMatch
from include.benchmark_qa.similarity.answers import checklist_jaccard, radio_similarity, text_similarity

Answers = Mapping[str, AnswerValue]


def answer_agreement(
    ground_truth: Answers, submitted: Answers, ontology: OntologyIndex, text_match: TextMatch = "levenshtein"
) -> float | None:
    """
    Return the mean similarity of the answers, in [0, 1]; None where nobody answered anything.

    A question that only one side answered counts 0. A nested question counts only where both chose the option it
    hangs on: a wrong parent is one mistake, not several.
    """
    asked = sorted(ground_truth.keys() | submitted.keys())
    compared = [
        _similarity(ontology.attributes[key], ground_truth.get(key), submitted.get(key), text_match)
        for key in asked
        if _parents_agree(ontology.attributes[key], ground_truth, submitted, ontology)
    ]
    return sum(compared) / len(compared) if compared else None


def _parents_agree(attribute: Attribute, truth: Answers, submitted: Answers, ontology: OntologyIndex) -> bool:
    if attribute.parent is None:
        return True
    parent, option = attribute.parent
    if option not in truth.get(parent, ()) or option not in submitted.get(parent, ()):
        return False
    return _parents_agree(ontology.attributes[parent], truth, submitted, ontology)


def _similarity(
    attribute: Attribute, truth: AnswerValue | None, submitted: AnswerValue | None, text_match: TextMatch
) -> float:
    if truth is None or submitted is None:
        return 0.0
    if isinstance(truth, str) and isinstance(submitted, str):
        return text_similarity(truth, submitted, text_match)
    compare = radio_similarity if attribute.kind == "radio" else checklist_jaccard
    return compare(frozenset(truth), frozenset(submitted))
