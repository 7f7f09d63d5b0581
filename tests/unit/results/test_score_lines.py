from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pyarrow.parquet as pq
import pytest

from include.benchmark_qa.results.lines import By, annotators_to_parquet, read_lines
from include.benchmark_qa.results.store import open_scores, retire_units
from tests.unit.benchmark_qa.scoring_samples import damage, pixel_box, row
from tests.unit.results.result_samples import EMPTY, GOOD, NOON, POOR, Scored


def test_all_submissions_are_one_line(opened):
    with opened(Scored("ann", 1, GOOD), Scored("ann", 2, POOR), Scored("bob", 1, GOOD, truth=False)) as scores:
        (line,) = read_lines(scores)
    assert (line.campaign, line.annotator_email, line.week, line.class_name) == (None, None, None, None)
    assert (line.submissions, line.passes, line.not_computed) == (2, 1, 1)
    assert line.mean_score == pytest.approx((0.975 + 1 / 3) / 2)
    assert (line.tp, line.fp, line.fn) == (3, 1, 1)
    assert (line.precision, line.recall) == (0.75, 0.75)
    assert line.mean_iou == pytest.approx((1 + 0.95 + 1) / 3)


def test_nothing_at_all_is_a_line_of_nothing():
    with open_scores([], []) as scores:
        (line,) = read_lines(scores)
        assert read_lines(scores, (By.ANNOTATOR,), per_class=True) == []
    assert (line.submissions, line.mean_score, line.precision, line.tp) == (0, None, None, 0)


def test_lines_per_annotator_campaign_and_week(opened):
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    scored = [
        Scored("ann", 1, GOOD, submitted_at=monday - timedelta(seconds=1)),  # a Sunday in 2026-W01
        Scored("ann", 2, GOOD, submitted_at=monday),
        Scored("bob", 1, POOR, campaign="other"),
    ]
    with opened(*scored) as scores:
        assert [(one.annotator_email, one.submissions) for one in read_lines(scores, (By.ANNOTATOR,))] == [
            ("ann", 2),
            ("bob", 1),
        ]
        assert [(one.campaign, one.passes) for one in read_lines(scores, (By.CAMPAIGN,))] == [("demo", 2), ("other", 0)]
        weeks = [(one.annotator_email, one.week) for one in read_lines(scores, (By.WEEK, By.ANNOTATOR))]
    assert weeks == [("ann", "2026-W01"), ("ann", "2026-W02"), ("bob", "2026-W47")]


def test_an_iso_week_may_belong_to_the_year_before(opened):
    with opened(Scored("ann", 1, GOOD, submitted_at=datetime(2027, 1, 1, tzinfo=UTC))) as scores:
        (line,) = read_lines(scores, (By.WEEK,))
    assert line.week == "2026-W53"


def test_lines_per_class_count_a_mislabelled_object_on_both_sides(opened):
    with opened(Scored("ann", 1, POOR), Scored("ann", 2, GOOD)) as scores:
        bus, car = read_lines(scores, per_class=True)
    assert (bus.class_name, bus.feature_hash) == ("Bus", "bus00001")
    assert (bus.tp, bus.fp, bus.fn, bus.precision, bus.recall) == (0, 1, 0, 0.0, None)
    assert (bus.submissions, bus.passes) == (1, 0)
    assert (car.tp, car.fp, car.fn, car.precision, car.recall) == (3, 0, 1, 1.0, 0.75)
    assert (car.submissions, car.passes) == (2, 1)
    assert car.mean_score == pytest.approx((1 + 1 + 0.95) / 4)
    assert car.mean_iou == pytest.approx((1 + 1 + 0.95) / 3)


def test_attribute_accuracy_and_median_seconds(opened):
    truth = row(pixel_box("a", 0, 0, 40, 40, damage("dent0001", "scratch1")))
    half = row(pixel_box("p", 0, 0, 40, 40, damage("dent0001")))
    scored = [Scored("ann", 1, half, truth=truth, seconds=10), Scored("ann", 2, truth, truth=truth, seconds=40)]
    with opened(*scored, Scored("ann", 3, EMPTY, seconds=20)) as scores:
        (line,) = read_lines(scores)
        (per_class,) = read_lines(scores, per_class=True)
    assert (line.attribute_accuracy, line.median_seconds) == (0.75, 20.0)
    assert per_class.attribute_accuracy == 0.75


def test_only_the_latest_score_of_a_submission_counts(write):
    early = write(Scored("ann", 1, POOR, version="v1"))
    late = write(Scored("ann", 1, GOOD, version="v2"), at=NOON + timedelta(hours=1))
    for first, second in ((early, late), (late, early)):
        with open_scores([first[0], second[0]], [first[1], second[1]]) as scores:
            (line,) = read_lines(scores)
            assert (line.submissions, line.passes) == (1, 1)
            assert [one.class_name for one in read_lines(scores, per_class=True)] == ["Car"]


def test_labels_scored_again_stay_in_the_week_of_their_first_score(write):
    early = write(Scored("ann", 1, POOR))
    late = write(Scored("ann", 1, POOR), at=NOON + timedelta(days=30))
    with open_scores([early[0], late[0]], [early[1], late[1]]) as scores:
        assert [one.week for one in read_lines(scores, (By.WEEK,))] == ["2026-W47"]


def test_retired_units_stop_counting_in_every_line(opened):
    with opened(Scored("ann", 1, POOR), Scored("ann", 2, GOOD)) as scores:
        retire_units(scores, ["data-1"])
        assert [(one.submissions, one.passes) for one in read_lines(scores, (By.ANNOTATOR,))] == [(1, 1)]
        assert [one.class_name for one in read_lines(scores, per_class=True)] == ["Car"]


def test_another_version_of_a_table_is_refused_by_name(write, tmp_path):
    scores, verdicts = write(Scored("ann", 1, GOOD))
    table = pq.read_table(scores)
    old = tmp_path / "old.parquet"
    pq.write_table(table.replace_schema_metadata({"table": "submissions", "schema_version": "1"}), old)
    with (
        pytest.raises(ValueError, match=r"^old\.parquet: expected the submissions table, version 2, .* version '1'"),
        open_scores([scores, old], [verdicts]),
    ):
        pass


def test_the_annotators_table_has_every_split_and_repeats(opened):
    scored = [Scored("ann", 1, GOOD), Scored("ann", 2, POOR), Scored("bob", 1, POOR)]
    with opened(*scored) as scores:
        content = annotators_to_parquet(scores)
    with opened(*scored[::-1]) as scores:
        assert annotators_to_parquet(scores) == content
    table = pq.read_table(BytesIO(content))
    assert table.schema.metadata[b"schema_version"] == b"2"
    rows = table.to_pylist()
    splits = {tuple(one[key] is not None for key in ("annotator_email", "week", "class_name")) for one in rows}
    assert len(splits) == 8
    in_all = [one for one in rows if (one["annotator_email"], one["week"], one["class_name"]) == ("ann", None, None)]
    assert [(one["submissions"], one["passes"]) for one in in_all] == [(2, 1)]
