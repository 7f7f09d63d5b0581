from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

import numpy as np

from include.benchmark_qa.labels.model import BoxGeometry, LabelObject, LabelRow, PolygonGeometry
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.scoring.agreement import answer_agreement
from include.benchmark_qa.scoring.matching import Pairs, match_pairs
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.verdicts import LabelMatch, Verdict, verdict_of_pair
from include.benchmark_qa.similarity.boxes import box_iou
from include.benchmark_qa.similarity.polygons import polygon_iou, to_geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

Objects = list[LabelObject]
ScoredPair = tuple[LabelObject, LabelObject, float]


def judge_objects(
    ground_truth: LabelRow, submitted: LabelRow, ontology: OntologyIndex, settings: ScoringSettings
) -> tuple[LabelMatch, ...]:
    """
    Match the objects of two label rows frame by frame and return the verdict on each.

    Objects are matched within their class; what is left over is matched across classes of the same shape, which
    is ``mislabelled``. The order of labels and frames in the rows does not matter.
    """
    truth_frames, submitted_frames = _by_frame(ground_truth.objects), _by_frame(submitted.objects)
    verdicts: list[LabelMatch] = []
    for frame in sorted(truth_frames.keys() | submitted_frames.keys()):
        truth, drawn = truth_frames.get(frame, []), submitted_frames.get(frame, [])
        for one, other, similarity in _take_pairs(truth, drawn, "feature_hash", settings.iou_threshold):
            agreement = answer_agreement(
                ground_truth.answers.get(one.object_hash, {}),
                submitted.answers.get(other.object_hash, {}),
                ontology,
                settings.text_match,
            )
            verdict = verdict_of_pair(similarity, agreement, settings.low_overlap_threshold)
            verdicts.append(_evidence(verdict, one, other, similarity, agreement))
        for one, other, similarity in _take_pairs(truth, drawn, "shape", settings.iou_threshold):
            verdicts.append(_evidence(Verdict.MISLABELLED, one, other, similarity))
        verdicts += [_evidence(Verdict.MISSING, one, None) for one in truth]
        verdicts += [_evidence(Verdict.EXTRA, None, other) for other in drawn]
    return tuple(verdicts)


def object_similarity(shape: str, truth: Objects, drawn: Objects) -> NDArray[np.float64]:
    """Return the similarity in [0, 1] of every pair of objects of one shape, shape (N, M)."""
    if shape == "bounding_box":
        return box_iou(_boxes(truth), _boxes(drawn))
    return polygon_iou(
        [to_geometry(cast("PolygonGeometry", label.geometry)) for label in truth],
        [to_geometry(cast("PolygonGeometry", label.geometry)) for label in drawn],
    )


def _take_pairs(truth: Objects, drawn: Objects, key: str, threshold: float) -> Iterator[ScoredPair]:
    """Yield the matches among objects that agree in ``key`` and take them out of both lists."""
    for group in sorted({getattr(label, key) for label in truth} & {getattr(label, key) for label in drawn}):
        ours = [label for label in truth if getattr(label, key) == group]
        theirs = [label for label in drawn if getattr(label, key) == group]
        similarity = object_similarity(ours[0].shape, ours, theirs)
        pairs: Pairs = match_pairs(similarity, threshold)
        for row, column in pairs:
            # By identity: a label row may hold two equal objects.
            _remove(truth, ours[row])
            _remove(drawn, theirs[column])
            yield ours[row], theirs[column], float(similarity[row, column])


def _remove(labels: Objects, gone: LabelObject) -> None:
    del labels[next(index for index, label in enumerate(labels) if label is gone)]


def _by_frame(objects: Iterable[LabelObject]) -> dict[int, Objects]:
    """Group by frame, sorted by object hash (then geometry): the order that settles ties."""
    frames: defaultdict[int, Objects] = defaultdict(list)
    for label in sorted(objects, key=lambda label: (label.object_hash, label.feature_hash, label.geometry)):
        frames[label.frame].append(label)
    return frames


def _boxes(labels: Objects) -> NDArray[np.float64]:
    return np.array([cast("BoxGeometry", label.geometry) for label in labels], dtype=np.float64)


def _evidence(
    verdict: Verdict,
    truth: LabelObject | None,
    drawn: LabelObject | None,
    similarity: float | None = None,
    agreement: float | None = None,
) -> LabelMatch:
    label = cast("LabelObject", truth or drawn)
    return LabelMatch(
        verdict=verdict,
        ground_truth_feature=truth.feature_hash if truth else None,
        ground_truth_hash=truth.object_hash if truth else None,
        submitted_feature=drawn.feature_hash if drawn else None,
        submitted_hash=drawn.object_hash if drawn else None,
        first_frame=label.frame,
        last_frame=label.frame,
        similarity=similarity,
        attribute_agreement=agreement,
    )
