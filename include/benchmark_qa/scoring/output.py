"""One submission's score as people and programs read it: plain JSON, classes by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.scoring.rates import Rates, WorstClass
from include.benchmark_qa.scoring.submission import SubmissionScore
from include.benchmark_qa.scoring.verdicts import LabelMatch


def score_as_dict(score: SubmissionScore, ontology: OntologyIndex) -> dict[str, Any]:
    """
    Return a score with all its evidence, ready for ``json.dumps``.

    ``class`` of a label is the true one, of an extra label the submitted one; where both are known and differ,
    ``submitted_class`` says the other. ``frame`` is a video's frame, a page, or 0.
    """
    return {
        "score": score.score,
        "passed": score.passed,
        "both_empty": score.both_empty,
        "not_computed": list(score.not_computed),
        "rates": _rates(score.rates, ontology) if score.rates else None,
        "objects": [_object(match, ontology) for match in score.objects],
        "classifications": [_classification(match, ontology) for match in score.classifications],
        "tracks": asdict(score.tracks) if score.tracks else None,
    }


def _rates(rates: Rates, ontology: OntologyIndex) -> dict[str, Any]:
    return {
        "counts": asdict(rates.counts),
        "micro": dict(rates.micro),
        "macro": dict(rates.macro),
        "worst": {name: _worst(worst, ontology) for name, worst in rates.worst.items()},
        "per_class": [
            {"class": ontology.names[feature_hash], "feature_hash": feature_hash, **values}
            for feature_hash, values in rates.per_class.items()
        ],
    }


def _worst(worst: WorstClass | None, ontology: OntologyIndex) -> Mapping[str, Any] | None:
    if worst is None:
        return None
    return {"class": ontology.names[worst.feature_hash], "feature_hash": worst.feature_hash, "value": worst.value}


def _object(match: LabelMatch, ontology: OntologyIndex) -> dict[str, Any]:
    return {**_label(match, ontology), "frame": match.first_frame}


def _classification(match: LabelMatch, ontology: OntologyIndex) -> dict[str, Any]:
    frames = {"first_frame": match.first_frame, "last_frame": match.last_frame, "frames": match.frames}
    return {**_label(match, ontology), **frames}


def _label(match: LabelMatch, ontology: OntologyIndex) -> dict[str, Any]:
    features = match.ground_truth_feature or match.submitted_feature, match.submitted_feature
    known, submitted = (ontology.names[one] if one else None for one in features)
    return {
        "verdict": match.verdict.value,
        "class": known,
        "submitted_class": submitted,
        "similarity": match.similarity,
        "attribute_agreement": match.attribute_agreement,
        "ground_truth_hash": match.ground_truth_hash,
        "submitted_hash": match.submitted_hash,
    }
