"""Everything that the scorecard and the summary show, read from the tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from include.benchmark_qa.results.agreement import Agreement, read_agreement
from include.benchmark_qa.results.annotators import AnnotatorScore, read_annotators
from include.benchmark_qa.results.confusion import Confusion, read_confusions
from include.benchmark_qa.results.exhaustion import RunningOut, read_running_out
from include.benchmark_qa.results.leaks import Copy, Haste, read_copies, read_haste
from include.benchmark_qa.results.lines import By, ScoreLine, annotators_to_parquet, read_lines
from include.benchmark_qa.results.mistakes import (
    AnnotatorMistake,
    Mistake,
    read_annotator_mistakes,
    read_mistakes,
)
from include.benchmark_qa.results.store import open_scores, retire_units
from include.benchmark_qa.results.units import UnitHealth, read_units
from include.benchmark_qa.scoring.settings import DecisionSettings
from include.benchmark_qa.work_queue import WorkQueue

if TYPE_CHECKING:
    import duckdb

# As many hints as an annotator can take in.
_MOST_PER_ANNOTATOR = 3

_NOT_COMPUTED = """
    SELECT data_title, annotator_email, not_computed
    FROM counted
    WHERE score IS NULL
    ORDER BY data_title, annotator_email, not_computed
"""


@dataclass(frozen=True, slots=True)
class NotComputed:
    """A submission that could not be scored, and why."""

    data_title: str
    annotator_email: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """
    Everything that the scorecard shows.

    ``classes`` and ``weeks`` are sums over all annotators, ``annotator_classes`` and ``annotator_weeks`` of each.
    ``queue`` is the work that waited when tasks last came, None where not known; ``running_out`` are those who have too
    few known units for it. ``table`` is the annotators table as Parquet.
    """

    annotators: tuple[AnnotatorScore, ...]
    units: tuple[UnitHealth, ...]
    mistakes: tuple[Mistake, ...]
    annotator_mistakes: tuple[AnnotatorMistake, ...]
    classes: tuple[ScoreLine, ...]
    annotator_classes: tuple[ScoreLine, ...]
    weeks: tuple[ScoreLine, ...]
    annotator_weeks: tuple[ScoreLine, ...]
    confusion: Confusion
    annotator_confusions: Mapping[str, Confusion]
    agreement: Agreement
    copies: tuple[Copy, ...]
    haste: tuple[Haste, ...]
    not_computed: tuple[NotComputed, ...]
    queue: WorkQueue | None
    running_out: tuple[RunningOut, ...]
    decision: DecisionSettings
    table: bytes

    @property
    def suspects(self) -> tuple[UnitHealth, ...]:
        """The units whose ground truth may be wrong."""
        return tuple(unit for unit in self.units if unit.suspect)

    def worst_units(self, most: int) -> list[UnitHealth]:
        """Return the units with the lowest mean score, those that everybody passed left out."""
        failed = [unit for unit in self.units if unit.passes < unit.uses]
        return sorted(failed, key=lambda unit: (unit.mean_score, unit.data_hash))[:most]


def read_report(
    submission_paths: Sequence[Path],
    verdict_paths: Sequence[Path],
    decision: DecisionSettings | None = None,
    benchmark_units: Collection[str] | None = None,
    queue: WorkQueue | None = None,
    most: int = 10,
) -> ScoreReport:
    """
    Read the scorecard's contents from the Parquet tables.

    :param submission_paths: local files of the submissions table
    :param verdict_paths: local files of the verdicts table, of the same scores
    :param decision: when to say PASS or FAIL, and what else to report
    :param benchmark_units: data hashes of all units with ground truth, None where not known
    :param queue: the work that waited when tasks last came, None where not known
    :param most: how many of the commonest mistakes of all; of each annotator they are three
    :raises ValueError: when a file is another table or another version
    """
    decision = decision or DecisionSettings()
    with open_scores(submission_paths, verdict_paths) as connection:
        units = tuple(read_units(connection, decision))
        if decision.retire_suspect_ground_truth:
            retire_units(connection, [unit.data_hash for unit in units if unit.suspect])
        return _read(connection, units, decision, benchmark_units, queue, most)


def _read(
    connection: duckdb.DuckDBPyConnection,
    units: tuple[UnitHealth, ...],
    decision: DecisionSettings,
    benchmark_units: Collection[str] | None,
    queue: WorkQueue | None,
    most: int,
) -> ScoreReport:
    confusion, confusions = read_confusions(connection)
    unscored = connection.execute(_NOT_COMPUTED).fetchall()
    return ScoreReport(
        annotators=tuple(read_annotators(connection, decision, benchmark_units)),
        units=units,
        mistakes=tuple(read_mistakes(connection, most)),
        annotator_mistakes=tuple(read_annotator_mistakes(connection, _MOST_PER_ANNOTATOR)),
        classes=tuple(read_lines(connection, per_class=True)),
        annotator_classes=tuple(read_lines(connection, (By.ANNOTATOR,), per_class=True)),
        weeks=tuple(read_lines(connection, (By.WEEK,))),
        annotator_weeks=tuple(read_lines(connection, (By.ANNOTATOR, By.WEEK))),
        confusion=confusion,
        annotator_confusions=confusions,
        agreement=read_agreement(connection),
        copies=tuple(read_copies(connection, decision)),
        haste=tuple(read_haste(connection, decision)),
        not_computed=tuple(NotComputed(*row) for row in unscored),
        queue=queue,
        running_out=tuple(read_running_out(connection, benchmark_units or (), queue)) if queue else (),
        decision=decision,
        table=annotators_to_parquet(connection),
    )
