"""The ground truth under test: how each benchmark unit fares over all annotators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.benchmark_qa.scoring.settings import DecisionSettings

if TYPE_CHECKING:
    import duckdb

# An annotator who had a unit several times passes it when all of the submissions passed.
_HEALTH = """
    WITH uses AS (
        SELECT data_hash, annotator_email, any_value(data_title ORDER BY scored_at DESC, data_title) AS data_title,
            bool_and(passed) AS passed, sum(score::DECIMAL(38, 15)) AS score, count(*) AS submissions
        FROM submissions WHERE score IS NOT NULL GROUP BY data_hash, annotator_email
    ),
    others AS (
        SELECT *,
            count(*) OVER person - 1 AS other_uses,
            count(*) FILTER (passed) OVER person - passed::INT AS other_passes
        FROM uses WINDOW person AS (PARTITION BY annotator_email)
    ),
    units AS (
        SELECT data_hash, max(data_title) AS data_title, count(*) AS uses, count(*) FILTER (passed) AS passes,
            sum(score)::DOUBLE / sum(submissions) AS mean_score,
            count(*) FILTER (other_passes >= $required * other_uses - 1e-9 AND other_uses > 0) AS good_uses,
            count(*) FILTER (other_passes >= $required * other_uses - 1e-9 AND other_uses > 0 AND NOT passed)
                AS good_failures
        FROM others GROUP BY data_hash
    )
    SELECT data_title, data_hash, uses, passes, mean_score, (passes + 1) / (uses + 1) AS rating, good_uses,
        good_failures, good_failures >= $least AND 2 * good_failures > good_uses AS suspect
    FROM units ORDER BY rating, mean_score, data_hash
"""


@dataclass(frozen=True, slots=True)
class UnitHealth:
    """
    One benchmark unit over all annotators.

    ``uses`` are the distinct annotators with a computed score, ``passes`` those who passed; ``rating`` is
    (passes + 1) / (uses + 1), in (0, 1]. ``good_uses`` are those who pass elsewhere: whose pass rate over all *other*
    units is at least the required one; ``good_failures`` those of them who failed here. The unit is ``suspect`` when
    that is more than half of them, and at least ``DecisionSettings.suspect_min_annotators``.
    """

    data_title: str
    data_hash: str
    uses: int
    passes: int
    mean_score: float
    rating: float
    good_uses: int
    good_failures: int
    suspect: bool


def read_units(connection: duckdb.DuckDBPyConnection, decision: DecisionSettings) -> list[UnitHealth]:
    """Return every benchmark unit with a computed score, lowest rating first; retired units, too."""
    parameters = {"required": decision.required_pass_rate, "least": decision.suspect_min_annotators}
    return [UnitHealth(*row) for row in connection.execute(_HEALTH, parameters).fetchall()]
