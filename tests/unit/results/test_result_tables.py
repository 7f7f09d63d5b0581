from __future__ import annotations

import hashlib
from copy import deepcopy
from datetime import timedelta
from io import BytesIO
from itertools import permutations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.benchmark_qa.results.schema import ANNOTATORS_SCHEMA, SUBMISSIONS_SCHEMA, VERDICTS_SCHEMA
from include.benchmark_qa.results.tables import submissions_from_parquet
from tests.unit.benchmark_qa.scoring_samples import damage, ontology, pixel_box, row, weather
from tests.unit.results.result_samples import EMPTY, GOOD, NOON, POOR, Scored, tables_of


def read(content: bytes) -> list[dict]:
    return pq.read_table(BytesIO(content)).to_pylist()


def test_rows_say_who_got_which_score():
    tables = tables_of(Scored("ann", 1, GOOD), Scored("bob", 1, POOR), Scored("cid", 1, GOOD, truth=False))
    ann, bob, cid = submissions_from_parquet(tables.submissions)
    assert (ann.annotator_email, ann.data_hash, ann.label_branch_name) == ("ann", "data-1", "encord-ann")
    assert (ann.score, ann.passed, ann.matched) == (pytest.approx(0.975), True, 2)
    assert (bob.score, bob.passed, bob.mislabelled) == (pytest.approx(1 / 3), False, 1)
    assert (cid.score, cid.passed) == (None, None)
    assert cid.not_computed == "ground truth: there is none for this data unit"
    assert {row.scored_at for row in (ann, bob, cid)} == {NOON}


def test_a_submission_row_has_its_counts_and_rates():
    (one,) = read(tables_of(Scored("ann", 1, POOR, seconds=12.5)).submissions)
    assert (one["tp"], one["fp"], one["fn"]) == (1, 1, 1)
    assert (one["iou_sum"], one["iou_pairs"], one["credit"]) == (pytest.approx(1.0), 1, pytest.approx(1.0))
    assert (one["micro_precision"], one["micro_recall"], one["micro_jaccard"]) == (0.5, 0.5, pytest.approx(1 / 3))
    # Cars: one found, one missing, none extra. Buses: one extra.
    assert (one["macro_precision"], one["macro_recall"]) == (0.5, 0.5)
    assert (one["worst_precision"], one["worst_precision_class"]) == (0.0, "Bus")
    assert (one["worst_recall"], one["worst_recall_class"]) == (0.5, "Car")
    assert (one["seconds"], one["submitted_at"], one["idf1"], one["id_switches"]) == (12.5, None, None, None)


def test_a_submission_that_was_not_computed_has_no_rates():
    (one,) = read(tables_of(Scored("ann", 1, GOOD, truth=False)).submissions)
    assert (one["micro_f1"], one["macro_f1"], one["worst_f1"], one["worst_f1_class"]) == (None, None, None, None)
    assert one["both_empty"] is False


def test_a_verdict_row_names_classes_hashes_and_evidence():
    labels = row(pixel_box("p", 0, 0, 40, 20, damage("dent0001")), pixel_box("x", 150, 50, 10, 10))
    truth = row(pixel_box("a", 0, 0, 40, 40, damage("dent0001", "scratch1")), weather("w", "rain0001"))
    extra, found, missing = read(tables_of(Scored("ann", 1, labels, truth=truth)).verdicts)
    assert [one["verdict"] for one in (found, extra, missing)] == ["attribute_mismatch", "extra", "missing"]
    assert [one["kind"] for one in (found, extra, missing)] == ["object", "object", "classification"]
    assert (found["ground_truth_class"], found["ground_truth_feature"]) == ("Car", "car00001")
    assert (found["ground_truth_hash"], found["submitted_hash"]) == ("a", "p")
    assert (found["similarity"], found["attribute_agreement"]) == (0.5, 0.5)
    assert (found["credit"], found["answer_sum"], found["answer_count"]) == (0.25, 0.5, 1)
    assert (extra["ground_truth_class"], extra["ground_truth_hash"], extra["similarity"]) == (None, None, None)
    assert (extra["submitted_class"], extra["submitted_hash"]) == ("Car", "x")
    assert (missing["ground_truth_class"], missing["submitted_class"], missing["credit"]) == ("Weather", None, 0.0)


