from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from include.benchmark_qa.results.annotators import LATEST_SUBMISSIONS, AnnotatorScore, read_annotators
from include.benchmark_qa.scoring.settings import DecisionSettings
from include.benchmark_qa.scoring.verdicts import Verdict

_UNITS = f"""
    SELECT any_value(data_title), data_hash, count(score), count(*) FILTER (passed), avg(score)
    FROM ({LATEST_SUBMISSIONS})
    WHERE score IS NOT NULL
    GROUP BY data_hash
    HAVING count(*) FILTER (passed) < count(score)
    ORDER BY avg(score), data_hash
    LIMIT $most
"""  # noqa: S608 - put together from constants; paths are a parameter

_MISTAKES = f"""
    SELECT verdict, ground_truth_class, submitted_class, sum(frames)::BIGINT AS labels, count(DISTINCT annotator_email)
    FROM read_parquet($verdict_paths)
    SEMI JOIN ({LATEST_SUBMISSIONS}) AS latest USING (
        project_hash, data_hash, annotator_email, label_branch_name, submission_version, ground_truth_version, scored_at
    )
    WHERE verdict <> '{Verdict.MATCHED}'
    GROUP BY ALL
    ORDER BY labels DESC, verdict, ground_truth_class, submitted_class
    LIMIT $most
"""  # noqa: S608 - put together from constants; paths are a parameter

_NOT_COMPUTED = f"""
    SELECT data_title, annotator_email, not_computed
    FROM ({LATEST_SUBMISSIONS})
    WHERE score IS NULL
    ORDER BY data_title, annotator_email
"""  # noqa: S608 - put together from constants; paths are a parameter


@dataclass(frozen=True, slots=True)
class UnitScore:
    """One benchmark unit over all annotators: ``submissions`` scored, ``passes`` of them, mean score in [0, 1]."""

    data_title: str
    data_hash: str
    submissions: int
    passes: int
    mean_score: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """One kind of mistake: how many labels, by how many annotators."""

    verdict: str
    ground_truth_class: str | None
    submitted_class: str | None
    labels: int
    annotators: int

    @property
    def sentence(self) -> str:
        """Say it in words that need no glossary."""
        truth, given = self.ground_truth_class or "?", self.submitted_class or "?"
        return {
            Verdict.MISSING: f"{truth} not labelled",
            Verdict.EXTRA: f"{given} labelled where there is none",
            Verdict.MISLABELLED: f"{truth} labelled as {given}",
            Verdict.LOW_OVERLAP: f"{truth} outlined loosely",
            Verdict.ATTRIBUTE_MISMATCH: f"{truth} with a wrong answer",
        }[Verdict(self.verdict)]


@dataclass(frozen=True, slots=True)
class NotComputed:
    """A submission that could not be scored, and why."""

    data_title: str
    annotator_email: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """Everything that the scorecard shows."""

    annotators: tuple[AnnotatorScore, ...]
    worst_units: tuple[UnitScore, ...]
    mistakes: tuple[Mistake, ...]
    not_computed: tuple[NotComputed, ...]
    decision: DecisionSettings


def read_report(
    submission_paths: Sequence[Path],
    verdict_paths: Sequence[Path],
    decision: DecisionSettings | None = None,
    most: int = 10,
) -> ScoreReport:
    """
    Read the scorecard's contents from the Parquet tables.

    :param submission_paths: local files of ``submissions_to_parquet``.
    :param verdict_paths: local files of ``verdicts_to_parquet``, of the same scores.
    :param most: how many of the worst units and of the commonest mistakes.
    """
    decision = decision or DecisionSettings()
    if not submission_paths:
        return ScoreReport((), (), (), (), decision)
    paths = [str(path) for path in submission_paths]
    verdicts = [str(path) for path in verdict_paths]
    with duckdb.connect() as connection:
        units = connection.execute(_UNITS, {"paths": paths, "most": most}).fetchall()
        unscored = connection.execute(_NOT_COMPUTED, {"paths": paths}).fetchall()
        mistakes = (
            connection.execute(_MISTAKES, {"paths": paths, "verdict_paths": verdicts, "most": most}).fetchall()
            if verdicts
            else []
        )
    return ScoreReport(
        annotators=tuple(read_annotators(submission_paths, decision)),
        worst_units=tuple(UnitScore(*row) for row in units),
        mistakes=tuple(Mistake(*row) for row in mistakes),
        not_computed=tuple(NotComputed(*row) for row in unscored),
        decision=decision,
    )
