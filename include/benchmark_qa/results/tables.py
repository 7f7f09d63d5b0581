from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.benchmark_qa.results.rows import SubmissionRow, VerdictRow

# Raise it when a column is added, renamed or changes its meaning; readers refuse what they do not know.
SCHEMA_VERSION = "1"

_TEXT, _NUMBER, _COUNT, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_TIME = pa.timestamp("us", tz="UTC")

_SUBMISSIONS_FIELDS: list[pa.Field[Any]] = [
    pa.field("campaign", _TEXT, nullable=False),
    pa.field("project_hash", _TEXT, nullable=False),
    pa.field("data_hash", _TEXT, nullable=False),
    pa.field("data_title", _TEXT, nullable=False),
    pa.field("annotator_email", _TEXT, nullable=False),
    pa.field("label_branch_name", _TEXT, nullable=False),
    pa.field("label_hash", _TEXT),
    pa.field("task_uuid", _TEXT, nullable=False),
    pa.field("ground_truth_version", _TEXT, nullable=False),
    pa.field("submission_version", _TEXT, nullable=False),
    pa.field("score", _NUMBER),
    pa.field("passed", _FLAG),
    pa.field("both_empty", _FLAG, nullable=False),
    pa.field("not_computed", _TEXT, nullable=False),
    pa.field("tp", _COUNT, nullable=False),
    pa.field("fp", _COUNT, nullable=False),
    pa.field("fn", _COUNT, nullable=False),
    pa.field("iou_sum", _NUMBER, nullable=False),
    pa.field("iou_pairs", _COUNT, nullable=False),
    pa.field("mean_iou", _NUMBER),
    pa.field("matched", _COUNT, nullable=False),
    pa.field("low_overlap", _COUNT, nullable=False),
    pa.field("attribute_mismatch", _COUNT, nullable=False),
    pa.field("mislabelled", _COUNT, nullable=False),
    pa.field("missing", _COUNT, nullable=False),
    pa.field("extra", _COUNT, nullable=False),
    pa.field("scored_at", _TIME, nullable=False),
]
SUBMISSIONS_SCHEMA = pa.schema(_SUBMISSIONS_FIELDS, metadata={"schema_version": SCHEMA_VERSION, "table": "submissions"})

_VERDICTS_FIELDS: list[pa.Field[Any]] = [
    pa.field("campaign", _TEXT, nullable=False),
    pa.field("project_hash", _TEXT, nullable=False),
    pa.field("data_hash", _TEXT, nullable=False),
    pa.field("data_title", _TEXT, nullable=False),
    pa.field("annotator_email", _TEXT, nullable=False),
    pa.field("label_branch_name", _TEXT, nullable=False),
    pa.field("submission_version", _TEXT, nullable=False),
    pa.field("ground_truth_version", _TEXT, nullable=False),
    pa.field("kind", _TEXT, nullable=False),
    pa.field("verdict", _TEXT, nullable=False),
    pa.field("ground_truth_class", _TEXT),
    pa.field("submitted_class", _TEXT),
    pa.field("ground_truth_hash", _TEXT),
    pa.field("submitted_hash", _TEXT),
    pa.field("first_frame", _COUNT, nullable=False),
    pa.field("last_frame", _COUNT, nullable=False),
    pa.field("frames", _COUNT, nullable=False),
    pa.field("similarity", _NUMBER),
    pa.field("attribute_agreement", _NUMBER),
    pa.field("scored_at", _TIME, nullable=False),
]
VERDICTS_SCHEMA = pa.schema(_VERDICTS_FIELDS, metadata={"schema_version": SCHEMA_VERSION, "table": "verdicts"})


def submissions_to_parquet(rows: Sequence[SubmissionRow]) -> bytes:
    """Return the submissions table as Parquet: the same bytes for the same rows, in whatever order."""
    return _to_parquet_bytes([asdict(row) for row in rows], SUBMISSIONS_SCHEMA)


def verdicts_to_parquet(rows: Sequence[VerdictRow]) -> bytes:
    """Return the verdicts table as Parquet: the same bytes for the same rows, in whatever order."""
    return _to_parquet_bytes([asdict(row) for row in rows], VERDICTS_SCHEMA)


def submissions_from_parquet(content: bytes) -> list[SubmissionRow]:
    """
    Read back what ``submissions_to_parquet`` wrote.

    :raises ValueError: when it is another table or another version of it.
    """
    table = pq.read_table(pa.BufferReader(content))
    found = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    if (found.get("table"), found.get("schema_version")) != ("submissions", SCHEMA_VERSION):
        raise ValueError(
            f"expected the submissions table, version {SCHEMA_VERSION}, found {found.get('table')!r},"
            f" version {found.get('schema_version')!r}: score again to write it anew"
        )
    return [SubmissionRow(**row) for row in table.to_pylist()]


def _to_parquet_bytes(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    ordered = sorted(rows, key=lambda row: [str(row[name]) for name in schema.names])
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ordered, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()
