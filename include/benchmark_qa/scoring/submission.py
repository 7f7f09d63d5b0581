from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from include.benchmark_qa.labels.ontology import OntologyIndex, index_ontology
from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.identity import TRACKED_TYPES
from include.benchmark_qa.scoring.rates import Rates
from include.benchmark_qa.scoring.scored import Blob, ScoredLabels, score_labels
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.verdicts import LabelMatch, Verdict


@dataclass(frozen=True, slots=True)
class Tracks:
    """
    How well objects keep their identity over the frames of one submission, summed over classes.

    ``idf1`` in [0, 1] is None where there is no object; the counts are those of ``tracks.TrackColumns``.
    """

    idf1: float | None
    idtp: int
    idfn: int
    idfp: int
    id_switches: int
    fragmentations: int
    truth_tracks: int
    submitted_tracks: int


@dataclass(frozen=True, slots=True)
class SubmissionScore:
    """
    The score of one submission, with its evidence.

    ``score`` in [0, 1] and ``passed`` are None exactly when ``not_computed`` gives reasons. ``both_empty``: nothing to
    find and nothing submitted, which is right (score 1). ``rates`` is None when nothing was compared, ``tracks`` where
    the data have no frames that follow each other.
    """

    score: float | None
    passed: bool | None
    both_empty: bool = False
    not_computed: tuple[str, ...] = ()
    rates: Rates | None = None
    objects: tuple[LabelMatch, ...] = ()
    classifications: tuple[LabelMatch, ...] = ()
    tracks: Tracks | None = None


def score_submission(
    ontology: Mapping[str, Any],
    ground_truth: Blob | None,
    submission: Blob | None,
    settings: ScoringSettings | None = None,
) -> SubmissionScore:
    """
    Compare one submission with the ground truth of the same data unit.

    Bad labels never raise: what cannot be compared is *not computed*, with its reasons. A submission that was never
    saved (None, or a null label hash) is empty: everything in the ground truth is missing.

    :param ontology: ``OntologyStructure.to_dict()``, the same for both.
    :param ground_truth: label row as ``to_encord_dict()`` gives it, of the benchmark project's ``main`` branch.
    :param submission: likewise, of the annotator's branch.
    :raises ValueError: when ``ontology`` is no ontology structure.
    """
    index = index_ontology(ontology)
    scored = score_labels(index, [ground_truth], [submission], [0], settings or ScoringSettings())
    return submission_score(scored, 0, index)


def submission_score(scored: ScoredLabels, submission: int, ontology: OntologyIndex) -> SubmissionScore:
    """Return the score of one of many submissions, with its evidence in the order of frames and object hashes."""
    reasons = scored.not_computed[submission]
    known = not np.isnan(scored.score[submission])
    objects, classifications = (
        _matches(verdicts, scored, submission, ontology) for verdicts in (scored.objects, scored.classifications)
    )
    return SubmissionScore(
        score=float(scored.score[submission]) if known else None,
        passed=bool(scored.passed[submission]) if known else None,
        both_empty=bool(scored.both_empty[submission]),
        not_computed=reasons,
        rates=scored.rates.of(submission, ontology.class_hashes) if known or objects or classifications else None,
        objects=objects,
        classifications=classifications,
        tracks=_tracks(scored, submission) if known else None,
    )


def _tracks(scored: ScoredLabels, submission: int) -> Tracks | None:
    if scored.truth.data_types[scored.truth_row[submission]] not in TRACKED_TYPES:
        return None
    counts = [getattr(scored.tracks, one.name)[submission].item() for one in fields(Tracks)[1:]]
    return Tracks(_known(scored.tracks.idf1[submission]), *counts)


def _matches(
    verdicts: VerdictColumns, scored: ScoredLabels, submission: int, ontology: OntologyIndex
) -> tuple[LabelMatch, ...]:
    mine = verdicts.take(np.flatnonzero(verdicts.submission == submission))
    names, kinds = ontology.class_hashes, tuple(Verdict)
    matches = [
        LabelMatch(
            verdict=kinds[mine.verdict[row]],
            ground_truth_feature=_at(names, mine.truth_class[row]),
            ground_truth_hash=_at(scored.truth.hashes, mine.truth_owner[row]),
            submitted_feature=_at(names, mine.submitted_class[row]),
            submitted_hash=_at(scored.submitted.hashes, mine.submitted_owner[row]),
            first_frame=int(mine.first_frame[row]),
            last_frame=int(mine.last_frame[row]),
            frames=int(mine.frames[row]),
            similarity=_known(mine.similarity[row]),
            attribute_agreement=_known(mine.agreement[row]),
        )
        for row in range(len(mine))
    ]
    return tuple(sorted(matches, key=_place))


def _place(match: LabelMatch) -> tuple[int, int, str, str]:
    kind = 0 if match.verdict.is_match else 1 + tuple(Verdict).index(match.verdict)
    return match.first_frame, kind, match.ground_truth_hash or "", match.submitted_hash or ""


def _at(names: tuple[str, ...], code: np.int64) -> str | None:
    return names[code] if code >= 0 else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
