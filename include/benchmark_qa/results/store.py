"""The result tables in DuckDB: of each submission the score that counts, and its labels summed up by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from include.benchmark_qa.results.schema import SUBMISSIONS, SUBMISSIONS_SCHEMA, VERDICTS, VERDICTS_SCHEMA, check_schema

# A submission may have been scored again, after new labels or new ground truth: the last score holds. When it was
# made is told by the platform, else by the first score of the same labels.
_SUBMISSIONS = """
    CREATE TEMP TABLE submissions AS
    SELECT
        *,
        coalesce(submitted_at, min(scored_at) OVER (
            PARTITION BY project_hash, data_hash, annotator_email, label_branch_name, submission_version
        )) AS made_at,
        strftime(made_at AT TIME ZONE 'UTC', '%G-W%V') AS week
    FROM scored
    QUALIFY row_number() OVER (
        PARTITION BY project_hash, data_hash, annotator_email, label_branch_name
        ORDER BY scored_at DESC, submission_version, ground_truth_version, settings_version, task_uuid
    ) = 1
"""

_VERDICTS = """
    CREATE TEMP VIEW verdicts AS
    SELECT * FROM judged SEMI JOIN submissions USING (
        project_hash, data_hash, annotator_email, label_branch_name,
        submission_version, ground_truth_version, settings_version, scored_at
    )
"""

# Sums of decimals are exact, so that neither files nor threads change the last digit.
_LABELS = """
    CREATE TEMP TABLE labels AS
    SELECT
        project_hash, data_hash, annotator_email, label_branch_name,
        kind, verdict, ground_truth_class, ground_truth_feature, submitted_class, submitted_feature,
        sum(frames)::BIGINT AS labels,
        sum(credit::DECIMAL(38, 15)) AS credit,
        coalesce(sum(similarity::DECIMAL(38, 15)) FILTER (
            kind = 'object' AND verdict IN ('matched', 'low_overlap', 'attribute_mismatch')
        ), 0) AS iou_sum,
        count(*) FILTER (kind = 'object' AND verdict IN ('matched', 'low_overlap', 'attribute_mismatch')) AS iou_pairs,
        sum(answer_sum::DECIMAL(38, 15)) AS answer_sum,
        sum(answer_count)::BIGINT AS answer_count
    FROM verdicts
    GROUP BY ALL
"""

_COUNTED = """
    CREATE TEMP VIEW counted AS SELECT * FROM submissions ANTI JOIN retired USING (data_hash)
"""


@contextmanager
def open_scores(submission_paths: Sequence[Path], verdict_paths: Sequence[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """
    Open the tables of a campaign for the queries of this package.

    Gives a connection with the tables ``submissions`` (the score that counts of each submission, with ``made_at`` and
    the ISO ``week``), ``labels`` (its verdicts, summed up by submission, verdict and classes) and ``retired``
    (``data_hash`` of units that stopped counting; empty at first), and the views ``verdicts`` (those of
    ``submissions``) and ``counted`` (``submissions`` without those of retired units).

    :param submission_paths: local files of the submissions table
    :param verdict_paths: local files of the verdicts table, of the same scores
    :raises ValueError: when a file is another table or another version
    """
    with duckdb.connect() as connection:
        _load(connection, "scored", SUBMISSIONS, submission_paths)
        _load(connection, "judged", VERDICTS, verdict_paths)
        connection.execute(_SUBMISSIONS)
        connection.execute(_VERDICTS)
        connection.execute(_LABELS)
        connection.execute("CREATE TEMP TABLE retired (data_hash VARCHAR)")
        connection.execute(_COUNTED)
        yield connection


def retire_units(connection: duckdb.DuckDBPyConnection, data_hashes: Sequence[str]) -> None:
    """Let units no longer count for or against anybody; their scores stay in ``submissions``."""
    for data_hash in data_hashes:
        connection.execute("INSERT INTO retired VALUES (?)", [data_hash])


def _load(connection: duckdb.DuckDBPyConnection, name: str, table: str, paths: Sequence[Path]) -> None:
    for path in paths:
        check_schema(pq.read_schema(path), table, path.name)
    if paths:
        connection.read_parquet([str(path) for path in sorted(paths)]).create_view(name)
        return
    empty = {SUBMISSIONS: SUBMISSIONS_SCHEMA, VERDICTS: VERDICTS_SCHEMA}[table].empty_table()
    connection.from_arrow(empty).create_view(name)
