"""What went wrong most often: over all, and per annotator with a unit to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.benchmark_qa.scoring.verdicts import Verdict

if TYPE_CHECKING:
    import duckdb

_MISTAKES = f"""
    SELECT verdict, ground_truth_class, submitted_class, sum(labels)::BIGINT AS labels, count(DISTINCT annotator_email)
    FROM labels JOIN (SELECT submission, annotator_email FROM counted) USING (submission)
    WHERE verdict <> '{Verdict.MATCHED}'
    GROUP BY verdict, ground_truth_class, submitted_class
    ORDER BY labels DESC, verdict, ground_truth_class, submitted_class
    LIMIT $most
"""  # noqa: S608 - put together from constants

_PER_ANNOTATOR = f"""
    SELECT annotator_email, verdict, ground_truth_class, submitted_class, sum(labels)::BIGINT AS labels,
        count(DISTINCT data_hash), first(data_title ORDER BY labels.labels DESC, data_hash, label_branch_name)
    FROM labels JOIN (
        SELECT submission, annotator_email, data_hash, label_branch_name, data_title FROM counted
    ) USING (submission)
    WHERE verdict <> '{Verdict.MATCHED}'
    GROUP BY annotator_email, verdict, ground_truth_class, submitted_class
    QUALIFY row_number() OVER (
        PARTITION BY annotator_email ORDER BY sum(labels.labels) DESC, verdict, ground_truth_class, submitted_class
    ) <= $most
    ORDER BY annotator_email, labels DESC, verdict, ground_truth_class, submitted_class
"""  # noqa: S608 - put together from constants


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
        return mistake_sentence(self.verdict, self.ground_truth_class, self.submitted_class)


@dataclass(frozen=True, slots=True)
class AnnotatorMistake:
    """One annotator's kind of mistake: how many labels in how many units, and the unit with the most of them."""

    annotator_email: str
    verdict: str
    ground_truth_class: str | None
    submitted_class: str | None
    labels: int
    units: int
    example: str

    @property
    def sentence(self) -> str:
        """Say it in words that need no glossary."""
        return mistake_sentence(self.verdict, self.ground_truth_class, self.submitted_class)


def mistake_sentence(verdict: str, ground_truth_class: str | None, submitted_class: str | None) -> str:
    """
    Say a kind of mistake in words that need no glossary.

    >>> mistake_sentence("mislabelled", "Car", "Bus")
    'Car labelled as Bus'
    """
    truth, given = ground_truth_class or "?", submitted_class or "?"
    return {
        Verdict.MISSING: f"{truth} not labelled",
        Verdict.EXTRA: f"{given} labelled where there is none",
        Verdict.MISLABELLED: f"{truth} labelled as {given}",
        Verdict.LOW_OVERLAP: f"{truth} outlined loosely",
        Verdict.ATTRIBUTE_MISMATCH: f"{truth} with a wrong answer",
    }[Verdict(verdict)]


def read_mistakes(connection: duckdb.DuckDBPyConnection, most: int) -> list[Mistake]:
    """Return the commonest kinds of mistakes over all annotators, the commonest first."""
    return [Mistake(*row) for row in connection.execute(_MISTAKES, {"most": most}).fetchall()]


def read_annotator_mistakes(connection: duckdb.DuckDBPyConnection, most: int) -> list[AnnotatorMistake]:
    """Return the commonest kinds of mistakes of each annotator, by annotator, the commonest first."""
    return [AnnotatorMistake(*row) for row in connection.execute(_PER_ANNOTATOR, {"most": most}).fetchall()]
