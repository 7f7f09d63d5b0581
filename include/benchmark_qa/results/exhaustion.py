"""Who will have seen all known units before the real work is done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.benchmark_qa.work_queue import WorkQueue

if TYPE_CHECKING:
    import duckdb

_SEEN = """
    SELECT annotator_email, coalesce(list(DISTINCT lower(data_hash)) FILTER (made_at <= $as_of), [])
    FROM submissions GROUP BY annotator_email ORDER BY annotator_email
"""


@dataclass(frozen=True, slots=True)
class RunningOut:
    """
    An annotator with too few known units left for the work ahead.

    When tasks last came, ``units_left`` known units were unseen, for about ``real_tasks`` of this annotator's.
    """

    annotator_email: str
    units_left: int
    real_tasks: int

    def __str__(self) -> str:
        left = f"{self.units_left or 'no'} known unit{'' if self.units_left == 1 else 's'} left"
        return f"{self.annotator_email} has {left} and about {self.real_tasks} real tasks to come"


def read_running_out(
    connection: duckdb.DuckDBPyConnection, benchmark_units: Collection[str], queue: WorkQueue
) -> list[RunningOut]:
    """
    Return the annotators whose unseen known units do not last for their part of the waiting work.

    Each of the annotators who have submitted so far gets an equal part of the real tasks. A known unit is enough for as
    many of them as the project has real units to a known one. All numbers are as of the moment when tasks last came:
    as work goes on, both sides shrink alike.

    :param connection: of ``open_scores``
    :param benchmark_units: data hashes of all units of the campaign with ground truth; case does not matter
    :param queue: what waited when tasks last came
    """
    known = {one.lower() for one in benchmark_units}
    seen = connection.execute(_SEEN, {"as_of": queue.as_of}).fetchall()
    if not seen or not queue.known_units:
        return []
    part = -(-queue.real_waiting // len(seen))
    enough = queue.real_units / queue.known_units
    left = {annotator: len(known.difference(units)) for annotator, units in seen}
    return [RunningOut(one, count, part) for one, count in left.items() if count * enough < part]
