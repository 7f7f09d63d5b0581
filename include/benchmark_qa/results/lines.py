"""Sums over submissions: per campaign, annotator, ISO week and class, in any combination."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow as pa

from include.benchmark_qa.results.encoding import to_parquet
from include.benchmark_qa.results.schema import ANNOTATORS_SCHEMA

if TYPE_CHECKING:
    import duckdb


class By(StrEnum):
    """What a line may stand for."""

    CAMPAIGN = "campaign"
    ANNOTATOR = "annotator_email"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """
    The sums of some submissions; what the line is not split by is None.

    ``submissions`` counts the scored ones, ``not_computed`` the others. Of a class, they are those in which it occurs,
    and ``mean_score`` is its credit over its labels. Shares are in [0, 1], None where there is nothing to divide by.
    """

    campaign: str | None
    annotator_email: str | None
    week: str | None
    class_name: str | None
    feature_hash: str | None
    submissions: int
    passes: int
    not_computed: int
    mean_score: float | None
    precision: float | None
    recall: float | None
    mean_iou: float | None
    attribute_accuracy: float | None
    median_seconds: float | None
    tp: int
    fp: int
    fn: int


_RATES = """
    sum(tp) / nullif(sum(tp) + sum(fp), 0),
    sum(tp) / nullif(sum(tp) + sum(fn), 0),
    sum(iou_sum::DECIMAL(38, 15))::DOUBLE / nullif(sum(iou_pairs), 0),
    sum(answer_sum::DECIMAL(38, 15))::DOUBLE / nullif(sum(answer_count), 0),
    median(seconds),
    coalesce(sum(tp), 0)::BIGINT, coalesce(sum(fp), 0)::BIGINT, coalesce(sum(fn), 0)::BIGINT
"""

_ALL_CLASSES = """
    SELECT {keys}, NULL, NULL,
        count(score), count(*) FILTER (passed), count(*) FILTER (score IS NULL),
        sum(score::DECIMAL(38, 15))::DOUBLE / nullif(count(score), 0), {rates}
    FROM counted {group} ORDER BY ALL
"""

_PER_CLASS = """
    SELECT {keys}, class_name, feature_hash,
        count(*), count(*) FILTER (passed), 0,
        sum(credit)::DOUBLE / nullif(sum(tp) + sum(fp) + sum(fn), 0), {rates}
    FROM classes
    JOIN (
        SELECT submission, campaign, annotator_email, week, passed, seconds FROM counted WHERE score IS NOT NULL
    ) USING (submission)
    GROUP BY {group} class_name, feature_hash ORDER BY ALL
"""


def read_lines(
    connection: duckdb.DuckDBPyConnection, by: Iterable[By] = (), *, per_class: bool = False
) -> list[ScoreLine]:
    """
    Sum up the submissions that count, in a fixed order.

    :param connection: of ``open_scores``
    :param by: what to split by; nothing is one line over all, also when there is nothing
    :param per_class: one line per class instead of one over all classes
    """
    chosen = set(by)
    keys = ", ".join(one if one in chosen else f"NULL AS {one}_" for one in By)
    group = ", ".join(one for one in By if one in chosen)
    if per_class:
        query = _PER_CLASS.format(keys=keys, rates=_RATES, group=group + ", " if group else "")
    else:
        query = _ALL_CLASSES.format(keys=keys, rates=_RATES, group=f"GROUP BY {group}" if group else "")
    return [ScoreLine(*row) for row in connection.execute(query).fetchall()]


def annotators_to_parquet(connection: duckdb.DuckDBPyConnection) -> bytes:
    """Return the annotators table: each annotator and everybody, in all and per week, in all and per class."""
    lines = [
        line
        for per_class in (False, True)
        for people in ((), (By.ANNOTATOR,))
        for time in ((), (By.WEEK,))
        for line in read_lines(connection, (By.CAMPAIGN, *people, *time), per_class=per_class)
    ]
    table = pa.Table.from_pylist([asdict(line) for line in lines], schema=ANNOTATORS_SCHEMA)
    return to_parquet({name: table.column(name) for name in table.column_names}, ANNOTATORS_SCHEMA)
