"""The result tables in DuckDB: of each submission the score that counts, and its labels summed up by class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from include.benchmark_qa.results.schema import SCHEMAS, SUBMISSIONS, SUBMISSIONS_SCHEMA, VERDICTS, check_schema

# A submission may have been scored again, after new labels or new ground truth: the last score holds. When it was
# made is told by the platform, else by the first score of the same labels.
_SUBMISSIONS = """
    CREATE TEMP TABLE submissions AS
    SELECT
        {columns},
        row_number() OVER () AS submission,
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
    SELECT * FROM judged JOIN (SELECT {keys}, submission FROM submissions) USING ({keys})
"""
_KEYS = (
    *("project_hash", "data_hash", "annotator_email", "label_branch_name"),
    *("submission_version", "ground_truth_version", "settings_version", "scored_at"),
)
# What no query here reads.
_UNREAD = re.compile("(micro|macro|worst)_.*|label_hash|task_uuid")

# Sums of decimals are exact, so that neither files nor threads change the last digit.
_LABELS = """
    CREATE TEMP TABLE labels AS
    SELECT
        submission, kind, verdict, ground_truth_class, ground_truth_feature, submitted_class, submitted_feature,
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

# A mislabelled object is missing from its own class and extra in the other.
_CLASSES = """
    CREATE TEMP TABLE classes AS
    WITH sides AS (
        SELECT submission, ground_truth_class AS class_name, ground_truth_feature AS feature_hash,
            if(verdict IN ('missing', 'mislabelled'), 0, labels) AS tp, 0 AS fp, labels - tp AS fn,
            credit, iou_sum, iou_pairs, answer_sum, answer_count
        FROM labels WHERE ground_truth_feature IS NOT NULL
        UNION ALL
        SELECT submission, submitted_class, submitted_feature, 0, labels, 0, 0, 0, 0, 0, 0
        FROM labels WHERE verdict IN ('extra', 'mislabelled')
    )
    SELECT submission, class_name, feature_hash,
        sum(tp) AS tp, sum(fp) AS fp, sum(fn) AS fn, sum(credit) AS credit, sum(iou_sum) AS iou_sum,
        sum(iou_pairs) AS iou_pairs, sum(answer_sum) AS answer_sum, sum(answer_count) AS answer_count
    FROM sides GROUP BY ALL
"""

_COUNTED = """
    CREATE TEMP VIEW counted AS SELECT * FROM submissions ANTI JOIN retired USING (data_hash)
"""


@contextmanager
def open_scores(submission_paths: Sequence[Path], verdict_paths: Sequence[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """
    Open the tables of a campaign for the queries of this package.

    Gives a connection with the tables ``submissions`` (the score that counts of each submission, with ``made_at``, the
    ISO ``week`` and a number, ``submission``), ``labels`` (its verdicts, summed up by verdict and classes), ``classes``
    (these, by class) and ``retired`` (``data_hash`` of units that stopped counting; empty at first), and the views
    ``verdicts`` (those of ``submissions``) and ``counted`` (``submissions`` without those of retired units).

    :param submission_paths: local files of the submissions table
    :param verdict_paths: local files of the verdicts table, of the same scores
    :raises ValueError: when a file is another table or another version
    """
    with duckdb.connect() as connection:
        _load(connection, "scored", SUBMISSIONS, submission_paths)
        _load(connection, "judged", VERDICTS, verdict_paths)
        read = [name for name in SUBMISSIONS_SCHEMA.names if not _UNREAD.fullmatch(name)]
        connection.execute(_SUBMISSIONS.format(columns=", ".join(read)))
        connection.execute(_VERDICTS.format(keys=", ".join(_KEYS)))
        connection.execute(_LABELS)
        connection.execute(_CLASSES)
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
    empty = SCHEMAS[table].empty_table()
    connection.from_arrow(empty).create_view(name)
