from __future__ import annotations

import pytest

from include.benchmark_qa.results.batch import LabelPair, score_batch
from include.benchmark_qa.results.tables import submissions_from_parquet
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.versions import labels_version, settings_version
from include.benchmark_qa.submissions import Submission
from tests.unit.benchmark_qa.scoring_samples import ontology
from tests.unit.results.result_samples import GOOD, NOON, POOR, TRUTH

SETTINGS = ScoringSettings(pass_mark=0.9)


def pair(email, unit, labels, truth=TRUTH):
    submission = Submission(
        task_uuid=f"task-{unit}",
        data_hash=f"data-{unit}",
        data_title=f"street {unit}.jpg",
        annotator_email=email,
        label_branch_name=f"encord-{email}",
        label_hash=None if labels is None else "label",
    )
    return LabelPair(submission, truth, labels, labels_version(labels), labels_version(truth))


def score(*pairs, structure=None):
    return score_batch(
        campaign="demo",
        project_hash="project",
        ontology=structure or ontology(),
        pairs=pairs,
        settings=SETTINGS,
        scored_at=NOON,
    )


def test_each_submission_gets_its_score_and_what_it_was_made_with():
    batch = score(pair("ann", 1, GOOD), pair("bob", 1, POOR), pair("ann", 2, None), pair("bob", 3, GOOD, truth=None))
    assert (batch.count, batch.not_computed) == (4, 1)
    rows = submissions_from_parquet(batch.submissions)
    scores = {(row.annotator_email, row.data_hash): (row.score, row.passed) for row in rows}
    assert scores == {
        ("ann", "data-1"): (pytest.approx(0.975), True),
        ("bob", "data-1"): (pytest.approx(1 / 3), False),
        ("ann", "data-2"): (0.0, False),
        ("bob", "data-3"): (None, None),
    }
    versions = {row.annotator_email: row.submission_version for row in rows if row.data_hash == "data-1"}
    assert versions == {"ann": labels_version(GOOD), "bob": labels_version(POOR)}
    assert {row.ground_truth_version for row in rows} == {labels_version(TRUTH), labels_version(None)}
    assert {row.settings_version for row in rows} == {settings_version(SETTINGS)}


def test_units_are_compared_with_their_own_ground_truth():
    batch = score(pair("ann", 1, GOOD, truth=GOOD), pair("ann", 2, GOOD, truth=POOR))
    assert [row.score for row in submissions_from_parquet(batch.submissions)] == [1.0, pytest.approx(1 / 3)]


def test_a_batch_in_another_order_is_the_same_bytes():
    pairs = [pair("ann", 1, GOOD), pair("bob", 1, POOR), pair("ann", 2, POOR)]
    assert score(*pairs) == score(*pairs[::-1])


def test_a_batch_of_nothing_is_two_empty_tables():
    batch = score()
    assert (batch.count, batch.not_computed, submissions_from_parquet(batch.submissions)) == (0, 0, [])


def test_what_is_no_ontology_is_refused():
    with pytest.raises(ValueError, match="the ontology must be"):
        score(pair("ann", 1, GOOD), structure={"objects": None})
