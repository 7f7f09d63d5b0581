"""The columns of the submissions table that are computed from the verdicts and the scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from include.benchmark_qa.labels.columns import BoolArray, IntArray
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.results.encoding import count_by, flag_array, number_array, rank_texts
from include.benchmark_qa.results.evidence import Evidence
from include.benchmark_qa.results.rows import SubmissionKey
from include.benchmark_qa.results.schema import RATE_NAMES
from include.benchmark_qa.scoring.counts import Counts
from include.benchmark_qa.scoring.rates import RateColumns
from include.benchmark_qa.scoring.scored import ScoredLabels
from include.benchmark_qa.scoring.tracks import TrackColumns
from include.benchmark_qa.scoring.verdicts import Verdict

_TIME = pa.timestamp("us", tz="UTC")
# Drawn by hand from many numbers: two people never draw the same. Points, ranges and masks that a tool makes from a
# click may well be equal.
DRAWN_SHAPES = frozenset(
    {"bounding_box", "rotatable_bounding_box", "circle", "ellipse", "polygon", "polyline"}
    | {"cuboid_2d", "cuboid", "skeleton"}
)
_EQUAL = 1 - 1e-12  # what is left of 1 after the rounding of an area


def submission_columns(
    keys: Sequence[SubmissionKey],
    scored: ScoredLabels,
    order: IntArray,
    evidence: Evidence,
    ontology: OntologyIndex,
) -> dict[str, Any]:
    """
    Return the columns beside the names, one row per key.

    :param keys: the submissions as sorted
    :param order: which row of ``scored`` each of them is
    :param evidence: verdicts that name submissions by their place among ``keys``
    """
    score = scored.score[order]
    known = ~np.isnan(score)
    return {
        "label_hash": pa.array([key.label_hash for key in keys], pa.string()),
        "task_uuid": pa.array([key.task_uuid for key in keys], pa.string()),
        "submitted_at": pa.array([key.submitted_at for key in keys], _TIME),
        "seconds": pa.array([key.seconds for key in keys], pa.float64()),
        "score": number_array(score),
        "passed": flag_array(scored.passed[order], known),
        "both_empty": pa.array(scored.both_empty[order]),
        "not_computed": pa.array(["; ".join(scored.not_computed[place]) for place in order], pa.string()),
        **_counts(scored.rates.counts.total, order),
        **_verdicts(evidence, len(keys), ontology),
        **_rates(scored.rates, order, ontology),
        **_tracks(scored.tracks, order),
    }


def _counts(counts: Counts, order: IntArray) -> dict[str, Any]:
    return {
        "tp": counts.tp[order],
        "fp": counts.fp[order],
        "fn": counts.fn[order],
        "iou_sum": counts.iou_sum[order],
        "iou_pairs": counts.iou_pairs[order],
        "answer_sum": counts.answer_sum[order],
        "answer_count": counts.answers[order],
        "credit": counts.credit[order],
    }


def _verdicts(evidence: Evidence, submissions: int, ontology: OntologyIndex) -> dict[str, Any]:
    one = evidence.verdicts
    by_verdict = {
        verdict.value: count_by(one.submission, submissions, one.frames * (one.verdict == code))
        for code, verdict in enumerate(Verdict)
    }
    return {"identical": count_by(one.submission, submissions, _is_copy(evidence, ontology)), **by_verdict}


def _is_copy(evidence: Evidence, ontology: OntologyIndex) -> BoolArray:
    drawn = np.array([ontology.shapes[one] in DRAWN_SHAPES for one in ontology.class_hashes] + [False])
    one = evidence.verdicts
    equal: BoolArray = evidence.is_match & drawn[one.truth_class] & (one.similarity >= _EQUAL)
    return equal


def _rates(rates: RateColumns, order: IntArray, ontology: OntologyIndex) -> dict[str, Any]:
    names = rank_texts([ontology.names[feature_hash] for feature_hash in ontology.class_hashes])
    columns: dict[str, Any] = {}
    for name in RATE_NAMES:
        worst, worst_class = rates.worst(name)
        columns[f"micro_{name}"] = number_array(rates.micro(name)[order])
        columns[f"macro_{name}"] = number_array(rates.macro(name)[order])
        columns[f"worst_{name}"] = number_array(worst[order])
        columns[f"worst_{name}_class"] = names.spread(worst_class[order])
    return columns


def _tracks(tracks: TrackColumns, order: IntArray) -> dict[str, Any]:
    """Take the columns of the submissions; without any object in a video there is nothing to say."""
    nothing = (tracks.truth_tracks + tracks.submitted_tracks)[order] == 0
    return {
        "idf1": number_array(tracks.idf1[order]),
        "id_switches": pa.array(tracks.id_switches[order], mask=nothing),
        "fragmentations": pa.array(tracks.fragmentations[order], mask=nothing),
    }
