"""One submission's score as people and programs read it: plain JSON, classes by name, a sentence on each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from include.benchmark_qa.labels.data_types import FRAMELESS_TYPES
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.scoring.answer_differences import AnswerDifference, answer_differences
from include.benchmark_qa.scoring.explain import explain
from include.benchmark_qa.scoring.rates import Rates, WorstClass
from include.benchmark_qa.scoring.scored import ScoredLabels
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.submission import SubmissionScore, submission_score
from include.benchmark_qa.scoring.verdicts import LabelMatch, Verdict

Differences = Mapping[tuple[str | None, str | None, int], Sequence[AnswerDifference]]


def score_as_dict(scored: ScoredLabels, ontology: OntologyIndex, settings: ScoringSettings) -> dict[str, Any]:
    """
    Return the score of a single submission with all its evidence, ready for ``json.dumps``.

    ``class`` of a label is the true one, of an extra label the submitted one; ``submitted_class`` says what was
    submitted. ``frame`` is a video's frame, a page, or 0; ``why`` is a sentence or two for people.

    :param scored: of one submission.
    """
    score = submission_score(scored, 0, ontology)
    differences = _differences(scored, score, ontology, settings)
    in_words = _Words(ontology, settings, differences, scored.truth.data_types[0])
    return {
        "score": score.score,
        "passed": score.passed,
        "both_empty": score.both_empty,
        "not_computed": list(score.not_computed),
        "rates": _rates(score.rates, ontology) if score.rates else None,
        "objects": [{**in_words.label(match), "frame": match.first_frame} for match in score.objects],
        "classifications": [in_words.label(match) | _frames(match) for match in score.classifications],
        "tracks": asdict(score.tracks) if score.tracks else None,
    }


def _differences(
    scored: ScoredLabels, score: SubmissionScore, ontology: OntologyIndex, settings: ScoringSettings
) -> Differences:
    """Return the answers that differ, by the hashes of the pair and the frame."""
    unlike = [one for one in (*score.objects, *score.classifications) if one.verdict is Verdict.ATTRIBUTE_MISMATCH]
    owners = [{hash_: owner for owner, hash_ in enumerate(side.hashes)} for side in (scored.truth, scored.submitted)]
    keys = [(one.ground_truth_hash, one.submitted_hash, one.first_frame) for one in unlike]
    found = answer_differences(
        scored.truth,
        np.array([owners[0][truth or ""] for truth, _, _ in keys], np.int64),
        scored.submitted,
        np.array([owners[1][given or ""] for _, given, _ in keys], np.int64),
        np.array([frame for _, _, frame in keys], np.int64),
        ontology,
        scored.vocabulary,
        settings,
    )
    return dict(zip(keys, found, strict=True))


@dataclass(frozen=True, slots=True)
class _Words:
    ontology: OntologyIndex
    settings: ScoringSettings
    differences: Differences
    data_type: str

    def label(self, match: LabelMatch) -> dict[str, Any]:
        names = self.ontology.names
        known = match.ground_truth_feature or match.submitted_feature
        differing = self.differences.get((match.ground_truth_hash, match.submitted_hash, match.first_frame), ())
        with_frames = self.data_type not in FRAMELESS_TYPES | {"image"}
        return {
            "verdict": match.verdict.value,
            "class": names[known] if known else None,
            "submitted_class": names[match.submitted_feature] if match.submitted_feature else None,
            "similarity": match.similarity,
            "attribute_agreement": match.attribute_agreement,
            "ground_truth_hash": match.ground_truth_hash,
            "submitted_hash": match.submitted_hash,
            "why": explain(match, self.ontology, self.settings, differing, with_frames=with_frames),
        }


def _frames(match: LabelMatch) -> dict[str, int]:
    return {"first_frame": match.first_frame, "last_frame": match.last_frame, "frames": match.frames}


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
