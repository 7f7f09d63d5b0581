"""Comparing answers the slow and obvious way: one pair, one question, one frame at a time."""

from __future__ import annotations

from typing import Any

from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.scoring.settings import ScoringSettings
from tests.unit.scoring.hand_made import ONTOLOGY


def plain_agreement(
    truth: dict[str, Any], given: dict[str, Any], settings: ScoringSettings, ontology: OntologyIndex = ONTOLOGY
) -> tuple[float, int]:
    """Return the sum of the similarities and the number of the questions compared."""
    total, count = 0.0, 0
    for asked in sorted({*truth, *given}):
        if _counts(asked, truth, given, ontology):
            count += 1
            if asked in truth and asked in given:
                total += _similarity(ontology.attributes[asked].kind, truth[asked], given[asked], settings)
    return total, count


def _counts(asked: str, truth: dict[str, Any], given: dict[str, Any], ontology: OntologyIndex) -> bool:
    parent = ontology.attributes[asked].parent
    if parent is None:
        return True
    above, option = parent
    both = option in truth.get(above, ()) and option in given.get(above, ())
    return both and _counts(above, truth, given, ontology)


def _similarity(kind: str, truth: Any, given: Any, settings: ScoringSettings) -> float:
    if kind == "radio":
        return float(truth == given)
    if kind == "checklist":
        return len(set(truth) & set(given)) / len(set(truth) | set(given))
    if kind == "numeric":
        return float(abs(truth - given) <= settings.number_abs_tol + settings.number_rel_tol * abs(truth))
    if settings.text_match == "exact":
        return float(truth.strip() == given.strip())
    return 1 - edits(truth.strip(), given.strip()) / max(len(truth.strip()), len(given.strip()), 1)


def edits(a: str, b: str) -> int:
    """Return the Levenshtein distance by its textbook table (Wagner and Fischer 1974)."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


def plain_at(held: list[tuple[str, Any, int, int]], frame: int) -> dict[str, Any]:
    """Return the answers that hold on a frame, out of (question, answer, first frame, last frame)."""
    return {name: value for name, value, first, last in held if first <= frame <= last}
