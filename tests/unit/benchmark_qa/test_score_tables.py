from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.benchmark_qa.decisions import Decision
from include.benchmark_qa.labels.ontology import index_ontology
from include.benchmark_qa.results.annotators import read_annotators
from include.benchmark_qa.results.report import read_report
from include.benchmark_qa.results.rows import SubmissionKey, submission_row, verdict_rows
from include.benchmark_qa.results.scorecard import render_scorecard, scorecard_text
from include.benchmark_qa.results.tables import (
    submissions_from_parquet,
    submissions_to_parquet,
    verdicts_to_parquet,
)
from include.benchmark_qa.scoring.settings import DecisionSettings
from include.benchmark_qa.scoring.submission import score_submission
from tests.unit.benchmark_qa import scoring_samples as samples
from tests.unit.benchmark_qa.scoring_samples import pixel_box, row

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TRUTH = row(pixel_box("a", 0, 0, 40, 40), pixel_box("b", 100, 0, 40, 40))
GOOD = row(pixel_box("p", 0, 0, 40, 40), pixel_box("q", 100, 0, 40, 38))
POOR = row(pixel_box("p", 0, 0, 40, 40), pixel_box("q", 100, 0, 40, 40, feature_hash="bus00001"))


def key(email, unit, version="v1"):
    return SubmissionKey(
        "demo", "project", f"data-{unit}", f"street {unit}.jpg", email, f"encord-{email}", "l", "t", "g", version
    )


def score_rows(email, unit, labels, at=NOON, truth=TRUTH, version="v1"):
    score = score_submission(samples.ontology(), truth, labels)
    one = key(email, unit, version)
    return submission_row(one, score, at), verdict_rows(one, score, index_ontology(samples.ontology()), at)


@pytest.fixture
def write(tmp_path):
    def _write(*scored):
        count = len(list(tmp_path.iterdir()))
        submissions, verdicts = tmp_path / f"{count}-submissions.parquet", tmp_path / f"{count}-verdicts.parquet"
        submissions.write_bytes(submissions_to_parquet([submission for submission, _ in scored]))
        verdicts.write_bytes(verdicts_to_parquet([verdict for _, rows in scored for verdict in rows]))
        return submissions, verdicts

    return _write


def test_rows_survive_the_round_trip():
    rows = [score_rows("ann", 1, GOOD)[0], score_rows("bob", 1, POOR, truth=None)[0]]
    assert submissions_from_parquet(submissions_to_parquet(rows)) == rows


def test_the_same_rows_in_any_order_are_the_same_bytes():
    scored = [score_rows(email, unit, GOOD) for email in ("ann", "bob") for unit in (1, 2)]
    submissions = [submission for submission, _ in scored]
    verdicts = [verdict for _, rows in scored for verdict in rows]
    assert submissions_to_parquet(submissions) == submissions_to_parquet(submissions[::-1])
    assert verdicts_to_parquet(verdicts) == verdicts_to_parquet(verdicts[::-1])


def test_the_schema_version_is_in_the_file():
    for content, table in ((submissions_to_parquet([]), b"submissions"), (verdicts_to_parquet([]), b"verdicts")):
        metadata = pq.read_schema(pa.BufferReader(content)).metadata
        assert (metadata[b"schema_version"], metadata[b"table"]) == (b"1", table)


def test_another_table_is_refused():
    with pytest.raises(ValueError, match="expected the submissions table, version 1, found 'verdicts'"):
        submissions_from_parquet(verdicts_to_parquet([]))


def test_verdict_rows_name_the_classes():
    _, verdicts = score_rows("ann", 1, POOR)
    assert [(row.verdict, row.ground_truth_class, row.submitted_class) for row in verdicts] == [
        ("matched", "Car", "Car"),
        ("mislabelled", "Car", "Bus"),
    ]


def test_annotators_by_hand(write):
    good = [score_rows("ann@x.org", unit, GOOD) for unit in range(10)]
    poor = [score_rows("bob@x.org", unit, POOR) for unit in range(10)]
    unknown = score_rows("bob@x.org", 99, POOR, truth=None)
    paths = [write(*good)[0], write(*poor, unknown)[0]]
    ann, bob = read_annotators(paths, DecisionSettings(required_pass_rate=0.7))
    assert (ann.annotator_email, ann.submissions, ann.passes, ann.not_computed) == ("ann@x.org", 10, 10, 0)
    assert ann.mean_score == pytest.approx(0.975)
    assert ann.mean_iou == pytest.approx(0.975)
    assert (ann.precision, ann.recall, ann.decision) == (1.0, 1.0, Decision.PASS)
    assert ann.wilson_low == pytest.approx(0.7225, abs=1e-4)
    assert (bob.submissions, bob.passes, bob.not_computed) == (10, 0, 1)
    assert bob.mean_score == pytest.approx(1 / 3)
    assert (bob.precision, bob.recall, bob.decision) == (0.5, 0.5, Decision.FAIL)
    assert (bob.matched, bob.mislabelled, bob.missing, bob.extra) == (10, 10, 0, 0)