def test_the_same_scores_in_any_order_are_the_same_bytes():
    scored = [Scored("ann", 1, GOOD), Scored("bob", 1, POOR), Scored("ann", 2, EMPTY)]
    tables = [tables_of(*order) for order in permutations(scored)]
    assert len({(one.submissions, one.verdicts) for one in tables}) == 1


def test_the_order_of_the_labels_changes_no_byte():
    boxes = [pixel_box("p", 0, 0, 40, 40), pixel_box("q", 100, 0, 40, 38), pixel_box("r", 60, 50, 9, 7)]
    tables = [tables_of(Scored("ann", 1, row(*order), truth=row(*boxes))) for order in permutations(boxes)]
    assert len({hashlib.sha256(one.submissions + one.verdicts).hexdigest() for one in tables}) == 1


@pytest.mark.parametrize("names", [("8letters", "zyxwvuts", "Abcdefgh"), ("short", "ünïcödé", "a hash of some length")])
def test_labels_are_sorted_by_their_hashes(names):
    boxes = [pixel_box(name, x, 0, 40, 40) for name, x in zip(names, (0, 50, 100), strict=True)]
    verdicts = read(tables_of(Scored("ann", 1, row(*boxes), truth=EMPTY)).verdicts)
    assert [one["submitted_hash"] for one in verdicts] == sorted(names)


def test_no_submissions_are_two_empty_tables():
    tables = tables_of()
    assert read(tables.submissions) == read(tables.verdicts) == []
    assert pq.read_schema(BytesIO(tables.verdicts)).names == VERDICTS_SCHEMA.names


@pytest.mark.parametrize("schema", [SUBMISSIONS_SCHEMA, VERDICTS_SCHEMA, ANNOTATORS_SCHEMA])
def test_every_column_says_what_it_means(schema: pa.Schema):
    assert [field.name for field in schema if not (field.metadata or {}).get(b"meaning")] == []


def test_version_and_meanings_are_in_the_file():
    tables = tables_of(Scored("ann", 1, GOOD))
    for content, table in ((tables.submissions, b"submissions"), (tables.verdicts, b"verdicts")):
        schema = pq.read_schema(BytesIO(content))
        assert (schema.metadata[b"schema_version"], schema.metadata[b"table"]) == (b"2", table)
        assert schema.field("annotator_email").metadata[b"meaning"] == b"who labelled"


def test_another_table_is_refused():
    with pytest.raises(ValueError, match="expected the submissions table, version 2, found 'verdicts'"):
        submissions_from_parquet(tables_of().verdicts)


def test_copied_objects_are_counted_and_points_are_not():
    truth = row(pixel_box("a", 0, 0, 40, 40), pixel_box("b", 100, 0, 40, 40), weather("w", "rain0001"))
    labels = row(pixel_box("p", 0, 0, 40, 40), pixel_box("q", 100, 0, 40, 39.999), weather("v", "rain0001"))
    (one,) = read(tables_of(Scored("ann", 1, labels, truth=truth)).submissions)
    assert (one["identical"], one["iou_pairs"], one["tp"]) == (1, 2, 3)


def test_two_classes_of_one_name_stay_apart():
    structure = deepcopy(ontology())
    for feature in structure["objects"]:
        feature["name"] = "Thing"
    rows = read(tables_of(Scored("ann", 1, POOR), structure=structure).verdicts)
    wrong = next(one for one in rows if one["verdict"] == "mislabelled")
    assert (wrong["ground_truth_class"], wrong["submitted_class"]) == ("Thing", "Thing")
    assert (wrong["ground_truth_feature"], wrong["submitted_feature"]) == ("car00001", "bus00001")


def test_the_moment_of_scoring_is_kept_in_utc():
    later = NOON + timedelta(hours=1)
    assert {one["scored_at"] for one in read(tables_of(Scored("ann", 1, GOOD), at=later).verdicts)} == {later}
