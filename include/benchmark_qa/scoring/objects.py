from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from include.benchmark_qa.labels.columns import FloatArray, IntArray, LabelColumns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.bounds import object_bounds
from include.benchmark_qa.scoring.candidates import Candidates, Sights, expand_sights, find_candidates, group_keys
from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.matching import NamedOwners, match_candidates
from include.benchmark_qa.scoring.object_verdicts import AnswerContext, verdicts_on_pairs, verdicts_without_answers
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.shapes import pair_similarity
from include.benchmark_qa.scoring.verdicts import Verdict

NO_SIZE = (1.0, 1.0)

CROWDED = "too many labels of one class lie on each other to be told apart"


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


@dataclass(frozen=True)
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
        reasons: dict[int, str] = {}
        candidates = self._candidates(truth, submitted, (truth.feature, submitted.feature), reasons)
        found = self._match(candidates, truth, submitted)
        others = _without(truth, found.truth), _without(submitted, found.submitted)
        shapes = self._shape_of_class[others[0].feature], self._shape_of_class[others[1].feature]
        wrong = self._match(self._candidates(*others, shapes, reasons), *others)
        context = AnswerContext(self.truth, self.submitted, self.ontology, self.vocabulary, self.settings)
        verdicts = [
            verdicts_on_pairs(truth.take(found.truth), submitted.take(found.submitted), found.similarity, context),
            verdicts_without_answers(
                Verdict.MISLABELLED,
                others[0].take(wrong.truth),
                others[1].take(wrong.submitted),
                wrong.similarity,
            ),
            verdicts_without_answers(Verdict.MISSING, _without(others[0], wrong.truth), None),
            verdicts_without_answers(Verdict.EXTRA, None, _without(others[1], wrong.submitted)),
        ]
        return JudgedObjects(VerdictColumns.concatenate(verdicts), candidates, truth, submitted, reasons)

    @cached_property
    def _shapes(self) -> list[str]:
        return sorted(set(self.ontology.shapes.values()))

    @cached_property
    def _shape_of_class(self) -> IntArray:
        return np.array([self._shapes.index(self.ontology.shapes[one]) for one in self.ontology.class_hashes], np.int64)

    def _candidates(
        self, truth: Sights, submitted: Sights, kinds: tuple[IntArray, IntArray], reasons: dict[int, str]
    ) -> Candidates:
        """Return the pairs of one kind and frame that are alike enough; add reasons where that cannot be said."""
        codes = self._shape_of_class[truth.feature]

        def similarity(left: IntArray, right: IntArray) -> FloatArray:
            alike = self._similarity(codes[left], truth.entry[left], submitted.entry[right])
            unknown = left[np.isnan(alike)]
            for row, first in zip(*np.unique(truth.submission[unknown], return_index=True), strict=True):
                reasons.setdefault(int(row), self._incomparable(truth, int(unknown[first])))
            return alike

        def bounds() -> tuple[FloatArray, FloatArray]:
            their_codes = self._shape_of_class[submitted.feature]
            return (
                object_bounds(self.truth.objects, self._shapes, codes, truth.entry),
                object_bounds(self.submitted.objects, self._shapes, their_codes, submitted.entry),
            )

        keys = group_keys((truth, submitted), kinds)
        candidates, crowded = find_candidates(truth, submitted, keys, similarity, self.settings.iou_threshold, bounds)
        reasons.update(dict.fromkeys(crowded, CROWDED))
        return candidates

    def _incomparable(self, truth: Sights, place: int) -> str:
        feature = self.ontology.class_hashes[int(truth.feature[place])]
        name, shape = self.ontology.names[feature], self.ontology.shapes[feature]
        owner = self.truth.hashes[int(truth.owner[place])]
        return f"{name} {owner} on frame {truth.frame[place]} cannot be compared with another {shape}"

    def _similarity(self, codes: IntArray, ours: IntArray, theirs: IntArray) -> FloatArray:
        """Compare K pairs of entries of one shape each (``codes``), in pixels."""
        result = np.empty(len(codes))
        for code in np.flatnonzero(np.bincount(codes)):
            part = np.flatnonzero(codes == code)
            result[part] = pair_similarity(
                self._shapes[code],
                self.truth.objects,
                ours[part],
                self.submitted.objects,
                theirs[part],
                self._sizes(ours[part], theirs[part]),
                self.settings,
                self.vocabulary,
            )
        return result

    def _sizes(self, ours: IntArray, theirs: IntArray) -> FloatArray:
        """Return width and height of the image of each pair: the truth's, else the submission's, else 1."""
        size = self.truth.objects.size[ours]
        unknown = np.flatnonzero(np.isnan(size).any(axis=1))
        if len(unknown):
            size[unknown] = self.submitted.objects.size[theirs[unknown]]
            size[np.isnan(size).any(axis=1)] = NO_SIZE
        return size

    def _match(self, candidates: Candidates, truth: Sights, submitted: Sights) -> Candidates:
        ours = NamedOwners(truth.owner, self.truth.hashes)
        theirs = NamedOwners(submitted.owner, self.submitted.hashes)
        chosen = match_candidates(candidates, ours, theirs)
        return Candidates(candidates.truth[chosen], candidates.submitted[chosen], candidates.similarity[chosen])


def _without(sights: Sights, gone: IntArray) -> Sights:
    kept = np.ones(len(sights), bool)
    kept[gone] = False
    return sights.take(np.flatnonzero(kept))
