from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from include.benchmark_qa.scoring.verdicts import LabelMatch, Verdict

Rate = float | None


@dataclass(slots=True)
class Counts:
    """
    Sums over verdicts, of one class or of all.

    ``tp`` are found pairs, ``fp`` and ``fn`` labels without a partner of their class on the submitted and on the
    ground-truth side. ``cells`` is the sum of the confusion matrix: a mislabelled pair is one cell.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    cells: int = 0
    credit: float = 0.0
    iou_sum: float = 0.0
    iou_pairs: int = 0
    agreement_sum: float = 0.0
    agreements: int = 0

    @property
    def units(self) -> int:
        """Return TP + FP + FN, what a score is divided by."""
        return self.tp + self.fp + self.fn


@dataclass(frozen=True, slots=True)
class WorstClass:
    """The lowest value of a rate over the classes, and the feature hash of the class that has it."""

    feature_hash: str
    value: float


@dataclass(frozen=True, slots=True)
class Rates:
    """
    Rates by name: over all labels, as the mean over classes, and of the worst class.

    A rate without a denominator is None; ``macro`` and ``worst`` leave out the classes where it is None.
    """

    counts: Counts
    micro: Mapping[str, Rate]
    macro: Mapping[str, Rate]
    worst: Mapping[str, WorstClass | None]
    per_class: Mapping[str, Mapping[str, Rate]] = field(default_factory=dict)


def compute_rates(objects: Iterable[LabelMatch], classifications: Iterable[LabelMatch]) -> Rates:
    """
    Derive every rate of a submission from its verdicts.

    accuracy = diagonal over all cells of the confusion matrix (per class (TP + TN) / cells), precision =
    TP / (TP + FP), recall = TP / (TP + FN), f1 = 2 TP / (2 TP + FP + FN), jaccard = TP / (TP + FP + FN), mean_iou over
    the matched objects, pq = sum of IoU / (TP + FP / 2 + FN / 2) (Kirillov et al. 2019), attribute_accuracy = mean
    agreement, once per pair of objects (not per frame) and once per frame of a classification. score = sum of
    similarity times agreement over TP + FP + FN.
    """
    total, classes = count_verdicts(objects, classifications)
    per_class = {
        feature_hash: {name: rate(counts, total.cells) for name, rate in CLASS_RATES.items()}
        for feature_hash, counts in sorted(classes.items())
    }
    micro = {name: rate(total, total.cells) for name, rate in CLASS_RATES.items()}
    micro["accuracy"] = _share(total.tp, total.cells)
    macro = {name: _mean(rates[name] for rates in per_class.values()) for name in CLASS_RATES}
    worst = {name: _worst(name, per_class) for name in CLASS_RATES}
    return Rates(total, micro, macro, worst, per_class)


def count_verdicts(
    objects: Iterable[LabelMatch], classifications: Iterable[LabelMatch]
) -> tuple[Counts, dict[str, Counts]]:
    """Return the counts over all classes and of each class, by feature hash."""
    total, classes = Counts(), dict[str, Counts]()
    seen: set[tuple[str | None, str | None]] = set()
    for match in objects:
        pair = (match.ground_truth_hash, match.submitted_hash)
        _count(match, total, classes, iou=match.verdict.is_match, answers=0 if pair in seen else 1)
        seen.add(pair)
    for match in classifications:
        _count(match, total, classes, iou=False, answers=match.frames)
    return total, classes


def _count(match: LabelMatch, total: Counts, classes: dict[str, Counts], *, iou: bool, answers: int) -> None:
    truth_side, submitted_side = match.ground_truth_feature, match.submitted_feature
    total.cells += match.frames
    if match.verdict.is_match and truth_side:
        for counts in (total, classes.setdefault(truth_side, Counts())):
            counts.tp += match.frames
            counts.credit += match.credit
            if iou and match.similarity is not None:
                counts.iou_sum += match.similarity
                counts.iou_pairs += 1
            if match.attribute_agreement is not None:
                counts.agreement_sum += match.attribute_agreement * answers
                counts.agreements += answers
        return
    if match.verdict is not Verdict.EXTRA and truth_side:
        total.fn += match.frames
        classes.setdefault(truth_side, Counts()).fn += match.frames
    if match.verdict is not Verdict.MISSING and submitted_side:
        total.fp += match.frames
        classes.setdefault(submitted_side, Counts()).fp += match.frames


def _share(part: float, whole: float) -> Rate:
    return part / whole if whole else None


def _mean(values: Iterable[Rate]) -> Rate:
    known = [value for value in values if value is not None]
    return _share(sum(known), len(known))


def _worst(name: str, per_class: Mapping[str, Mapping[str, Rate]]) -> WorstClass | None:
    known = [(rates[name], feature_hash) for feature_hash, rates in per_class.items()]
    values = [(value, feature_hash) for value, feature_hash in known if value is not None]
    if not values:
        return None
    value, feature_hash = min(values)
    return WorstClass(feature_hash, value)


CLASS_RATES: Mapping[str, Callable[[Counts, int], Rate]] = {
    "accuracy": lambda c, cells: _share(cells - c.fp - c.fn, cells),
    "precision": lambda c, _: _share(c.tp, c.tp + c.fp),
    "recall": lambda c, _: _share(c.tp, c.tp + c.fn),
    "f1": lambda c, _: _share(2 * c.tp, 2 * c.tp + c.fp + c.fn),
    "jaccard": lambda c, _: _share(c.tp, c.units),
    "mean_iou": lambda c, _: _share(c.iou_sum, c.iou_pairs),
    "pq": lambda c, _: _share(c.iou_sum + c.tp - c.iou_pairs, c.tp + (c.fp + c.fn) / 2),
    "attribute_accuracy": lambda c, _: _share(c.agreement_sum, c.agreements),
    "score": lambda c, _: _share(c.credit, c.units),
}
