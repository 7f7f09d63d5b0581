from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray, LabelColumns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.agreement import answer_agreement, dynamic_agreement
from include.benchmark_qa.scoring.candidates import (
    GATE_TOLERANCE,
    Candidates,
    Sights,
    expand_sights,
    find_candidates,
    group_keys,
)
from include.benchmark_qa.scoring.clips import SightPairs, TrackSights
from include.benchmark_qa.scoring.columns import AnswerAgreement, VerdictColumns
from include.benchmark_qa.scoring.matching import match_candidates
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.shapes import pair_similarity
from include.benchmark_qa.scoring.tracks import TrackColumns, judge_tracks
from include.benchmark_qa.scoring.verdicts import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

CODES: Mapping[Verdict, int] = {verdict: code for code, verdict in enumerate(Verdict)}
NO_SIZE = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class JudgedObjects:
    """
    The verdicts on the objects of many submissions.

    ``candidates`` are all pairs of one class that may match, places in ``truth`` and ``submitted``: what the identity
    of objects in videos is judged by. ``reasons`` say, by submission, why it could not be compared after all; such a
    submission's verdicts mean nothing.
    """

    verdicts: VerdictColumns
    candidates: Candidates
    truth: Sights
    submitted: Sights
    reasons: dict[int, str] = field(default_factory=dict)

    def tracks(self, tracked: BoolArray) -> TrackColumns:
        """Judge the identity of objects in the submissions that are ``tracked``, shape (P,)."""
        pairs = np.flatnonzero(tracked[self.truth.submission[self.candidates.truth]])
        truth, submitted = (
            self.truth.take(self.candidates.truth[pairs]),
            self.submitted.take(self.candidates.submitted[pairs]),
        )
        return judge_tracks(
            SightPairs(
                truth.submission,
                truth.feature,
                truth.owner,
                submitted.owner,
                truth.frame,
                self.candidates.similarity[pairs],
            ),
            *(
                _track_sights(side.take(np.flatnonzero(tracked[side.submission])))
                for side in (self.truth, self.submitted)
            ),
        )


@dataclass(frozen=True, slots=True)
class ObjectJudge:
    """Compares the objects of many submissions with those of their ground truth."""

    truth: LabelColumns
    submitted: LabelColumns
    ontology: OntologyIndex
    vocabulary: Vocabulary
    settings: ScoringSettings

    def judge(self, truth_row: IntArray) -> JudgedObjects:
        """
        Match frame by frame and give a verdict on every object.

        Objects are matched within their class; what is left over is matched across classes of the same shape, which
        is ``mislabelled``. The order of labels and frames in the rows does not matter.

        :param truth_row: shape (P,), the row of the ground truth of each submitted row, -1 for a row to leave out.
        """
        truth = expand_sights(self.truth, truth_row)
        submitted = expand_sights(self.submitted, np.where(truth_row >= 0, np.arange(len(truth_row)), -1))
        crowded: set[int] = set()
        unknown: dict[int, tuple[int, int]] = {}
        shapes = self._shape_codes()
        candidates = self._candidates(truth, submitted, (truth.feature, submitted.feature), crowded, unknown)
        found = self._match(candidates, truth, submitted)
        left = np.setdiff1d(np.arange(len(truth)), found.truth, assume_unique=True)
        right = np.setdiff1d(np.arange(len(submitted)), found.submitted, assume_unique=True)
        rest = truth.take(left), submitted.take(right)
        others = self._candidates(*rest, (shapes[rest[0].feature], shapes[rest[1].feature]), crowded, unknown)
        wrong = self._match(others, *rest)
        verdicts = [
            self._matched(found, truth, submitted),
            _unanswered(
                Verdict.MISLABELLED, rest[0].take(wrong.truth), rest[1].take(wrong.submitted), wrong.similarity
            ),
            _unanswered(Verdict.MISSING, _without(rest[0], wrong.truth), None, None),
            _unanswered(Verdict.EXTRA, None, _without(rest[1], wrong.submitted), None),
        ]
        reasons = dict.fromkeys(crowded, "too many labels of one class lie on each other to be told apart")
        reasons |= dict.fromkeys(unknown, "an object's geometry cannot be compared")
        return JudgedObjects(VerdictColumns.concatenate(verdicts), candidates, truth, submitted, reasons)

    def _shape_codes(self) -> IntArray:
        names = sorted(set(self.ontology.shapes.values()))
        return np.array([names.index(self.ontology.shapes[one]) for one in self.ontology.class_hashes], np.int64)

    def _candidates(
        self,
        truth: Sights,
        submitted: Sights,
        kinds: tuple[IntArray, IntArray],
        crowded: set[int],
        unknown: dict[int, tuple[int, int]],
    ) -> Candidates:
        def similarity(left: IntArray, right: IntArray) -> FloatArray:
            return self._similarity(truth.take(left), submitted.take(right))

        keys = group_keys((truth, submitted), kinds)
        return find_candidates(truth, submitted, keys, similarity, self.settings.iou_threshold, crowded, unknown)

    def _similarity(self, truth: Sights, submitted: Sights) -> FloatArray:
        """Compare K aligned pairs of sights of one shape each, in pixels."""
        ours, theirs = self.truth.objects, self.submitted.objects
        size = ours.size[truth.entry]
        size = np.where(np.isnan(size), theirs.size[submitted.entry], size)
        size = np.where(np.isnan(size), NO_SIZE, size)
        codes, names = self._shape_codes()[truth.feature], sorted(set(self.ontology.shapes.values()))
        result = np.empty(len(truth))
        for code in np.unique(codes):
            part = np.flatnonzero(codes == code)
            result[part] = pair_similarity(
                names[code],
                ours,
                truth.entry[part],
                theirs,
                submitted.entry[part],
                size[part],
                self.settings,
                self.vocabulary,
            )
        return result

    def _match(self, candidates: Candidates, truth: Sights, submitted: Sights) -> Candidates:
        ours = _Hashes(self.truth.hashes, truth.owner)
        theirs = _Hashes(self.submitted.hashes, submitted.owner)
        chosen = match_candidates(candidates, ours, theirs)
        return Candidates(candidates.truth[chosen], candidates.submitted[chosen], candidates.similarity[chosen])

    def _matched(self, found: Candidates, truth: Sights, submitted: Sights) -> VerdictColumns:
        ours, theirs = truth.take(found.truth), submitted.take(found.submitted)
        static, first = self._static_agreement(ours, theirs)
        context = self.ontology, self.vocabulary, self.settings
        dynamic = dynamic_agreement(self.truth, ours.owner, self.submitted, theirs.owner, ours.frame, *context)
        agreement = (static + dynamic).mean
        low = found.similarity < self.settings.low_overlap_threshold - GATE_TOLERANCE
        verdict = np.where(low, CODES[Verdict.LOW_OVERLAP], CODES[Verdict.MATCHED])
        verdict = np.where(agreement < 1, CODES[Verdict.ATTRIBUTE_MISMATCH], verdict)
        return _columns(
            verdict.astype(np.int8),
            ours,
            theirs,
            found.similarity,
            agreement,
            np.where(first, np.nan_to_num(static.mean), 0.0) + np.nan_to_num(dynamic.mean),
            (first & (static.compared > 0)).astype(np.int64) + (dynamic.compared > 0),
        )

    def _static_agreement(self, ours: Sights, theirs: Sights) -> tuple[AnswerAgreement, BoolArray]:
        """Compare the static answers once per pair of objects; say also which sight is the first of its pair."""
        order = np.lexsort((ours.frame, theirs.owner, ours.owner, ours.submission))
        columns = [column[order] for column in (ours.submission, ours.owner, theirs.owner)]
        new = np.ones(len(order), bool)
        new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
        place = np.empty(len(order), np.int64)
        place[order] = np.cumsum(new) - 1
        first = np.zeros(len(order), bool)
        first[order[new]] = True
        once = answer_agreement(
            self.truth,
            columns[1][new],
            self.submitted,
            columns[2][new],
            self.ontology,
            self.vocabulary,
            self.settings,
        )
        return AnswerAgreement(once.similarity[place], once.compared[place]), first


