from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from shapely.errors import ShapelyError

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray, LabelColumns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.reading import read_labels
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.classifications import MOST_AT_ONCE, find_crowds, judge_classifications
from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.scoring.counts import count_verdicts
from include.benchmark_qa.scoring.identity import TRACKED_TYPES, judge_identity
from include.benchmark_qa.scoring.objects import ObjectJudge
from include.benchmark_qa.scoring.rates import RateColumns
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.tracks import TrackColumns

Blob: TypeAlias = bytes | Mapping[str, Any]
Reasons: TypeAlias = list[list[str]]

# What comparing labels of an unforeseen kind can raise. Scoring must go on with the next submission.
_INCOMPARABLE = (ArithmeticError, AttributeError, LookupError, ShapelyError, TypeError, ValueError)

NO_TRUTH = "ground truth: there is none for this data unit"


@dataclass(frozen=True, slots=True)
class ScoredLabels:
    """
    The scores of P submissions, with their evidence.

    ``score`` in [0, 1] is NaN exactly where ``not_computed`` gives reasons, and ``passed`` False there.
    ``both_empty``: nothing to find and nothing submitted, which is right (score 1). Submission p is row p of
    ``submitted`` and was compared with row ``truth_row[p]`` of ``truth`` (-1 for none). Verdicts and tracks are of the
    computed ones only; ``tracks`` have one entry per submission, all 0 where the data have no frames in time.
    """

    score: FloatArray
    passed: BoolArray
    both_empty: BoolArray
    not_computed: tuple[tuple[str, ...], ...]
    objects: VerdictColumns
    classifications: VerdictColumns
    rates: RateColumns
    tracks: TrackColumns
    truth: LabelColumns
    submitted: LabelColumns
    vocabulary: Vocabulary
    truth_row: IntArray

    def __len__(self) -> int:
        return len(self.score)


def score_labels(
    ontology: OntologyIndex,
    ground_truths: Sequence[Blob | None],
    submissions: Sequence[Blob | None],
    truth_of: Sequence[int] | IntArray,
    settings: ScoringSettings,
) -> ScoredLabels:
    """
    Compare many submissions with the ground truth of their data units, all at once.

    Bad labels never raise: what cannot be compared is not computed, with its reasons. A submission that was never
    saved (None, or a null label hash) is empty: everything in the ground truth is missing.

    :param ground_truths: label rows as raw JSON or dictionaries, ``main`` branch of the benchmark project.
    :param submissions: likewise, P rows of the annotators' branches.
    :param truth_of: the ground truth of each submission by its place, -1 for none.
    """
    vocabulary = Vocabulary()
    truth = read_labels(ground_truths, ontology, vocabulary)
    submitted = read_labels(submissions, ontology, vocabulary)
    rows = np.asarray(truth_of, np.int64)
    reasons = _reading_reasons(truth, submitted, rows)
    for submission, reason in _crowds(truth, submitted, rows, ontology):
        reasons[submission].append(reason)
    comparison = _Comparison(ontology, vocabulary, settings, truth, submitted)
    try:
        return comparison.score(rows, reasons)
    except _INCOMPARABLE:
        comparison.name_incomparable(np.arange(len(rows)), rows, reasons)
        return comparison.score(rows, reasons)


