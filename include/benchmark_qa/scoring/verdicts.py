from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What became of one label."""

    MATCHED = "matched"
    LOW_OVERLAP = "low_overlap"
    ATTRIBUTE_MISMATCH = "attribute_mismatch"
    MISLABELLED = "mislabelled"
    MISSING = "missing"
    EXTRA = "extra"

    @property
    def is_match(self) -> bool:
        """Say whether the pair counts as found: same class, enough overlap, whatever its answers."""
        return self in {Verdict.MATCHED, Verdict.LOW_OVERLAP, Verdict.ATTRIBUTE_MISMATCH}


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """
    The evidence for one verdict: who was compared with whom, and how alike they were.

    Ground-truth fields are None for ``extra``, submitted fields for ``missing``. ``similarity`` in [0, 1] is None
    where there is no pair, and 1 for classifications. ``attribute_agreement`` in [0, 1] is None where no answer was
    compared. ``frames`` is how many units of the score it stands for: 1 for an object (on ``first_frame``), the
    frames of the stretch for a classification (1 where there are no frames).
    """

    verdict: Verdict
    ground_truth_feature: str | None
    ground_truth_hash: str | None
    submitted_feature: str | None
    submitted_hash: str | None
    first_frame: int = 0
    last_frame: int = 0
    frames: int = 1
    similarity: float | None = None
    attribute_agreement: float | None = None

    @property
    def credit(self) -> float:
        """Similarity times attribute agreement of a found pair, 0 for everything else."""
        if not self.verdict.is_match or self.similarity is None:
            return 0.0
        agreement = 1.0 if self.attribute_agreement is None else self.attribute_agreement
        return self.similarity * agreement * self.frames
