from __future__ import annotations

import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Literal

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

if TYPE_CHECKING:
    from numpy.typing import NDArray

TextMatch = Literal["levenshtein", "exact"]


def text_similarity(a: str, b: str, how: TextMatch = "levenshtein") -> float:
    """
    Compare two texts after trimming; in [0, 1].

    ``levenshtein`` is 1 - (least number of single-character edits) / (length of the longer text); ``exact`` is 1
    or 0. Two empty texts are equal.

    >>> text_similarity(" kitten", "sitting")
    0.5714285714285714
    """
    a, b = a.strip(), b.strip()
    if how == "exact":
        return float(a == b)
    return float(Levenshtein.normalized_similarity(a, b))


def text_similarities(a: Sequence[str], b: Sequence[str], how: TextMatch = "levenshtein") -> NDArray[np.float64]:
    """Compare N texts with N others, each with the one in its place, as ``text_similarity`` does; shape (N,)."""
    a, b = ([text.strip() for text in side] for side in (a, b))
    if how == "exact":
        return np.array([one == other for one, other in zip(a, b, strict=True)], dtype=np.float64)
    return np.asarray(cpdist(a, b, scorer=Levenshtein.normalized_similarity, dtype=np.float64), dtype=np.float64)


def checklist_jaccard(a: AbstractSet[str], b: AbstractSet[str]) -> float:
    """
    Return the share of the ticked options that both ticked, in [0, 1]; two empty lists are equal.

    >>> checklist_jaccard({"red", "green"}, {"green", "blue"})
    0.3333333333333333
    """
    union = a | b
    return len(a & b) / len(union) if union else 1.0


def number_similarity(truth: float, given: float, *, abs_tol: float = 0.0, rel_tol: float = 0.0) -> float:
    """
    Return 1 where ``given`` is within ``abs_tol + rel_tol * |truth|`` of the truth, inclusive, else 0.

    The rounding of the numbers themselves is forgiven: 1.1 is within 0.1 of 1.

    >>> number_similarity(1.0, 1.1, abs_tol=0.1)
    1.0
    """
    if truth == given:
        return 1.0
    tolerance = abs_tol + rel_tol * abs(truth)
    rounding = 4 * sys.float_info.epsilon * max(abs(truth), abs(given)) if tolerance else 0.0
    return float(abs(truth - given) <= tolerance + rounding)
