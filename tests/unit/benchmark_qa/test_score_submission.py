from __future__ import annotations

import copy

import pytest

from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.submission import score_submission
from tests.unit.benchmark_qa import scoring_samples as samples
from tests.unit.benchmark_qa.scoring_samples import pixel_box, row

SQUARE = [(10.0, 10.0), (60.0, 10.0), (60.0, 60.0), (10.0, 60.0)]


def score(truth, submission, **settings):
    return score_submission(samples.ontology(), truth, submission, ScoringSettings(**settings))


def verdicts(result):
    return [match.verdict.value for match in (*result.objects, *result.classifications)]


def test_boxes_on_image_by_hand():
    truth = row(pixel_box("a", 0, 0, 40, 40), pixel_box("b", 100, 0, 40, 40), pixel_box("c", 0, 60, 20, 20))
    submission = row(
        pixel_box("p", 0, 0, 40, 30),
        pixel_box("q", 100, 0, 40, 40, feature_hash="bus00001"),
        pixel_box("r", 150, 60, 20, 20),
    )
    result = score(truth, submission)
    # a and p: 1200 / 1600; b and q: another class; c missing; r extra.
    assert verdicts(result) == ["low_overlap", "mislabelled", "missing", "extra"]
    assert result.score == pytest.approx(0.75 / (1 + 2 + 2))
    assert result.passed is False
    assert result.not_computed == ()


def test_rows_that_the_sdk_wrote_score_as_ours_do():
    def through_the_sdk(blob):
        sdk_row = samples.sdk_row()
        sdk_row.from_labels_dict(blob)
        return sdk_row.to_encord_dict()

    truth = row(
        pixel_box("a0000000", 0, 0, 40, 40, samples.kind("sedan001"), samples.trim("LX")),
        samples.pixel_polygon("l0000000", [SQUARE]),
        samples.weather("w0000000", "rain0001", heavy="very"),
    )
    submission = row(
        pixel_box("p0000000", 0, 0, 40, 36, samples.kind("sedan001"), samples.trim("LS")),
        samples.pixel_polygon("m0000000", [[(10.0, 10.0), (60.0, 10.0), (60.0, 50.0), (10.0, 50.0)]]),
        samples.weather("v0000000", "rain0001", heavy="very"),
    )
    result = score(through_the_sdk(truth), through_the_sdk(submission))
    assert verdicts(result) == ["attribute_mismatch", "matched", "matched"]
    # IoU 0.9 times (Kind 1, Trim 1/2) = 0.75; polygon 40 / 50; weather 1.
    assert result.score == pytest.approx((0.9 * 0.75 + 0.8 + 1) / 3)


def test_a_nested_answer_counts_only_under_the_same_parent():
    truth = row(pixel_box("a", 0, 0, 40, 40, samples.kind("sedan001"), samples.trim("LX")))
    truck = score(truth, row(pixel_box("p", 0, 0, 40, 40, samples.kind("truck001"), samples.trim("LX"))))
    sedan = score(truth, row(pixel_box("p", 0, 0, 40, 40, samples.kind("sedan001"))))
    assert truck.score == 0.0  # one wrong answer; the trim of a truck is not compared
    assert sedan.score == pytest.approx(0.5)  # the trim was not answered


def test_checklists_by_jaccard_and_text_by_the_setting():
    truth = row(samples.tags("t", "red00000", "green000"), samples.caption("c", "kitten"))
    submission = row(samples.tags("u", "green000", "blue0000"), samples.caption("d", "sitting"))
    assert score(truth, submission).score == pytest.approx((1 / 3 + 4 / 7) / 2)
    assert score(truth, submission, text_match="exact").score == pytest.approx((1 / 3) / 2)


def test_image_group_is_matched_frame_by_frame():
    truth = row(pixel_box("a", 0, 0, 40, 40, frames=(0, 1)), data_type="img_group")
    submission = row(pixel_box("p", 0, 0, 40, 40, frames=(1,)), data_type="img_group")
    result = score(truth, submission)
    assert [(match.verdict.value, match.first_frame) for match in result.objects] == [("missing", 0), ("matched", 1)]
    assert result.score == pytest.approx(0.5)


