"""The verdicts on many submissions as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from include.benchmark_qa.labels.columns import FloatArray, IntArray

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AnswerAgreement:
    """
    How far the answers of K pairs agree: the sum of the similarities, in [0, 1] each, of ``compared`` questions.

    Both have the shape (K,). A pair of which nobody answered anything has 0 compared questions.
    """

    similarity: FloatArray
    compared: IntArray

    @property
    def mean(self) -> FloatArray:
        """The mean similarity per pair, NaN where nothing was compared."""
        mean: FloatArray = np.full(len(self.similarity), np.nan)
        np.divide(self.similarity, self.compared, out=mean, where=self.compared > 0)
        return mean

    def __add__(self, other: AnswerAgreement) -> AnswerAgreement:
        return AnswerAgreement(self.similarity + other.similarity, self.compared + other.compared)


@dataclass(frozen=True, slots=True)
class VerdictColumns:
    """
    One entry per verdict, of objects or of classifications.

    ``submission`` is the submitted label row, ``verdict`` the place in ``tuple(Verdict)``. ``truth_*`` is -1 for
    ``extra``, ``submitted_*`` for ``missing``: the class's code in the ontology and the owner in the label columns.
    ``frames`` is how many units of the score the entry stands for. ``similarity`` and ``agreement`` (of the answers)
    are NaN where there is no pair or nothing was compared.
    ``answer_sum`` over ``answer_count`` is the attribute accuracy: static answers of an object count once per pair of
    objects (not per frame), dynamic ones once per frame, those of a classification once per frame.
    """

    submission: IntArray
    verdict: NDArray[np.int8]
    truth_class: IntArray
    truth_owner: IntArray
    submitted_class: IntArray
    submitted_owner: IntArray
    first_frame: IntArray
    last_frame: IntArray
    frames: IntArray
    similarity: FloatArray
    agreement: FloatArray
    answer_sum: FloatArray
    answer_count: IntArray

    def __len__(self) -> int:
        return len(self.submission)

    def take(self, index: NDArray[np.intp] | NDArray[np.int64] | NDArray[np.bool_]) -> VerdictColumns:
        """Return the entries of an index or a mask, in its order."""
        return VerdictColumns(*(getattr(self, one.name)[index] for one in fields(self)))

    @staticmethod
    def concatenate(parts: Sequence[VerdictColumns]) -> VerdictColumns:
        """Return the entries of all parts, one part after the other; at least one part is needed."""
        return VerdictColumns(
            *(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(VerdictColumns))
        )