@dataclass(frozen=True, slots=True)
class _Comparison:
    ontology: OntologyIndex
    vocabulary: Vocabulary
    settings: ScoringSettings
    truth: LabelColumns
    submitted: LabelColumns

    def name_incomparable(self, places: IntArray, truth_row: IntArray, reasons: Reasons) -> None:
        """Find the submissions among ``places`` that raise, by halves, and give them a reason."""
        only = np.full(len(truth_row), -1)
        only[places] = truth_row[places]
        try:
            self.score(only, [list(why) for why in reasons])
        except _INCOMPARABLE as error:
            if len(places) == 1:
                reasons[places[0]].append(f"the labels cannot be compared ({error})")
                return
            for half in np.array_split(places, 2):
                self.name_incomparable(half, truth_row, reasons)

    def score(self, truth_row: IntArray, reasons: Reasons) -> ScoredLabels:
        """Score each submission that there is no reason against; add the reasons that comparing brings up."""
        compared = np.array([row if not why else -1 for row, why in zip(truth_row, reasons, strict=True)], np.int64)
        judge = ObjectJudge(self.truth, self.submitted, self.ontology, self.vocabulary, self.settings)
        judged = judge.judge(compared)
        for submission, reason in judged.reasons.items():
            reasons[submission].append(reason)
        classifications = judge_classifications(
            self.truth, self.submitted, compared, self.ontology, self.vocabulary, self.settings
        )
        computed = np.array([not why for why in reasons], bool)
        objects = judged.verdicts.take(computed[judged.verdicts.submission])
        classifications = classifications.take(computed[classifications.submission])
        counts = count_verdicts(objects, classifications, len(truth_row), len(self.ontology.class_hashes))
        rates = RateColumns(counts)
        tracks = judge_identity(judged, self.truth, self.submitted, computed & self._is_tracked(truth_row))
        both_empty = computed & (counts.total.cells == 0)
        score = np.where(both_empty, 1.0, self._target(rates, tracks))
        for place in np.flatnonzero(computed & np.isnan(score)):
            reasons[place].append(f"{self.settings.target_metric} has an empty denominator")
        score[~computed] = np.nan
        return ScoredLabels(
            score=score,
            passed=score >= self.settings.pass_mark - 1e-9,
            both_empty=both_empty,
            not_computed=tuple(tuple(why) for why in reasons),
            objects=objects,
            classifications=classifications,
            rates=rates,
            tracks=tracks,
            truth=self.truth,
            submitted=self.submitted,
            vocabulary=self.vocabulary,
            truth_row=truth_row,
        )

    def _is_tracked(self, truth_row: IntArray) -> BoolArray:
        types = np.array([one in TRACKED_TYPES for one in self.truth.data_types] or [False])
        tracked: BoolArray = types[truth_row] & (truth_row >= 0)
        return tracked

    def _target(self, rates: RateColumns, tracks: TrackColumns) -> FloatArray:
        name = self.settings.target_metric
        if name == "idf1":
            return tracks.idf1
        if name.startswith("macro_"):
            return rates.macro(name.removeprefix("macro_"))
        if name.startswith("worst_"):
            return rates.worst(name.removeprefix("worst_"))[0]
        return rates.micro(name)


def _crowds(
    truth: LabelColumns, submitted: LabelColumns, truth_row: IntArray, ontology: OntologyIndex
) -> Iterator[tuple[int, str]]:
    """Name the submissions in which more classifications of a class hold on a frame than can be told apart."""
    crowds = [
        (int(place), feature)
        for row, feature in find_crowds(truth, ontology)
        for place in np.flatnonzero(truth_row == row)
    ]
    for submission, feature in {*crowds, *find_crowds(submitted, ontology)}:
        name = ontology.names[ontology.class_hashes[feature]]
        yield submission, f"more than {MOST_AT_ONCE} of {name!r} hold on one frame"


def _reading_reasons(truth: LabelColumns, submitted: LabelColumns, truth_row: IntArray) -> Reasons:
    """Say of each submission why it cannot be compared, as far as reading the labels tells; mostly nothing."""
    reasons: Reasons = [[] for _ in truth_row]
    for place in np.flatnonzero(_is_doubtful(truth, submitted, truth_row)):
        reasons[place] = _row_reasons(truth, int(truth_row[place]), submitted, int(place))
    return reasons


def _is_doubtful(truth: LabelColumns, submitted: LabelColumns, truth_row: IntArray) -> BoolArray:
    """Say which submissions need a closer look: all but the saved and sound ones of the truth's own data type."""
    if not len(truth):
        return np.ones(len(truth_row), bool)
    sound = [side.saved & np.array([not problems for problems in side.problems], bool) for side in (truth, submitted)]
    types = [np.array([*side.data_types, None], object)[:-1] for side in (truth, submitted)]
    doubtful: BoolArray = (truth_row < 0) | ~sound[0][truth_row] | ~sound[1] | (types[0][truth_row] != types[1])
    return doubtful


def _row_reasons(truth: LabelColumns, row: int, submitted: LabelColumns, place: int) -> list[str]:
    if row < 0 or not (truth.saved[row] or truth.problems[row]):
        return [NO_TRUTH]
    reasons = [f"ground truth: {problem}" for problem in sorted(truth.problems[row])]
    reasons += [f"submission: {problem}" for problem in sorted(submitted.problems[place])]
    types = truth.data_types[row], submitted.data_types[place]
    if not reasons and submitted.saved[place] and types[0] != types[1]:
        reasons.append(f"the ground truth is of data type {types[0]!r}, the submission {types[1]!r}")
    return reasons
