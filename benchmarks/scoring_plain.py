"""
Scoring as a careful script does it: plain loops over two lists of labels.

By the rules of the scorer: an overlap of at least 0.5 counts; as many pairs of one class as there can be, and of
these the most alike; what is left over is paired across classes (mislabelled). An assignment is solved only where two
pairs compete, which is rare: this is the quick way to do it, not the slow one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Not inside functions: the scripts would pay for it at each call.
import numpy as np  # noqa: TID253
import shapely  # noqa: TID253
from pycocotools import mask
from scipy.optimize import linear_sum_assignment  # noqa: TID253

_GATE = 0.5 - 1e-9  # an IoU that is 0.5 on paper may be a rounding error below it

Drawn = tuple[str, Any]  # the class, and the geometry
Similarity = Callable[[Any, Any], float]
Pair = tuple[int, int, float]


@dataclass(slots=True)
class Labels:
    """The objects of a label row by frame, and the chosen option by classification."""

    objects: dict[int, list[Drawn]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def add(self, frame: int, feature_hash: str, geometry: Any) -> None:
        self.objects.setdefault(frame, []).append((feature_hash, geometry))


@dataclass(slots=True)
class Tally:
    """What a comparison counted."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    pairs: int = 0
    iou_sum: float = 0.0
    asked: int = 0
    right: int = 0

    @property
    def score(self) -> float:
        units = self.tp + self.fp + self.fn
        return (self.iou_sum + self.right) / units if units else 1.0

    def numbers(self) -> tuple[float | None, ...]:
        """Return TP, FP, FN, mean IoU, accuracy of the answers, and the score."""
        mean_iou = self.iou_sum / self.pairs if self.pairs else None
        accuracy = self.right / self.asked if self.asked else None
        return self.tp, self.fp, self.fn, mean_iou, accuracy, self.score


def compare(truth: Labels, submitted: Labels, similarity: Similarity) -> Tally:
    """Count what an annotator found, missed, invented and answered."""
    tally = Tally()
    for frame in truth.objects.keys() | submitted.objects.keys():
        _compare_frame(truth.objects.get(frame, ()), submitted.objects.get(frame, ()), similarity, tally)
    for feature_hash in truth.answers.keys() | submitted.answers.keys():
        right, given = truth.answers.get(feature_hash), submitted.answers.get(feature_hash)
        if right is None:
            tally.fp += 1
        elif given is None:
            tally.fn += 1
        else:
            tally.tp += 1
            tally.asked += 1
            tally.right += right == given
    return tally


def _compare_frame(truth: Sequence[Drawn], drawn: Sequence[Drawn], similarity: Similarity, tally: Tally) -> None:
    found = _pair_up(
        [
            (i, j, iou)
            for i, (truth_class, truth_geometry) in enumerate(truth)
            for j, (drawn_class, drawn_geometry) in enumerate(drawn)
            if truth_class == drawn_class and (iou := similarity(truth_geometry, drawn_geometry)) >= _GATE
        ]
    )
    tally.tp += len(found)
    tally.pairs += len(found)
    tally.iou_sum += sum(iou for _, _, iou in found)
    # Whether a left-over is mislabelled, missing or extra does not change the counts: mislabelled is both.
    tally.fn += len(truth) - len(found)
    tally.fp += len(drawn) - len(found)


def _pair_up(allowed: list[Pair]) -> list[Pair]:
    if len({i for i, _, _ in allowed}) == len(allowed) == len({j for _, j, _ in allowed}):
        return allowed  # nobody competes
    shape = 1 + max(i for i, _, _ in allowed), 1 + max(j for _, j, _ in allowed)
    weight = np.zeros(shape)
    for i, j, iou in allowed:
        weight[i, j] = min(shape) + 1 + iou  # one more pair outweighs any sum
    chosen = set(zip(*(side.tolist() for side in linear_sum_assignment(weight, maximize=True)), strict=True))
    return [pair for pair in allowed if pair[:2] in chosen]


def box_iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the IoU of two boxes given by their corners: left, top, right, bottom."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def polygon_iou(a: Any, b: Any) -> float:
    """Return the IoU of two shapely geometries."""
    common = a.intersection(b).area
    return common / (a.area + b.area - common) if common else 0.0


def array_iou(a: Any, b: Any) -> float:
    """Return the IoU of two masks as arrays of bool."""
    common = int((a & b).sum())
    return common / int((a | b).sum()) if common else 0.0


def rle_iou(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """Return the IoU of two masks as pycocotools takes them."""
    return float(mask.iou([a], [b], [0])[0, 0])


def ring(flat: Sequence[float] | Iterable[tuple[float, float]]) -> Any:
    """Return the area that an outline encloses, repaired if it crosses itself."""
    polygon = shapely.Polygon(flat)
    return polygon if polygon.is_valid else shapely.make_valid(polygon)
