"""What the scores say of each annotator."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.decisions import Decision, decide, wilson_interval
from include.benchmark_qa.results.leaks import count_units_left
from include.benchmark_qa.results.lines import By, ScoreLine, read_lines
from include.benchmark_qa.scoring.settings import DecisionSettings
from include.benchmark_qa.statistics.bootstrap import bootstrap_interval
from include.benchmark_qa.statistics.pass_rates import PassTrend, jeffreys_probability, pass_trend

if TYPE_CHECKING:
    import duckdb

_DETAILS = """
    SELECT annotator_email,
        sum(matched)::BIGINT, sum(low_overlap)::BIGINT, sum(attribute_mismatch)::BIGINT,
        sum(mislabelled)::BIGINT, sum(missing)::BIGINT, sum(extra)::BIGINT,
        sum(id_switches)::BIGINT, sum(fragmentations)::BIGINT,
        sum(idf1::DECIMAL(38, 15))::DOUBLE / nullif(count(idf1), 0),
        list(score ORDER BY made_at, data_hash, label_branch_name) FILTER (score IS NOT NULL),
        list(passed ORDER BY made_at, data_hash, label_branch_name) FILTER (passed IS NOT NULL)
    FROM counted GROUP BY annotator_email
"""


@dataclass(frozen=True, slots=True)
class AnnotatorScore:
    """
    What the scored submissions of one annotator say.

    ``submissions`` counts the scored ones, ``not_computed`` the others; shares are in [0, 1] and None where there is
    nothing to divide by. ``mean_score_low`` and ``mean_score_high`` are the 95 % interval of the mean score (None below
    two scores), ``wilson_low`` and ``wilson_high`` that of the pass rate; ``chance_of_passing`` is the probability that
    the true pass rate is at least the required one (Jeffreys). ``precision``,
    ``recall``, ``mean_iou`` and ``attribute_accuracy`` are over all labels of all submissions; the verdicts are counts
    of labels. ``idf1`` is the mean over videos, ``id_switches`` and ``fragmentations`` are sums over them; None
    without videos. ``units_left`` are benchmark units that this annotator has not seen, None where nobody told which
    there are.
    """

    annotator_email: str
    submissions: int
    passes: int
    mean_score: float | None
    mean_score_low: float | None
    mean_score_high: float | None
    wilson_low: float
    wilson_high: float
    chance_of_passing: float
    decision: Decision
    not_computed: int
    precision: float | None
    recall: float | None
    mean_iou: float | None
    attribute_accuracy: float | None
    median_seconds: float | None
    matched: int
    low_overlap: int
    attribute_mismatch: int
    mislabelled: int
    missing: int
    extra: int
    id_switches: int | None
    fragmentations: int | None
    idf1: float | None
    units_left: int | None
    trend: PassTrend

    @property
    def pass_rate(self) -> float | None:
        """Return the share of scored submissions that passed."""
        return self.passes / self.submissions if self.submissions else None


def read_annotators(
    connection: duckdb.DuckDBPyConnection,
    settings: DecisionSettings | None = None,
    benchmark_units: Collection[str] | None = None,
) -> list[AnnotatorScore]:
    """
    Sum up the submissions that count, best mean score first.

    :param connection: of ``open_scores``
    :param settings: when to say PASS or FAIL
    :param benchmark_units: data hashes of all units of the campaign with ground truth, None where not known
    """
    settings = settings or DecisionSettings()
    details = {row[0]: row[1:] for row in connection.execute(_DETAILS).fetchall()}
    left = {} if benchmark_units is None else count_units_left(connection, benchmark_units)
    annotators = [
        _annotator(line, details[line.annotator_email], left, settings)
        for line in read_lines(connection, (By.ANNOTATOR,))
    ]
    return sorted(annotators, key=_best_first)


def _best_first(annotator: AnnotatorScore) -> tuple[bool, float, str]:
    score = annotator.mean_score
    return (score is None, -(score or 0.0), annotator.annotator_email)


def _annotator(
    line: ScoreLine, details: tuple[Any, ...], left: Mapping[str, int], settings: DecisionSettings
) -> AnnotatorScore:
    email = line.annotator_email or ""
    low, high = wilson_interval(line.passes, line.submissions)
    *verdicts, switches, fragments, idf1, scores, passed = details
    matched, low_overlap, attribute_mismatch, mislabelled, missing, extra = verdicts
    score_low, score_high = bootstrap_interval(scores or []) or (None, None)
    return AnnotatorScore(
        annotator_email=email,
        submissions=line.submissions,
        passes=line.passes,
        mean_score=line.mean_score,
        mean_score_low=score_low,
        mean_score_high=score_high,
        wilson_low=low,
        wilson_high=high,
        chance_of_passing=jeffreys_probability(line.passes, line.submissions, settings.required_pass_rate),
        decision=decide(line.passes, line.submissions, settings.required_pass_rate, settings.min_tasks),
        not_computed=line.not_computed,
        precision=line.precision,
        recall=line.recall,
        mean_iou=line.mean_iou,
        attribute_accuracy=line.attribute_accuracy,
        median_seconds=line.median_seconds,
        matched=matched,
        low_overlap=low_overlap,
        attribute_mismatch=attribute_mismatch,
        mislabelled=mislabelled,
        missing=missing,
        extra=extra,
        id_switches=switches,
        fragmentations=fragments,
        idf1=idf1,
        units_left=left.get(email),
        trend=pass_trend(passed or [], settings.trend_window),
    )