class _Hashes(Sequence[str]):
    """The object hashes of sights, looked up where they are asked for."""

    def __init__(self, hashes: Sequence[str], owner: IntArray) -> None:
        self._hashes = hashes
        self._owner = owner

    def __len__(self) -> int:
        return len(self._owner)

    def __getitem__(self, place: int) -> str:  # type: ignore[override]
        return self._hashes[int(self._owner[place])]


def _track_sights(sights: Sights) -> TrackSights:
    return TrackSights(sights.submission, sights.feature, sights.owner, sights.frame)


def _without(sights: Sights, gone: IntArray) -> Sights:
    return sights.take(np.setdiff1d(np.arange(len(sights)), gone, assume_unique=True))


def _unanswered(
    verdict: Verdict, truth: Sights | None, submitted: Sights | None, similarity: FloatArray | None
) -> VerdictColumns:
    """Return verdicts on objects whose answers are not compared: they have no partner of their class."""
    count = len(truth if truth is not None else submitted or ())
    nothing = np.full(count, np.nan)
    return _columns(
        np.full(count, CODES[verdict], np.int8),
        truth,
        submitted,
        nothing if similarity is None else similarity,
        nothing,
        np.zeros(count),
        np.zeros(count, np.int64),
    )


def _columns(
    verdict: NDArray[np.int8],
    truth: Sights | None,
    submitted: Sights | None,
    similarity: FloatArray,
    agreement: FloatArray,
    answer_sum: FloatArray,
    answer_count: IntArray,
) -> VerdictColumns:
    known = truth if truth is not None else submitted
    assert known is not None  # noqa: S101 - for the type checker: a verdict is on somebody
    nobody = np.full(len(verdict), -1)
    return VerdictColumns(
        submission=known.submission,
        verdict=verdict,
        truth_class=nobody if truth is None else truth.feature,
        truth_owner=nobody if truth is None else truth.owner,
        submitted_class=nobody if submitted is None else submitted.feature,
        submitted_owner=nobody if submitted is None else submitted.owner,
        first_frame=known.frame,
        last_frame=known.frame,
        frames=np.ones(len(verdict), np.int64),
        similarity=similarity,
        agreement=agreement,
        answer_sum=answer_sum,
        answer_count=answer_count,
    )
