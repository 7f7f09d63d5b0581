from __future__ import annotations

from datetime import timedelta

import pytest

from include.benchmark_qa.decisions import Decision
from include.benchmark_qa.results.agreement import read_agreement
from include.benchmark_qa.results.annotators import read_annotators
from include.benchmark_qa.results.confusion import Confusion, largest_classes, read_confusions
from include.benchmark_qa.results.leaks import Copy, Haste, count_units_left, read_copies, read_haste
from include.benchmark_qa.results.mistakes import read_annotator_mistakes, read_mistakes
from include.benchmark_qa.results.store import retire_units
from include.benchmark_qa.results.units import read_units
from include.benchmark_qa.scoring.settings import DecisionSettings
from tests.unit.benchmark_qa.scoring_samples import pixel_box, row
from tests.unit.results.result_samples import EMPTY, GOOD, NOON, POOR, TRUTH, Scored

LENIENT = DecisionSettings(required_pass_rate=0.7)
PEOPLE = ("ann", "bob", "cid", "dan")


def test_annotators_by_hand(opened):
    good = [Scored("ann@x.org", unit, GOOD) for unit in range(10)]
    poor = [Scored("bob@x.org", unit, POOR) for unit in range(10)]
    with opened(*good, *poor, Scored("bob@x.org", 99, POOR, truth=False)) as scores:
        ann, bob = read_annotators(scores, LENIENT)
    assert (ann.annotator_email, ann.submissions, ann.passes, ann.not_computed) == ("ann@x.org", 10, 10, 0)
    assert (ann.mean_score, ann.mean_iou) == (pytest.approx(0.975), pytest.approx(0.975))
    assert (ann.precision, ann.recall, ann.decision) == (1.0, 1.0, Decision.PASS)
    assert ann.wilson_low == pytest.approx(0.7225, abs=1e-4)
    # All scores are equal, so drawing them again changes nothing.
    assert (ann.mean_score_low, ann.mean_score_high) == (pytest.approx(0.975), pytest.approx(0.975))
    assert (bob.submissions, bob.passes, bob.not_computed, bob.mean_score) == (10, 0, 1, pytest.approx(1 / 3))
    assert (bob.precision, bob.recall, bob.decision) == (0.5, 0.5, Decision.FAIL)
    assert (bob.matched, bob.mislabelled, bob.missing, bob.extra) == (10, 10, 0, 0)
    assert bob.chance_of_passing < 0.001 < 0.98 < ann.chance_of_passing
    assert (ann.units_left, ann.idf1, ann.median_seconds) == (None, None, None)


def test_an_annotator_of_whom_nothing_could_be_computed_is_undecided(opened):
    with opened(Scored("ann", 1, GOOD, truth=False)) as scores:
        (ann,) = read_annotators(scores)
    assert (ann.submissions, ann.not_computed, ann.mean_score, ann.mean_score_low) == (0, 1, None, None)
    assert ann.decision is Decision.UNDECIDED


def test_the_trend_follows_the_order_of_submitting(opened):
    scored = [
        Scored("ann", unit, GOOD if unit < 10 else POOR, submitted_at=NOON + timedelta(hours=unit))
        for unit in range(20)
    ]
    with opened(*scored) as scores:
        (ann,) = read_annotators(scores, DecisionSettings(trend_window=10))
    assert (ann.trend.direction, ann.trend.recent_passes, ann.trend.earlier_passes) == ("worse", 0, 10)


def test_mistakes_of_all_and_of_each(opened):
    scored = [Scored("ann", 1, GOOD), Scored("ann", 2, POOR), Scored("bob", 2, POOR), Scored("bob", 3, EMPTY)]
    with opened(*scored, Scored("bob", 4, GOOD, truth=False)) as scores:
        assert [(one.sentence, one.labels, one.annotators) for one in read_mistakes(scores, 10)] == [
            ("Car labelled as Bus", 2, 2),
            ("Car not labelled", 2, 1),
        ]
        own = [
            (one.annotator_email, one.sentence, one.labels, one.units, one.example)
            for one in read_annotator_mistakes(scores, 1)
        ]
    assert own == [
        ("ann", "Car labelled as Bus", 1, 1, "street 2.jpg"),
        ("bob", "Car not labelled", 2, 1, "street 3.jpg"),
    ]


def test_the_example_of_a_mistake_is_the_unit_with_most_of_it(opened):
    one_missing = row(pixel_box("p", 0, 0, 40, 40))
    with opened(Scored("ann", 1, one_missing), Scored("ann", 2, EMPTY)) as scores:
        (mistake,) = read_annotator_mistakes(scores, 3)
    assert (mistake.labels, mistake.units, mistake.example) == (3, 2, "street 2.jpg")


def test_confusion_has_a_row_and_a_column_of_the_unmatched(opened):
    extra = row(pixel_box("p", 0, 0, 40, 40), pixel_box("x", 150, 50, 9, 9, feature_hash="bus00001"))
    with opened(Scored("ann", 1, POOR), Scored("bob", 1, extra)) as scores:
        every, each = read_confusions(scores)
    bob = each["bob"]
    assert every == Confusion(("Bus", "Car"), ((0, 1, 1), (0, 2, 0), (0, 1, 0)))
    assert bob == Confusion(("Bus", "Car"), ((0, 0, 1), (0, 1, 0), (0, 1, 0)))
    assert (every.is_mixed_up, bob.is_mixed_up) == (True, False)


