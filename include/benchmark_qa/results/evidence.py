"""All verdicts of a batch in one order that does not depend on the order of the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray
from include.benchmark_qa.results.encoding import Hashes, read_hashes
from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.scored import ScoredLabels
from include.benchmark_qa.scoring.verdicts import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("object", "classification")
VERDICT_NAMES = tuple(verdict.value for verdict in Verdict)
_IS_MATCH = np.array([verdict.is_match for verdict in Verdict])


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    The verdicts of objects and classifications, by submission, kind, frame and hashes.

    ``kind`` is the place in ``KINDS``; ``truth_hashes`` and ``submitted_hashes`` are those of the owners. ``verdicts``
    names each submission by its rank among the sorted submissions.
    """

    verdicts: VerdictColumns
    kind: NDArray[np.int8]
    truth_hashes: Hashes
    submitted_hashes: Hashes

    @property
    def is_match(self) -> BoolArray:
        """Which labels were found."""
        found: BoolArray = _IS_MATCH[self.verdicts.verdict]
        return found

    @property
    def credit(self) -> FloatArray:
        """Similarity times agreement times frames of what was found, 0 for everything else."""
        one = self.verdicts
        agreement = np.where(np.isnan(one.agreement), 1.0, one.agreement)
        return np.where(self.is_match, np.nan_to_num(one.similarity) * agreement * one.frames, 0.0)


def gather_evidence(scored: ScoredLabels, rank: IntArray) -> Evidence:
    """Put the verdicts together and in order; ``rank`` is the place of each submission among the sorted ones."""
    verdicts = VerdictColumns.concatenate([scored.objects, scored.classifications])
    kind = np.repeat(np.array([0, 1], np.int8), [len(scored.objects), len(scored.classifications)])
    truth, submitted = read_hashes(scored.truth.hashes), read_hashes(scored.submitted.hashes)
    place = rank[verdicts.submission]
    order = np.lexsort(
        (
            verdicts.verdict,
            submitted.at(verdicts.submitted_owner),
            truth.at(verdicts.truth_owner),
            verdicts.last_frame,
            verdicts.first_frame,
            place * len(KINDS) + kind,
        )
    )
    verdicts = verdicts.take(order)
    verdicts.submission[:] = rank[verdicts.submission]
    return Evidence(verdicts, kind[order], truth, submitted)