def test_video_classification_counts_every_frame_of_the_union():
    truth = row(samples.weather("w", "rain0001", ranges=((0, 5),)), data_type="video")
    submission = row(samples.weather("v", "rain0001", ranges=((4, 9),)), data_type="video")
    result = score(truth, submission)
    assert [(m.verdict.value, m.first_frame, m.last_frame, m.frames) for m in result.classifications] == [
        ("missing", 0, 3, 4),
        ("matched", 4, 5, 2),
        ("extra", 6, 9, 4),
    ]
    assert result.score == pytest.approx(2 / 10)


def test_audio_classification_counts_once_and_shares_its_time():
    truth = row(samples.weather("w", "rain0001", ranges=((0, 999),)), data_type="audio")
    submission = row(samples.weather("v", "rain0001", ranges=((0, 499),)), data_type="audio")
    result = score(truth, submission)
    assert (result.rates.counts.tp, result.rates.counts.fn) == (1, 0)
    assert result.score == pytest.approx(0.5)


def test_pdf_pages_have_no_size_and_are_compared_in_fractions():
    truth = row(pixel_box("a", 0, 0, 100, 50, frames=(1,)), data_type="pdf")
    submission = row(pixel_box("p", 0, 0, 100, 40, frames=(1,)), data_type="pdf")
    assert score(truth, submission).score == pytest.approx(0.8)


def test_a_size_that_one_row_does_not_know_is_taken_from_the_other():
    truth, submission = row(pixel_box("a", 0, 0, 40, 40)), row(pixel_box("p", 0, 0, 40, 40))
    for unit in submission["data_units"].values():
        unit.update(width=None, height=None)
    assert score(truth, submission).score == 1.0
    assert score(submission, truth).score == 1.0


def test_nothing_to_find_and_nothing_submitted_is_right():
    result = score(row(), row())
    assert (result.score, result.passed, result.both_empty) == (1.0, True, True)


@pytest.mark.parametrize("metric", ["score", "f1", "precision", "recall", "jaccard", "mean_iou"])
def test_both_empty_is_right_by_every_metric(metric):
    assert score(row(), row(), target_metric=metric).score == 1.0


def test_a_label_row_that_was_never_saved_is_an_empty_submission():
    truth = row(pixel_box("a", 0, 0, 40, 40))
    unsaved = {**row(), "label_hash": None}
    for submission in (None, unsaved):
        result = score(truth, submission)
        assert (result.score, verdicts(result), result.not_computed) == (0.0, ["missing"], ())
    assert score(row(), unsaved).both_empty


@pytest.mark.parametrize("truth", [None, {**row(), "label_hash": None}])
def test_without_ground_truth_nothing_is_computed(truth):
    result = score(truth, row())
    assert result.score is None
    assert result.passed is None
    assert result.not_computed == ("ground truth: there is none for this data unit",)


def test_a_metric_without_a_denominator_is_not_computed():
    result = score(row(pixel_box("a", 0, 0, 40, 40)), row(), target_metric="precision")
    assert (result.score, result.passed) == (None, None)
    assert result.not_computed == ("precision has an empty denominator",)
    assert verdicts(result) == ["missing"]


@pytest.mark.parametrize(
    ("metric", "expected"), [("f1", 0.8), ("precision", 1.0), ("recall", 2 / 3), ("jaccard", 2 / 3), ("mean_iou", 0.75)]
)
def test_the_target_metric_is_the_score(metric, expected):
    boxes = [pixel_box("a", 0, 0, 40, 40), pixel_box("b", 50, 0, 40, 40), pixel_box("c", 100, 0, 40, 40)]
    submission = row(pixel_box("p", 0, 0, 40, 40), pixel_box("q", 50, 0, 40, 20))
    assert score(row(*boxes), submission, target_metric=metric).score == pytest.approx(expected)


def test_the_gate_is_inclusive_at_exactly_half():
    result = score(row(pixel_box("a", 30, 30, 40, 40)), row(pixel_box("p", 30, 30, 20, 40)))
    assert verdicts(result) == ["low_overlap"]


