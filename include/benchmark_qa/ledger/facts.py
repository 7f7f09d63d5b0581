"""What the ledger remembers of a batch's result tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.benchmark_qa.hints import Mistake, write_hints
from include.benchmark_qa.ledger.model import BranchKey
from include.benchmark_qa.scoring.verdicts import Verdict

_KEY = ["data_hash", "label_branch_name"]
_SCORES = [*_KEY, "score", "passed", "not_computed"]
_KIND = [*_KEY, "verdict", "ground_truth_class", "submitted_class"]


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """The outcome of one submission, and what its annotator would be told."""

    score: float | None
    passed: bool | None
    not_computed: str
    hints: tuple[str, ...]


def read_facts(submissions: bytes, verdicts: bytes) -> dict[BranchKey, ScoreFacts]:
    """Return the outcomes of a batch by data hash and branch, from its two tables as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pq.read_table(pa.BufferReader(submissions), columns=_SCORES).to_pylist()
    failed = {_key(row) for row in rows if row["passed"] is False}
    hints = _read_hints(verdicts, failed) if failed else {}
    return {
        _key(row): ScoreFacts(**{name: row[name] for name in _SCORES[2:]}, hints=hints.get(_key(row), ()))
        for row in rows
    }


def _read_hints(verdicts: bytes, failed: set[BranchKey]) -> dict[BranchKey, tuple[str, ...]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(pa.BufferReader(verdicts), columns=[*_KIND, "frames", "similarity"])
    kinds = table.group_by(_KIND).aggregate([("frames", "sum"), ("similarity", "mean")])
    mistakes: defaultdict[BranchKey, list[Mistake]] = defaultdict(list)
    for row in kinds.to_pylist():
        if _key(row) in failed:
            mistakes[_key(row)].append(_mistake(row))
    return {key: write_hints(found) for key, found in mistakes.items()}


def _mistake(row: Mapping[str, Any]) -> Mistake:
    verdict = Verdict(row["verdict"])
    credit = float(row["similarity_mean"] or 0.0) if verdict is Verdict.LOW_OVERLAP else 0.0
    return Mistake(verdict, row["ground_truth_class"], row["submitted_class"], row["frames_sum"], credit)


def _key(row: Mapping[str, Any]) -> BranchKey:
    return row["data_hash"], row["label_branch_name"]
