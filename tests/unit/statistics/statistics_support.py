from __future__ import annotations

import numpy as np

from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.verdicts import Verdict

PLACES = {verdict: place for place, verdict in enumerate(Verdict)}


def verdict_table(rows: list[tuple[int, Verdict, int, int, int, int, int, int]]) -> VerdictColumns:
    """Return verdicts from (submission, verdict, true class and owner, submitted class and owner, frame, frames)."""
    integers = [(row[0], PLACES[row[1]], *row[2:]) for row in rows]
    columns = np.array(integers, dtype=np.int64).reshape(-1, 8).T
    submission, verdict, truth_class, truth_owner, submitted_class, submitted_owner, frame, frames = columns
    nothing = np.full(len(rows), np.nan)
    return VerdictColumns(
        submission,
        verdict.astype(np.int8),
        truth_class,
        truth_owner,
        submitted_class,
        submitted_owner,
        frame,
        frame + frames - 1,
        frames,
        nothing,
        nothing,
        np.zeros(len(rows)),
        np.zeros(len(rows), dtype=np.int64),
    )
