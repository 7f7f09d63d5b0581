"""Signs that somebody knew the answers; to be looked at by people, since none of them proves anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.benchmark_qa.scoring.settings import DecisionSettings

if TYPE_CHECKING:
    import duckdb

_COPIES = """
    SELECT annotator_email, data_title, data_hash, identical, iou_pairs,
        count(*) OVER (PARTITION BY data_hash) AS alike
    FROM submissions
    WHERE identical >= $least AND 2 * identical > iou_pairs
    ORDER BY annotator_email, data_title, data_hash, label_branch_name
"""

_HASTE = """
    SELECT annotator_email, data_title, data_hash, seconds, usual FROM (
        SELECT *, median(seconds) OVER unit AS usual, count(seconds) OVER unit AS timed
        FROM submissions WINDOW unit AS (PARTITION BY data_hash)
    )
    WHERE timed >= $timed AND seconds < $share * usual
    ORDER BY annotator_email, data_title, data_hash, label_branch_name
"""
# Fewer times than these make no median to be measured by.
_TIMED = 3


@dataclass(frozen=True, slots=True)
class Copy:
    """
    A submission most of whose found objects equal the ground truth to the last digit.

    ``identical`` of ``objects`` found ones; ``alike`` submissions of the same unit, this one included, are like that:
    many point to labels that were made beforehand, for annotators and ground truth alike.
    """

    annotator_email: str
    data_title: str
    data_hash: str
    identical: int
    objects: int
    alike: int


@dataclass(frozen=True, slots=True)
class Haste:
    """A task finished in a small part of the time that the unit usually takes; both in seconds."""

    annotator_email: str
    data_title: str
    data_hash: str
    seconds: float
    usual: float


def read_copies(connection: duckdb.DuckDBPyConnection, decision: DecisionSettings) -> list[Copy]:
    """Return the submissions with at least ``copied_objects`` identical objects, if these are most of them."""
    rows = connection.execute(_COPIES, {"least": decision.copied_objects}).fetchall()
    return [Copy(*row) for row in rows]


def read_haste(connection: duckdb.DuckDBPyConnection, decision: DecisionSettings) -> list[Haste]:
    """Return the submissions made in less than ``hasty_share`` of the unit's median, where three times are known."""
    rows = connection.execute(_HASTE, {"share": decision.hasty_share, "timed": _TIMED}).fetchall()
    return [Haste(*row) for row in rows]


def count_units_left(connection: duckdb.DuckDBPyConnection, benchmark_units: Collection[str]) -> dict[str, int]:
    """
    Count, by annotator, the benchmark units that they have not submitted yet.

    :param benchmark_units: data hashes of all units of the campaign with ground truth; case does not matter
    """
    known = {one.lower() for one in benchmark_units}
    seen = connection.execute(
        "SELECT annotator_email, list(DISTINCT lower(data_hash)) FROM submissions GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return {annotator: len(known.difference(units)) for annotator, units in seen}
