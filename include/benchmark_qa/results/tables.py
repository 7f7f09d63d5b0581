"""The tables of a scored batch as Parquet, built from columns: no Python object per verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from include.benchmark_qa.labels.columns import IntArray
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.results.encoding import name_array, number_array, rank_texts, to_parquet
from include.benchmark_qa.results.evidence import KINDS, VERDICT_NAMES, Evidence, gather_evidence
from include.benchmark_qa.results.rows import SubmissionKey, SubmissionRow
from include.benchmark_qa.results.schema import (
    SUBMISSIONS,
    SUBMISSIONS_SCHEMA,
    VERDICTS_SCHEMA,
    check_schema,
)
from include.benchmark_qa.results.submission_columns import submission_columns
from include.benchmark_qa.scoring.scored import ScoredLabels

_NAMED = (
    "campaign",
    "project_hash",
    "data_hash",
    "data_title",
    "annotator_email",
    "label_branch_name",
    "ground_truth_version",
    "submission_version",
    "settings_version",
)
# Sorted by these, in this order; the other names and the task only part what would else be equal.
_FIRST = ("project_hash", "data_hash", "annotator_email", "label_branch_name")
_SORTED = (*_FIRST, *(name for name in _NAMED if name not in _FIRST), "task_uuid")


@dataclass(frozen=True, slots=True)
class ScoreTables:
    """The submissions and the verdicts table of one batch, as Parquet."""

    submissions: bytes
    verdicts: bytes


def score_tables(
    keys: Sequence[SubmissionKey], scored: ScoredLabels, ontology: OntologyIndex, scored_at: datetime
) -> ScoreTables:
    """
    Return the result tables: the same bytes for the same scores, in whatever order submissions and labels come.

    :param keys: whose submission each row of ``scored`` is
    :param ontology: names the classes
    :param scored_at: with a time zone; of several scores of a submission the latest counts
    """
    rows = list(map(attrgetter(*_SORTED), keys))
    order = np.array(sorted(range(len(keys)), key=rows.__getitem__), np.int64)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    evidence = gather_evidence(scored, rank)
    ordered = [keys[place] for place in order]
    values = zip(*(rows[place] for place in order), strict=True) if rows else [()] * len(_SORTED)
    names = {name: rank_texts(column) for name, column in zip(_SORTED, values, strict=True) if name in _NAMED}
    by_submission = {name: ranked.spread(np.arange(len(ordered))) for name, ranked in names.items()}
    submissions = by_submission | submission_columns(ordered, scored, order, evidence, ontology)
    verdicts = {name: ranked.spread(evidence.verdicts.submission) for name, ranked in names.items()}
    verdicts |= _verdict_columns(evidence, ontology)
    return ScoreTables(
        to_parquet(submissions | {"scored_at": _times(scored_at, len(ordered))}, SUBMISSIONS_SCHEMA),
        to_parquet(verdicts | {"scored_at": _times(scored_at, len(evidence.verdicts))}, VERDICTS_SCHEMA),
    )


def submissions_from_parquet(content: bytes) -> list[SubmissionRow]:
    """
    Read back who got which score from the submissions table.

    :raises ValueError: when it is another table or another version of it.
    """
    found = pq.ParquetFile(pa.BufferReader(content))
    check_schema(found.schema_arrow, SUBMISSIONS)
    wanted = [one.name for one in fields(SubmissionRow)]
    return [SubmissionRow(**row) for row in found.read(columns=wanted).to_pylist()]


def _verdict_columns(evidence: Evidence, ontology: OntologyIndex) -> dict[str, Any]:
    one = evidence.verdicts
    return {
        "kind": name_array(evidence.kind.astype(np.int64), KINDS),
        "verdict": name_array(one.verdict.astype(np.int64), VERDICT_NAMES),
        **class_columns("ground_truth", one.truth_class, ontology),
        **class_columns("submitted", one.submitted_class, ontology),
        "ground_truth_hash": evidence.truth_hashes.spread(one.truth_owner),
        "submitted_hash": evidence.submitted_hashes.spread(one.submitted_owner),
        "first_frame": one.first_frame,
        "last_frame": one.last_frame,
        "frames": one.frames,
        "similarity": number_array(one.similarity),
        "attribute_agreement": number_array(one.agreement),
        "credit": evidence.credit,
        "answer_sum": one.answer_sum,
        "answer_count": one.answer_count,
    }


def class_columns(side: str, codes: IntArray, ontology: OntologyIndex) -> dict[str, Any]:
    """Return name and feature hash of the classes of one side; two classes may share a name."""
    names = rank_texts([ontology.names[feature_hash] for feature_hash in ontology.class_hashes])
    return {f"{side}_class": names.spread(codes), f"{side}_feature": name_array(codes, ontology.class_hashes)}


def _times(moment: datetime, count: int) -> Any:
    return pa.repeat(pa.scalar(moment, pa.timestamp("us", tz="UTC")), count)