def test_only_the_latest_score_of_a_submission_counts(write):
    early = write(score_rows("ann", 1, POOR, version="v1"))[0]
    late = write(score_rows("ann", 1, GOOD, at=NOON + timedelta(hours=1), version="v2"))[0]
    for paths in ([early, late], [late, early]):
        (ann,) = read_annotators(paths)
        assert (ann.submissions, ann.passes) == (1, 1)


def test_a_later_score_that_could_not_be_computed_replaces_the_earlier(write):
    early, late = score_rows("ann", 1, GOOD), score_rows("ann", 1, GOOD, at=NOON + timedelta(hours=1), truth=None)
    (ann,) = read_annotators([write(early)[0], write(late)[0]])
    assert (ann.submissions, ann.not_computed, ann.mean_score, ann.decision) == (0, 1, None, Decision.UNDECIDED)


def test_no_files_are_no_annotators():
    assert read_annotators([]) == []


def test_the_report_lists_units_mistakes_and_what_was_not_computed(write):
    scored = [
        score_rows("ann", 1, GOOD),
        score_rows("ann", 2, POOR),
        score_rows("bob", 2, POOR),
        score_rows("bob", 3, row()),
        score_rows("bob", 4, GOOD, truth=None),
    ]
    submissions, verdicts = write(*scored)
    report = read_report([submissions], [verdicts])
    assert [(unit.data_title, unit.passes, unit.submissions) for unit in report.worst_units] == [
        ("street 3.jpg", 0, 1),
        ("street 2.jpg", 0, 2),
    ]
    assert [(mistake.sentence, mistake.labels, mistake.annotators) for mistake in report.mistakes] == [
        ("Car labelled as Bus", 2, 2),
        ("Car not labelled", 2, 1),
    ]
    (unscored,) = report.not_computed
    assert unscored.reason == "ground truth: there is none for this data unit"


def test_mistakes_of_an_earlier_score_are_gone(write):
    early = write(score_rows("ann", 1, POOR))
    late = write(score_rows("ann", 1, GOOD, at=NOON + timedelta(hours=1), version="v2"))
    assert read_report([early[0], late[0]], [early[1], late[1]]).mistakes == ()


def render(report):
    return render_scorecard(report, campaign="demo", as_of="22 November 2026", pass_mark=0.8)


def test_the_scorecard_stands_alone_and_repeats(write):
    submissions, verdicts = write(*(score_rows("ann@x.org", unit, GOOD) for unit in range(20)))
    report = read_report([submissions], [verdicts])
    page = render(report)
    assert page == render(report)
    assert "http" not in page
    assert "src=" not in page
    for text in ("ann@x.org", "PASS", "needed: 80 %", "a score of 80 % or more", 'width="100.00"'):
        assert text in page


def test_the_scorecard_escapes_what_others_wrote(write):
    scored = score_rows("<script>alert(1)</script>@x.org", 1, POOR)
    submission, verdicts = scored[0], [replace(row, ground_truth_class="<b>Car</b>") for row in scored[1]]
    submissions, verdict_file = write((replace(submission, data_title='"><img src=x>'), verdicts))
    page = render(read_report([submissions], [verdict_file]))
    assert "<script>" not in page
    assert "<img" not in page
    assert "<b>Car" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;@x.org" in page


def test_the_scorecard_of_nothing_says_so():
    assert "No submission has been scored yet." in render(read_report([], []))


def test_the_table_for_the_terminal(write):
    paths = [write(*(score_rows("ann@x.org", unit, GOOD) for unit in range(10)))[0]]
    unknown = write(score_rows("bob@example.org", 1, GOOD, truth=None))[0]
    assert scorecard_text(read_annotators([*paths, unknown])).splitlines() == [
        "annotator        scored  passed  pass rate  95 % interval  mean score  decision",
        "---------------  ------  ------  ---------  -------------  ----------  ---------",
        "ann@x.org            10      10      100 %  72 % to 100 %       0.975  UNDECIDED",
        "bob@example.org       0       0          -   0 % to 100 %           -  UNDECIDED",
    ]
