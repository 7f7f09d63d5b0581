from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from encord_provider.operators.scorecard import PublishScoresOperator
from include.benchmark_qa import paths
from include.benchmark_qa.ledger.model import Ledger, LedgerEntry, TruthRow
from include.benchmark_qa.ledger.planning import benchmark_units
from tests.unit.encord_provider.provider_support import task_context
from tests.unit.results.result_samples import GOOD, POOR, Scored, tables_of


def publish(workspace: Path, **decision: Any) -> dict[str, Any]:
    return PublishScoresOperator(
        task_id="publish_scores",
        campaign_title="Roads",
        workspace=str(workspace),
        decision={"required_pass_rate": 0.7, "min_tasks": 1, **decision},
        settings={},
    ).execute(task_context())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with two batches: three annotators pass three units and fail the fourth."""
    people = ("ann", "bob", "cid")
    batches = {
        "first": tables_of(*(Scored(email, unit, GOOD) for email in people for unit in range(3))),
        "second": tables_of(*(Scored(email, 3, POOR) for email in people), Scored("ann", 4, GOOD, truth=False)),
    }
    for name, tables in batches.items():
        for folder, content in ((paths.SUBMISSIONS, tables.submissions), (paths.VERDICTS, tables.verdicts)):
            file = tmp_path / folder / f"{name}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return tmp_path


def summary(workspace: Path) -> dict[str, Any]:
    return dict(json.loads((workspace / paths.SUMMARY).read_bytes()))


def test_the_summary_has_what_the_page_shows_and_more(workspace: Path) -> None:
    assert publish(workspace) == {"scorecard": "scorecard.html", "annotators": 3, "submissions": 12, "not_computed": 1}
    content = summary(workspace)
    assert content["suspects"] == ["data-3"]
    assert [(one["data_hash"], one["rating"]) for one in content["units"]][:2] == [("data-3", 0.25), ("data-0", 1.0)]
    assert content["decision"]["required_pass_rate"] == 0.7
    assert content["agreement"]["alpha"] is None or content["agreement"]["alpha"] <= 1
    ann = next(one for one in content["annotators"] if one["annotator_email"] == "ann")
    assert (ann["submissions"], ann["passes"], ann["units_left"]) == (4, 3, None)
    assert ann["trend"]["direction"] == "no difference shown"
    assert next((one["class_name"], one["annotator_email"]) for one in content["annotator_classes"]) == ("Bus", "ann")
    assert content["not_computed"][0]["reason"] == "ground truth: there is none for this data unit"


def test_the_annotators_table_lies_beside_the_page(workspace: Path) -> None:
    publish(workspace)
    table = pq.read_table(BytesIO((workspace / paths.ANNOTATORS).read_bytes()))
    in_all = [row for row in table.to_pylist() if (row["week"], row["class_name"]) == (None, None)]
    assert [(row["annotator_email"], row["submissions"], row["passes"]) for row in in_all] == [
        (None, 12, 9),
        ("ann", 4, 3),
        ("bob", 4, 3),
        ("cid", 4, 3),
    ]


def test_suspect_units_stop_counting_when_the_campaign_says_so(workspace: Path) -> None:
    done = publish(workspace, retire_suspect_ground_truth=True)
    assert done["submissions"] == 9
    assert {one["passes"] for one in summary(workspace)["annotators"]} == {3}


def test_units_left_are_told_where_the_workspace_knows_the_units(workspace: Path) -> None:
    (workspace / paths.BENCHMARK_UNITS).write_text(json.dumps([f"data-{unit}" for unit in range(10)]))
    publish(workspace)
    left = {one["annotator_email"]: one["units_left"] for one in summary(workspace)["annotators"]}
    assert left == {"ann": 5, "bob": 6, "cid": 6}


def test_publishing_again_writes_the_same_bytes(workspace: Path) -> None:
    names = (paths.SCORECARD, paths.SUMMARY, paths.ANNOTATORS)
    publish(workspace)
    before = [(workspace / name).read_bytes() for name in names]
    publish(workspace)
    assert [(workspace / name).read_bytes() for name in names] == before


def test_scores_of_an_older_version_are_refused_with_what_to_do(workspace: Path) -> None:
    file = workspace / paths.SUBMISSIONS / "first.parquet"
    table = pq.read_table(file)
    pq.write_table(table.replace_schema_metadata({"table": "submissions", "schema_version": "1"}), file)
    with pytest.raises(ValueError, match=r"version 2, found 'submissions', version '1': move it away"):
        publish(workspace)


def test_units_that_stand_elsewhere_in_production_are_counted_by_their_hash_there() -> None:
    ledger = Ledger(truths={one: TruthRow(one, f"item {one}", None) for one in ("same", "truth", "unseen")})
    for data_hash, truth_hash in (("same", "same"), ("production", "truth"), ("nowhere", None)):
        entry = LedgerEntry(
            data_hash=data_hash,
            label_branch_name="main",
            annotator_email="ann",
            data_title="",
            task_uuid="",
            label_hash=None,
            edited_at=None,
            seen_at=None,
            settled=True,
            truth_hash=truth_hash,
            truth_edited_at=None,
            looked_at="",
            submission_version="",
            ground_truth_version="",
        )
        ledger.entries[entry.key] = entry
    assert benchmark_units(ledger) == ["production", "same", "unseen"]
