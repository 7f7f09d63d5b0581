from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.scoring.submission import score_submission
from tests.unit.benchmark_qa import scoring_samples as samples

LIMITS = settings(max_examples=40, deadline=None)

START = st.integers(0, 60)
SIDE = st.integers(0, 30)
BOX = st.tuples(
    START, START, SIDE, SIDE, st.sampled_from(["car00001", "bus00001"]), st.sampled_from(["", "sedan001", "truck001"])
)
TRIANGLE = st.tuples(*[st.integers(0, 90)] * 6)
FRAMES = st.lists(st.tuples(st.lists(BOX, max_size=4), st.lists(TRIANGLE, max_size=2)), min_size=2, max_size=2)
WEATHER = st.sampled_from([None, "sunny001", "rain0001"])
LABELS = st.tuples(FRAMES, WEATHER)


def build(labels, side, order=1):
    """Return a two-frame label row; ``order`` -1 puts everything in the other way round."""
    frames, condition = labels
    parts = []
    for frame, (boxes, triangles) in enumerate(frames):
        for index, (x, y, w, h, feature, kind) in enumerate(boxes):
            answers = [samples.kind(kind)] if kind and feature == "car00001" else []
            parts.append(
                samples.pixel_box(f"{side}b{frame}{index}", x, y, w, h, *answers, feature_hash=feature, frames=(frame,))
            )
        if frame == 0:
            for index, (a, b, c, d, e, f) in enumerate(triangles):
                if (c - a) * (f - b) != (e - a) * (d - b):
                    parts.append(samples.pixel_polygon(f"{side}p{index}", [[(a, b), (c, d), (e, f)]]))
    if condition:
        parts.append(samples.weather(f"{side}w", condition, ranges=((0, 1),)))
    blob = samples.row(*parts[::order], data_type="img_group")
    if order == -1:
        blob["data_units"] = dict(reversed(blob["data_units"].items()))
    return blob


def score(truth, submission):
    return score_submission(samples.ontology(), truth, submission)


@given(LABELS, LABELS)
@LIMITS
def test_every_score_is_finite_and_between_0_and_1(truth, submission):
    result = score(build(truth, "t"), build(submission, "s"))
    assert 0 <= result.score <= 1
    rates = [result.rates.micro, result.rates.macro, *result.rates.per_class.values()]
    assert all(rate is None or 0 <= rate <= 1 for group in rates for rate in group.values())


@given(LABELS, LABELS)
@LIMITS
def test_the_order_of_labels_and_frames_never_matters(truth, submission):
    assert score(build(truth, "t"), build(submission, "s")) == score(
        build(truth, "t", order=-1), build(submission, "s", order=-1)
    )


@given(LABELS)
@LIMITS
def test_labels_compared_with_themselves_give_1(labels):
    blob = build(labels, "t")
    assert score(blob, copy.deepcopy(blob)).score == pytest.approx(1)


@given(LABELS, LABELS)
@LIMITS
def test_swapping_sides_swaps_precision_with_recall_and_missing_with_extra(truth, submission):
    one = score(build(truth, "t"), build(submission, "s"))
    other = score(build(submission, "s"), build(truth, "t"))
    assert one.rates.micro["precision"] == other.rates.micro["recall"]
    assert one.rates.micro["recall"] == other.rates.micro["precision"]
    assert one.score == pytest.approx(other.score)
    tally = [sorted(match.verdict.value for match in result.objects) for result in (one, other)]
    swap = {"missing": "extra", "extra": "missing"}
    assert sorted(swap.get(verdict, verdict) for verdict in tally[0]) == tally[1]


@given(LABELS, LABELS, st.sampled_from([0.1, 3, 1000]))
@LIMITS
def test_scaling_the_image_with_its_labels_never_matters(truth, submission, factor):
    blobs = [build(truth, "t"), build(submission, "s")]
    plain = score(*blobs)
    for blob in blobs:
        for unit in blob["data_units"].values():
            unit.update(width=unit["width"] * factor, height=unit["height"] * factor)
    scaled = score(*blobs)
    assert scaled.score == pytest.approx(plain.score)
    assert [match.verdict for match in scaled.objects] == [match.verdict for match in plain.objects]


JUNK = st.one_of(st.none(), st.floats(), st.text(max_size=3), st.just([]), st.just({}), st.integers(-5, 5))


@given(st.sampled_from(["boundingBox", "polygon", "polygons", "x", "labels", "objects", "range", "answers"]), JUNK)
@LIMITS
def test_junk_anywhere_never_raises(key, junk):
    blob = samples.row(
        samples.pixel_box("a", 0, 0, 9, 9, samples.kind("sedan001")),
        samples.pixel_polygon("l", [[(0, 0), (9, 0), (9, 9)]]),
        samples.weather("w", "rain0001"),
    )
    _replace(blob, key, junk)
    for result in (score(samples.row(), blob), score(blob, samples.row()), score(blob, blob)):
        assert (result.score is None) == bool(result.not_computed)
        assert result.score is None or 0 <= result.score <= 1


def _replace(value, key, junk):
    if isinstance(value, dict):
        for name in value:
            if name == key:
                value[name] = junk
            else:
                _replace(value[name], key, junk)
    elif isinstance(value, list):
        for inner in value:
            _replace(inner, key, junk)
