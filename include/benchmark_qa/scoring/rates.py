from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from include.benchmark_qa.labels.columns import FloatArray, IntArray
from include.benchmark_qa.scoring.counts import ClassCounts, Counts, SubmissionCounts

Rate = float | None


@dataclass(frozen=True, slots=True)
class WorstClass:
    """The lowest value of a rate over the classes, and the feature hash of the class that has it."""

    feature_hash: str
    value: float


@dataclass(frozen=True, slots=True)
class Rates:
    """
    Rates of one submission by name: over all labels, as the mean over classes, and of the worst class.

    A rate without a denominator is None; ``macro`` and ``worst`` leave out the classes where it is None.
    """

    counts: SubmissionCounts
    micro: Mapping[str, Rate]
    macro: Mapping[str, Rate]
    worst: Mapping[str, WorstClass | None]
    per_class: Mapping[str, Mapping[str, Rate]] = field(default_factory=dict)


class RateColumns:
    """
    The rates of P submissions, worked out when they are asked for.

    accuracy = diagonal over all cells of the confusion matrix (per class (TP + TN) / cells), precision =
    TP / (TP + FP), recall = TP / (TP + FN), f1 = 2 TP / (2 TP + FP + FN), jaccard = TP / (TP + FP + FN), mean_iou over
    the matched objects, pq = sum of IoU / (TP + FP / 2 + FN / 2) (Kirillov et al. 2019), attribute_accuracy = mean
    agreement, once per pair of objects (not per frame) and once per frame of a classification. score = sum of
    similarity times agreement over TP + FP + FN.
    """

    def __init__(self, counts: ClassCounts) -> None:
        self.counts = counts

    def micro(self, name: str) -> FloatArray:
        """Return a rate over all labels of each submission, shape (P,), NaN without a denominator."""
        total = self.counts.total
        return _share(total.tp, total.cells) if name == "accuracy" else CLASS_RATES[name](total)

    def per_class(self, name: str) -> FloatArray:
        """Return a rate per entry of ``counts.by_class``, NaN without a denominator."""
        return CLASS_RATES[name](self.counts.by_class)

    def macro(self, name: str) -> FloatArray:
        """Return the mean over classes, shape (P,); classes without a denominator are left out."""
        return _mean(self.per_class(name), self.counts)

    def worst(self, name: str) -> tuple[FloatArray, IntArray]:
        """Return the least value over classes, shape (P,), and the code of the class that has it, -1 for none."""
        return _worst(self.per_class(name), self.counts)

    def of(self, submission: int, class_hashes: Sequence[str]) -> Rates:
        """Return all rates of one submission; ``class_hashes`` are the ontology's, by code."""
        one = RateColumns(self.counts.of(submission))
        classes = [class_hashes[code] for code in one.counts.feature]
        worst = {name: one.worst(name) for name in CLASS_RATES}
        return Rates(
            counts=self.counts.total.of(submission),
            micro={name: _known(one.micro(name)[0]) for name in CLASS_RATES},
            macro={name: _known(one.macro(name)[0]) for name in CLASS_RATES},
            worst={
                name: WorstClass(class_hashes[code[0]], float(value[0])) if code[0] >= 0 else None
                for name, (value, code) in worst.items()
            },
            per_class={
                feature: {name: _known(one.per_class(name)[row]) for name in CLASS_RATES}
                for row, feature in enumerate(classes)
            },
        )


def _share(part: FloatArray | IntArray, whole: FloatArray | IntArray) -> FloatArray:
    share: FloatArray = np.full(len(part), np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def _mean(values: FloatArray, counts: ClassCounts) -> FloatArray:
    """Average over the classes of each submission, NaN left out."""
    known, size = ~np.isnan(values), len(counts.total.tp)
    submission = counts.submission[known]
    return _share(np.bincount(submission, values[known], size), np.bincount(submission, minlength=size))


def _worst(values: FloatArray, counts: ClassCounts) -> tuple[FloatArray, IntArray]:
    """Return the least value of each submission and its class; of equal ones the first by feature hash."""
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.lexsort((counts.feature[known], values[known], counts.submission[known]))]
    submission, first = np.unique(counts.submission[order], return_index=True)
    worst: FloatArray = np.full(len(counts.total.tp), np.nan)
    code = np.full(len(counts.total.tp), -1)
    worst[submission], code[submission] = values[order[first]], counts.feature[order[first]]
    return worst, code


def _known(value: float) -> Rate:
    return None if np.isnan(value) else float(value)


CLASS_RATES: Mapping[str, Callable[[Counts], FloatArray]] = {
    "accuracy": lambda c: _share(c.cells - c.fp - c.fn, c.cells),
    "precision": lambda c: _share(c.tp, c.tp + c.fp),
    "recall": lambda c: _share(c.tp, c.tp + c.fn),
    "f1": lambda c: _share(2 * c.tp, 2 * c.tp + c.fp + c.fn),
    "jaccard": lambda c: _share(c.tp, c.units),
    "mean_iou": lambda c: _share(c.iou_sum, c.iou_pairs),
    "pq": lambda c: _share(c.iou_sum + c.tp - c.iou_pairs, c.tp + (c.fp + c.fn) / 2),
    "attribute_accuracy": lambda c: _share(c.answer_sum, c.answers),
    "score": lambda c: _share(c.credit, c.units),
}
