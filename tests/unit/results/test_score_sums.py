"""What the reader sums up, against the evidence of single submissions added up in plain loops."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.results.confusion import read_confusions
from include.benchmark_qa.results.lines import By, read_lines
from include.benchmark_qa.results.store import open_scores
from include.benchmark_qa.scoring.submission import score_submission
from tests.unit.benchmark_qa.scoring_samples import damage, ontology, pixel_box, row
from tests.unit.results.result_samples import Scored, tables_of

CLASSES = {"car00001": "Car", "bus00001": "Bus"}
CELLS = [(x, y) for x in (0, 50, 100, 150) for y in (0, 50)]


def boxes(draw, prefix):
    parts = []
    for number, (x, y) in enumerate(CELLS):
        feature = draw(st.sampled_from([None, *CLASSES]))
        if feature is None:
            continue
        answers = (
            [damage(*draw(st.sampled_from([("dent0001",), ("dent0001", "scratch1")])))] if "car" in feature else []
        )
        width = draw(st.sampled_from([40, 36, 24, 5]))
        parts.append(pixel_box(f"{prefix}{number}", x, y, width, 40, *answers, feature_hash=feature))
    return row(*parts)


@st.composite
def campaigns(draw):
    truths = [boxes(draw, "t") for _ in range(2)]
    people = draw(st.integers(1, 3))
    return [
        Scored(f"person {person}", unit, boxes(draw, "s"), truth=truths[unit])
        for person in range(people)
        for unit in range(2)
    ]


def share(part, whole):
    return part / whole if whole else None


@settings(deadline=None)
@given(campaigns())
def test_lines_and_confusion_are_those_of_plain_loops(tmp_path_factory, scored):
    folder = tmp_path_factory.mktemp("sums")
    tables = tables_of(*scored)
    (folder / "s.parquet").write_bytes(tables.submissions)
    (folder / "v.parquet").write_bytes(tables.verdicts)
    with open_scores([folder / "s.parquet"], [folder / "v.parquet"]) as scores:
        annotators = {line.annotator_email: line for line in read_lines(scores, (By.ANNOTATOR,))}
        classes = {line.class_name: line for line in read_lines(scores, per_class=True)}
        confusion, _ = read_confusions(scores)
    singly = [(one, score_submission(ontology(), one.truth, one.labels)) for one in scored]
    matches = [(one.email, match) for one, score in singly for match in score.objects]
    for email, line in annotators.items():
        own = [score for one, score in singly if one.email == email]
        found = [match for person, match in matches if person == email and match.verdict.is_match]
        answered = [match.attribute_agreement for match in found if match.attribute_agreement is not None]
        assert (line.submissions, line.passes) == (len(own), sum(score.passed for score in own))
        assert line.mean_score == pytest.approx(sum(score.score for score in own) / len(own))
        assert line.mean_iou == pytest.approx(share(sum(match.similarity for match in found), len(found)))
        assert line.attribute_accuracy == pytest.approx(share(sum(answered), len(answered)))
    cells = Counter((match.submitted_feature, match.ground_truth_feature) for _, match in matches)
    places = {name: place for place, name in enumerate([*confusion.classes, None])}
    for (submitted, truth), count in cells.items():
        assert confusion.counts[places[CLASSES.get(submitted)]][places[CLASSES.get(truth)]] == count
    assert sum(map(sum, confusion.counts)) == cells.total()
    for feature, name in CLASSES.items():
        true_labels = sum(match.ground_truth_feature == feature for _, match in matches)
        given_labels = sum(match.submitted_feature == feature for _, match in matches)
        if not true_labels + given_labels:
            assert name not in classes
            continue
        tp = sum(match.verdict.is_match and match.ground_truth_feature == feature for _, match in matches)
        line = classes[name]
        assert (line.tp, line.fp, line.fn) == (tp, given_labels - tp, true_labels - tp)
        assert (line.precision, line.recall) == (share(tp, given_labels), share(tp, true_labels))
        credit = sum(match.credit for _, match in matches if match.ground_truth_feature == feature)
        assert line.mean_score == pytest.approx(credit / (given_labels + true_labels - tp))


def test_the_worked_example_of_cvat(opened):
    # Rows submitted car, bus, unmatched; columns true car, bus, unmatched (CVAT's documentation of quality control).
    truth = [("a", 0, "car"), ("b", 50, "car"), ("c", 100, "bus"), ("d", 150, "bus")]
    submitted = [("p", 0, "car"), ("q", 50, "car"), ("r", 100, "car"), ("s", 150, "bus")]
    sides = [
        row(
            *(pixel_box(name, x, 0, 40, 40, feature_hash=f"{kind}00001") for name, x, kind in side),
            pixel_box("z", x, 50, 40, 40),
        )
        for side, x in ((truth, 0), (submitted, 100))
    ]
    with opened(Scored("ann", 1, sides[1], truth=sides[0])) as scores:
        confusion, _ = read_confusions(scores)
        bus, car = read_lines(scores, per_class=True)
    assert confusion.classes == ("Bus", "Car")
    assert confusion.counts == ((1, 0, 0), (1, 2, 1), (0, 1, 0))
    assert (car.precision, car.recall, bus.precision, bus.recall) == (0.5, pytest.approx(2 / 3), 1.0, 0.5)