def test_a_large_confusion_keeps_the_classes_that_go_wrong():
    counts = ((9, 0, 0, 0), (0, 5, 2, 0), (0, 1, 3, 0), (0, 0, 4, 0))
    assert largest_classes(Confusion(("a", "b", "c"), counts), 2) == Confusion(
        ("b", "c"), ((5, 2, 0), (1, 3, 0), (0, 4, 0))
    )


def test_health_counts_each_annotator_once(opened):
    twice = [Scored("ann", 1, GOOD), Scored("ann", 1, POOR, branch="second")]
    with opened(*twice, Scored("bob", 1, GOOD), Scored("cid", 1, GOOD, truth=False)) as scores:
        (unit,) = read_units(scores, LENIENT)
    assert (unit.data_title, unit.uses, unit.passes, unit.rating) == ("street 1.jpg", 2, 1, pytest.approx(2 / 3))


def failing(people, unit):
    return [Scored(email, unit, POOR if email in people else GOOD) for email in PEOPLE]


@pytest.mark.parametrize(
    ("failed", "suspect"), [(PEOPLE[:2], False), (PEOPLE[:3], True), (PEOPLE, True)], ids=["two", "three", "all"]
)
def test_a_unit_that_most_good_annotators_fail_is_suspect(opened, failed, suspect):
    with opened(*failing((), 1), *failing((), 2), *failing(failed, 3)) as scores:
        units = {unit.data_hash: unit for unit in read_units(scores, LENIENT)}
    assert [units[f"data-{unit}"].suspect for unit in (1, 2, 3)] == [False, False, suspect]
    assert (units["data-3"].good_uses, units["data-3"].good_failures) == (4, len(failed))


def test_annotators_who_fail_elsewhere_make_no_unit_suspect(opened):
    with opened(*failing(PEOPLE[:3], 1), *failing(PEOPLE[:3], 2)) as scores:
        assert [(unit.good_uses, unit.suspect) for unit in read_units(scores, LENIENT)] == [(1, False), (1, False)]


def test_a_retired_unit_no_longer_fails_anybody(opened):
    with opened(*failing((), 1), *failing(PEOPLE, 2)) as scores:
        retire_units(scores, [unit.data_hash for unit in read_units(scores, LENIENT) if unit.suspect])
        assert {(one.submissions, one.passes) for one in read_annotators(scores)} == {(1, 1)}
        assert (read_mistakes(scores, 10), read_confusions(scores)[0].is_mixed_up) == ([], False)
        assert len(read_units(scores, LENIENT)) == 2


def test_labels_equal_to_the_last_digit_are_reported(opened):
    near = row(*(pixel_box(name, x, 0, 30, 40.001) for name, x in zip("pqr", (0, 60, 120), strict=True)))
    three = row(*(pixel_box(name, x, 0, 30, 40) for name, x in zip("abc", (0, 60, 120), strict=True)))
    scored = [Scored("ann", 1, three, truth=three), Scored("bob", 1, near, truth=three), Scored("cid", 2, TRUTH)]
    with opened(*scored) as scores:
        assert read_copies(scores, DecisionSettings()) == [Copy("ann", "street 1.jpg", "data-1", 3, 3, 1)]


def test_haste_is_measured_by_the_median_of_the_unit(opened):
    times = {"ann": 10.0, "bob": 100.0, "cid": 60.0, "dan": None}
    scored = [Scored(email, 1, GOOD, seconds=seconds) for email, seconds in times.items()]
    with opened(*scored, Scored("ann", 2, GOOD, seconds=1.0), Scored("bob", 2, GOOD, seconds=50.0)) as scores:
        assert read_haste(scores, DecisionSettings()) == [Haste("ann", "street 1.jpg", "data-1", 10.0, 60.0)]
        assert read_haste(scores, DecisionSettings(hasty_share=0.1)) == []


def test_units_left_are_those_not_submitted_yet(opened):
    with opened(Scored("ann", 1, GOOD), Scored("ann", 2, GOOD, truth=False), Scored("bob", 1, GOOD)) as scores:
        assert count_units_left(scores, ["DATA-1", "data-2", "data-3"]) == {"ann": 1, "bob": 2}


def test_agreement_on_classes_by_hand(opened):
    with opened(Scored("ann", 1, GOOD), Scored("bob", 1, GOOD), Scored("cid", 1, POOR)) as scores:
        agreement = read_agreement(scores)
    # Objects a: car car car; b: car car bus. By Krippendorff's nominal formula: 1 - 5 * (4 / 2) / (36 - 25 - 1).
    assert agreement.alpha == pytest.approx(0.0)
    assert [(one.first, one.second, one.objects, one.agreed) for one in agreement.pairs] == [
        ("ann", "bob", 2, 2),
        ("ann", "cid", 2, 1),
        ("bob", "cid", 2, 1),
    ]


def test_agreement_leaves_retired_units_out(opened):
    with opened(Scored("ann", 1, GOOD), Scored("bob", 1, POOR), Scored("ann", 2, GOOD)) as scores:
        retire_units(scores, ["data-1"])
        agreement = read_agreement(scores)
    assert (agreement.alpha, agreement.pairs) == (None, ())
