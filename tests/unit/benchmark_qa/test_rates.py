from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.counts import count_verdicts
from include.benchmark_qa.scoring.rates import RateColumns
from include.benchmark_qa.scoring.verdicts import Verdict

CLASSES = ("bus", "car", "weather")
CODES = tuple(Verdict)


def verdict(kind, truth=None, drawn=None, similarity=np.nan, agreement=np.nan, frames=1, answers=None):
    """Return one verdict as the values of its columns; ``answers`` is how often its agreement counts."""
    ours, theirs = (CLASSES.index(one) if one else -1 for one in (truth, drawn))
    answers = (0 if np.isnan(agreement) else frames) if answers is None else answers
    answer_sum = agreement * answers if answers else 0.0
    kind = CODES.index(kind)
    return 0, kind, ours, ours, theirs, theirs, 0, 0, frames, similarity, agreement, answer_sum, answers


def columns(verdicts):
    types = [one.type for one in fields(VerdictColumns)]
    parts = zip(*verdicts, strict=True) if verdicts else [()] * len(types)
    return VerdictColumns(
        *(np.array(part, np.float64 if "Float" in kind else np.int64) for part, kind in zip(parts, types, strict=True))
    )


def compute_rates(objects, classifications):
    counts = count_verdicts(columns(objects), columns(classifications), 1, len(CLASSES))
    return RateColumns(counts).of(0, CLASSES)


# CVAT's worked confusion matrix: rows submitted car, bus, unmatched; columns truth car, bus, unmatched:
# [[2, 1, 1], [0, 1, 0], [1, 0, 0]].
CVAT = (
    verdict(Verdict.MATCHED, "car", "car", 1.0),
    verdict(Verdict.MATCHED, "car", "car", 1.0),
    verdict(Verdict.MISLABELLED, "bus", "car", 0.9),
    verdict(Verdict.EXTRA, None, "car"),
    verdict(Verdict.MATCHED, "bus", "bus", 1.0),
    verdict(Verdict.MISSING, "car", None),
)


@pytest.mark.parametrize(
    ("rate", "micro", "macro", "worst", "worst_class"),
    [
        ("accuracy", 1 / 2, 2 / 3, 1 / 2, "car"),
        ("precision", 3 / 5, 3 / 4, 1 / 2, "car"),
        ("recall", 3 / 5, 7 / 12, 1 / 2, "bus"),
        ("jaccard", 3 / 7, 9 / 20, 2 / 5, "car"),
        ("f1", 3 / 5, 13 / 21, 4 / 7, "car"),
    ],
)
def test_the_rates_of_cvats_confusion_matrix(rate, micro, macro, worst, worst_class):
    rates = compute_rates(CVAT, ())
    assert rates.micro[rate] == pytest.approx(micro)
    assert rates.macro[rate] == pytest.approx(macro)
    assert rates.worst[rate].value == pytest.approx(worst)
    assert rates.worst[rate].feature_hash == worst_class


def test_counts_of_the_same_matrix():
    counts = compute_rates(CVAT, ()).counts
    assert (counts.tp, counts.fp, counts.fn, counts.cells) == (3, 2, 2, 6)


def test_rates_without_a_denominator_are_none():
    rates = compute_rates((), ())
    assert set(rates.micro.values()) == {None}
    assert set(rates.macro.values()) == {None}
    assert set(rates.worst.values()) == {None}


def test_nothing_found_leaves_precision_and_mean_iou_without_a_value():
    rates = compute_rates((verdict(Verdict.MISSING, "car"),), ())
    assert (rates.micro["precision"], rates.micro["mean_iou"], rates.micro["pq"]) == (None, None, 0.0)
    assert (rates.micro["recall"], rates.micro["score"]) == (0.0, 0.0)


def test_score_mean_iou_and_panoptic_quality_by_hand():
    objects = (
        verdict(Verdict.ATTRIBUTE_MISMATCH, "car", "car", 0.8, 0.5),
        verdict(Verdict.LOW_OVERLAP, "car", "car", 0.6, 1.0),
        verdict(Verdict.EXTRA, None, "car"),
    )
    rates = compute_rates(objects, ())
    assert rates.micro["score"] == pytest.approx((0.8 * 0.5 + 0.6) / 3)
    assert rates.micro["mean_iou"] == pytest.approx(0.7)
    assert rates.micro["pq"] == pytest.approx(1.4 / 2.5)
    assert rates.micro["attribute_accuracy"] == pytest.approx(0.75)


def test_an_object_on_many_frames_answers_once_but_is_found_on_each():
    pair = {"truth": "car", "drawn": "car", "similarity": 1.0}
    objects = (
        verdict(Verdict.ATTRIBUTE_MISMATCH, **pair, agreement=0.0),
        *(verdict(Verdict.ATTRIBUTE_MISMATCH, **pair, agreement=0.0, answers=0) for _ in range(8)),
        verdict(Verdict.MATCHED, **pair, agreement=1.0),
    )
    rates = compute_rates(objects, ())
    assert rates.counts.tp == 10
    assert rates.micro["attribute_accuracy"] == pytest.approx(0.5)


def test_classifications_count_once_per_frame_and_have_no_iou():
    stretch = verdict(Verdict.ATTRIBUTE_MISMATCH, "weather", "weather", 1.0, 0.25, frames=4)
    missing = verdict(Verdict.MISSING, "weather", frames=6)
    rates = compute_rates((), (stretch, missing))
    assert (rates.counts.tp, rates.counts.fn) == (4, 6)
    assert rates.micro["score"] == pytest.approx(0.1)
    assert rates.micro["mean_iou"] is None