def spoilt(change):
    blob = copy.deepcopy(row(pixel_box("a", 20, 10, 60, 20, samples.kind("truck001"))))
    (unit,) = blob["data_units"].values()
    change(blob, unit["labels"]["objects"][0])
    return blob


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _, drawn: drawn["boundingBox"].update(x=float("nan")), "Car a on frame 0 has x = nan"),
        (lambda _, drawn: drawn["boundingBox"].update(w=None), "Car a on frame 0 has w = None"),
        (lambda _, drawn: drawn["boundingBox"].update(w=-0.1), "Car a on frame 0 has a negative width"),
        (lambda _, drawn: drawn["boundingBox"].update(x=3.5), "Car a on frame 0 reaches outside the image"),
        (lambda _, drawn: drawn.pop("boundingBox"), "Car a on frame 0 has no boundingBox"),
        (lambda _, drawn: drawn.update(featureHash="gone0001"), "feature 'gone0001' is not in the ontology"),
        (lambda _, drawn: drawn.update(featureHash="route001"), "Route a on frame 0 has no polyline"),
        (lambda _, drawn: drawn.pop("objectHash"), "the labels are corrupt (missing 'objectHash')"),
        (lambda blob, _: blob.pop("data_units"), "the labels are corrupt (missing 'data_units')"),
        (lambda blob, _: blob.update(data_units=[]), "the labels are corrupt"),
        (lambda blob, _: blob.update(data_type="group"), "data type 'group' is not supported"),
        (
            lambda blob, _: blob["object_answers"]["a"]["classifications"][0].update(featureHash="gone0002"),
            "attribute 'gone0002' is not in the ontology",
        ),
        (
            lambda blob, _: blob.update(object_actions={"a": {"actions": [{"name": "Moving"}], "objectHash": "a"}}),
            "Car a: the labels are corrupt (missing 'featureHash')",
        ),
        (
            lambda blob, _: blob["object_answers"]["a"]["classifications"].append(
                {"featureHash": "doors001", "answers": "four"}
            ),
            "'Doors'",
        ),
    ],
)
def test_what_cannot_be_compared_is_not_computed_and_says_why(change, reason):
    good = row(pixel_box("a", 20, 10, 60, 20))
    result = score(good, spoilt(change))
    assert (result.score, result.passed) == (None, None)
    assert any(text.startswith("submission: ") and reason in text for text in result.not_computed), result.not_computed
    swapped = score(spoilt(change), good)
    assert any(text.startswith("ground truth: ") and reason in text for text in swapped.not_computed)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([(10.0, 10.0), (20.0, 20.0), (40.0, 40.0)], "without area"),
        ([(10.0, 10.0), (20.0, 10.0)], "fewer than three"),
    ],
)
def test_a_polygon_without_area_is_not_computed(points, reason):
    result = score(row(samples.pixel_polygon("a", [SQUARE])), row(samples.pixel_polygon("p", [points])))
    assert reason in result.not_computed[0]


def test_a_self_crossing_polygon_is_repaired_and_computed():
    bow_tie = [(10.0, 10.0), (60.0, 60.0), (60.0, 10.0), (10.0, 60.0)]
    result = score(row(samples.pixel_polygon("a", [SQUARE])), row(samples.pixel_polygon("p", [bow_tie])))
    assert result.rates.micro["mean_iou"] == pytest.approx(0.5)


def test_a_click_that_made_a_box_without_area_is_extra():
    result = score(row(pixel_box("a", 0, 0, 40, 40)), row(pixel_box("p", 0, 0, 40, 40), pixel_box("q", 5, 5, 0, 0)))
    assert verdicts(result) == ["matched", "extra"]


def test_the_older_form_of_a_polygon_is_read_in_the_order_of_its_numbers():
    blob = row(samples.pixel_polygon("a", [[(x / 2, y / 2) for x, y in _circle(12)]]))
    older = copy.deepcopy(blob)
    (unit,) = older["data_units"].values()
    (drawn,) = unit["labels"]["objects"]
    del drawn["polygons"]
    drawn["polygon"] = dict(sorted(drawn["polygon"].items()))  # "10" before "2"
    assert score(blob, older).score == pytest.approx(1)


def _circle(count):
    return [(100 + 50 * x, 100 + 50 * y) for x, y in ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1))[:count]] + [
        (100 + 20 * i, 40 - 5 * i) for i in range(6)
    ]


def test_answers_left_over_from_a_deleted_object_are_ignored():
    truth = row(pixel_box("a", 0, 0, 40, 40))
    truth["object_answers"]["ghost"] = {"objectHash": "ghost", "classifications": [{"featureHash": "gone"}]}
    assert score(truth, row(pixel_box("p", 0, 0, 40, 40))).score == 1.0


def test_different_data_types_are_not_compared():
    result = score(row(), row(data_type="video"))
    assert result.not_computed == ("the ground truth is of data type 'image', the submission 'video'",)


def test_an_ontology_of_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"OntologyStructure\.to_dict"):
        score_submission({"title": "x"}, row(), row())
