"""How far annotators agree with each other on the class of the same objects, whatever the ground truth says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.benchmark_qa.statistics.reliability import krippendorff_alpha, pairwise_agreement

if TYPE_CHECKING:
    import duckdb

# The class that an annotator gave an object of the ground truth, or none; who had a unit twice counts once. Objects and
# classes are numbered by their 64-bit hashes, which among a million collide once in ten million campaigns.
_CODINGS = """
    WITH people AS (
        SELECT annotator_email, row_number() OVER (ORDER BY annotator_email) - 1 AS person
        FROM (SELECT DISTINCT annotator_email FROM counted)
    ),
    given AS (
        SELECT person, (hash(data_hash, ground_truth_hash, first_frame) >> 1)::BIGINT AS unit,
            first(submitted_feature ORDER BY label_branch_name, project_hash, submitted_hash) AS feature
        FROM verdicts
        JOIN (SELECT submission, person FROM counted JOIN people USING (annotator_email)) USING (submission)
        WHERE kind = 'object' AND ground_truth_hash IS NOT NULL
        GROUP BY person, unit
    )
    SELECT person, unit, (hash(coalesce(feature, '')) >> 1)::BIGINT AS given_class FROM given
"""

_PEOPLE = "SELECT DISTINCT annotator_email FROM counted ORDER BY annotator_email"


@dataclass(frozen=True, slots=True)
class PairOfAnnotators:
    """Two annotators: of how many objects that both had, how many they gave the same class; kappa is Cohen's."""

    first: str
    second: str
    objects: int
    agreed: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    Agreement on the class of each true object, where "not labelled" is a class, too.

    ``alpha`` is Krippendorff's over all annotators, at most 1; None where no object was had by two annotators, or
    all gave all objects one class.
    """

    alpha: float | None
    pairs: tuple[PairOfAnnotators, ...]


def read_agreement(connection: duckdb.DuckDBPyConnection) -> Agreement:
    """Return the agreement of the annotators over the submissions that count; ``connection`` is of ``open_scores``."""
    codings = connection.sql(_CODINGS).to_arrow_table()  # DuckDB's own way to numpy would import pandas
    annotator, unit, given = (codings.column(name).to_numpy() for name in ("person", "unit", "given_class"))
    emails = [email for (email,) in connection.execute(_PEOPLE).fetchall()]
    found = pairwise_agreement(annotator, unit, given)
    pairs = zip(found.first, found.second, found.units, found.agreed, found.kappa, strict=True)
    return Agreement(
        krippendorff_alpha(unit, given),
        tuple(
            PairOfAnnotators(
                emails[first], emails[second], int(units), int(agreed), None if math.isnan(kappa) else float(kappa)
            )
            for first, second, units, agreed, kappa in pairs
        ),
    )
