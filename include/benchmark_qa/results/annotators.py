from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from include.benchmark_qa.decisions import Decision, decide, wilson_interval
from include.benchmark_qa.scoring.settings import DecisionSettings

# A submission may have been scored again, after new labels or new ground truth: the last score holds.
LATEST_SUBMISSIONS = """
    SELECT * FROM read_parquet($paths)
    QUALIFY row_number() OVER (
        PARTITION BY project_hash, data_hash, annotator_email, label_branch_name
        ORDER BY scored_at DESC, submission_version, ground_truth_version, task_uuid
    ) = 1
"""

# Sums of fractions depend on the order of their terms, and threads would choose another one each time.
_ORDERED = "ORDER BY project_hash, data_hash, label_branch_name"
_PER_ANNOTATOR = f"""
    SELECT
        annotator_email,
        count(score),
        count(*) FILTER (passed),
        avg(score {_ORDERED}) AS mean_score,
        count(*) FILTER (score IS NULL),
        sum(tp)::BIGINT, sum(fp)::BIGINT, sum(fn)::BIGINT, sum(iou_sum {_ORDERED}), sum(iou_pairs)::BIGINT,
        sum(matched)::BIGINT, sum(low_overlap)::BIGINT, sum(attribute_mismatch)::BIGINT,
        sum(mislabelled)::BIGINT, sum(missing)::BIGINT, sum(extra)::BIGINT
    FROM ({LATEST_SUBMISSIONS})
    GROUP BY annotator_email
    ORDER BY mean_score DESC NULLS LAST, annotator_email
"""  # noqa: S608 - put together from constants; paths are a parameter


@dataclass(frozen=True, slots=True)
class AnnotatorScore:
    """
    What the scored submissions of one annotator say.

    ``submissions`` counts the scored ones, ``not_computed`` the others; shares are in [0, 1] and None where there is
    nothing to divide by. ``wilson_low`` and ``wilson_high`` are the 95 % interval of the pass rate; ``precision``,
    ``recall`` and ``mean_iou`` are over all labels of all submissions; the verdicts are counts of labels.
    """

    annotator_email: str
    submissions: int
    passes: int
    mean_score: float | None
    wilson_low: float
    wilson_high: float
    decision: Decision
    not_computed: int
    precision: float | None
    recall: float | None
    mean_iou: float | None
    matched: int
    low_overlap: int
    attribute_mismatch: int
    mislabelled: int
    missing: int
    extra: int

    @property
    def pass_rate(self) -> float | None:
        """Return the share of scored submissions that passed."""
        return self.passes / self.submissions if self.submissions else None


def read_annotators(paths: Sequence[Path], settings: DecisionSettings | None = None) -> list[AnnotatorScore]:
    """
    Sum up the submissions tables, best mean score first.

    :param paths: local files of ``submissions_to_parquet``; of several scores of one submission the last holds.
    :param settings: when to say PASS or FAIL.
    """
    if not paths:
        return []
    settings = settings or DecisionSettings()
    with duckdb.connect() as connection:
        rows = connection.execute(_PER_ANNOTATOR, {"paths": [str(path) for path in paths]}).fetchall()
    return [_annotator(*row, settings=settings) for row in rows]


def _annotator(
    email: str,
    submissions: int,
    passes: int,
    mean_score: float | None,
    not_computed: int,
    tp: int,
    fp: int,
    fn: int,
    iou_sum: float,
    iou_pairs: int,
    *verdicts: int,
    settings: DecisionSettings,
) -> AnnotatorScore:
    low, high = wilson_interval(passes, submissions)
    return AnnotatorScore(
        email,
        submissions,
        passes,
        mean_score,
        low,
        high,
        decide(passes, submissions, settings.required_pass_rate, settings.min_tasks),
        not_computed,
        tp / (tp + fp) if tp + fp else None,
        tp / (tp + fn) if tp + fn else None,
        iou_sum / iou_pairs if iou_pairs else None,
        *verdicts,
    )
