"""The verdicts in words, for people who never read a log."""

from __future__ import annotations

import math
from collections.abc import Sequence

from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.scoring.answer_differences import AnswerDifference
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.verdicts import LabelMatch, Verdict

# Of these, nearness is measured and not a shared area.
_WITHOUT_AREA = frozenset({"point", "polyline", "skeleton"})


def explain(
    match: LabelMatch,
    ontology: OntologyIndex,
    settings: ScoringSettings,
    differences: Sequence[AnswerDifference] = (),
    *,
    with_frames: bool = True,
) -> str:
    """
    Say in a sentence or two what became of a label and what it counts.

    :param differences: the answers of the pair that differ, from ``answer_differences``.
    :param with_frames: whether to say on which frames; an image has one only, and audio none.
    """
    label = _Words(match, ontology, settings, with_frames)
    if match.verdict is Verdict.MISLABELLED:
        return label.mislabelled()
    if match.verdict in {Verdict.MISSING, Verdict.EXTRA}:
        return label.without_partner()
    return " ".join(part for part in (label.found(), _answers(differences), label.counts()) if part)


class _Words:
    """One label's verdict in words."""

    def __init__(
        self, match: LabelMatch, ontology: OntologyIndex, settings: ScoringSettings, with_frames: bool
    ) -> None:
        self._match = match
        self._settings = settings
        feature = match.ground_truth_feature or match.submitted_feature or ""
        shape = ontology.shapes.get(feature)
        self._classification = shape == "classification"
        self._verb = "matches" if shape in _WITHOUT_AREA else "overlaps"
        self._names = [ontology.names.get(one or "", "A label") for one in (feature, match.submitted_feature)]
        self._where = f" on {_frames(match)}" if with_frames else ""

    def found(self) -> str:
        """Say how well the label lies and was answered."""
        similarity, agreement = self._match.similarity, self._match.attribute_agreement
        faults = []
        if not self._classification and similarity is not None:
            loose = similarity < self._settings.low_overlap_threshold - 1e-9
            wanted = f"only {_percent(similarity)} ({_percent(self._settings.low_overlap_threshold)} wanted)"
            if loose:
                faults.append(f"{self._verb} the true one by {wanted}")
        if self._match.verdict is Verdict.ATTRIBUTE_MISMATCH and agreement is not None:
            # In a file without frames it may be right, and hold for a part only: then no answer is wrong.
            agrees = "agrees" if self._classification else "its answers agree"
            faults.append(f"{agrees} with the truth by only {_percent(agreement)}")
        subject = self._names[0] + self._where
        if faults:
            return f"{subject} {'is there' if self._classification else 'is drawn'}, but {' and '.join(faults)}."
        if self._classification or similarity is None:
            return f"{subject} is right."
        return f"{subject} is right: it {self._verb} the true one by {_percent(similarity)}."

    def counts(self) -> str:
        """Say what is left of the label's point; nothing where another rate than ``score`` decides."""
        share = self._match.credit / max(self._match.frames, 1)
        if share >= 1 or self._settings.target_metric != "score":
            return ""
        each = "Each frame" if self._match.frames > 1 else "It"
        return f"{each} counts {_floor(share, 2)} instead of 1."

    def mislabelled(self) -> str:
        """Say which class it should have been."""
        truth, given = self._names
        by = f" by {_percent(self._match.similarity)}" if self._match.similarity is not None else ""
        return (
            f"{given}{self._where} should be {truth}: it {self._verb} a true {truth}{by}. "
            f"It counts as two mistakes: {truth} is missing, and {given} is one too many."
        )

    def without_partner(self) -> str:
        """Say what nobody drew, or what nobody should have drawn."""
        name, gate = self._names[0], _percent(self._settings.iou_threshold)
        missing = self._match.verdict is Verdict.MISSING
        if self._classification:
            return f"{name} is missing{self._where}." if missing else f"{name} should not be there{self._where}."
        if missing:
            return f"{name}{self._where} is missing: no {name} was drawn that {self._verb} it by {gate} or more."
        return f"{name}{self._where} is one too many: it {self._verb} no true {name} by {gate} or more."


def _answers(differences: Sequence[AnswerDifference]) -> str:
    if not differences:
        return ""
    return "; ".join(_answer(one) for one in differences) + "."


def _answer(one: AnswerDifference) -> str:
    if one.given is None:
        return f"{one.question} was not answered (right: {one.truth!r})"
    if one.truth is None:
        return f"{one.question} was answered {one.given!r} (right: no answer)"
    return f"{one.question} was answered {one.given!r} (right: {one.truth!r})"


def _frames(match: LabelMatch) -> str:
    if match.first_frame == match.last_frame:
        return f"frame {match.first_frame}"
    return f"frames {match.first_frame} to {match.last_frame}"


def _percent(share: float) -> str:
    return f"{_floor(100 * share, 1)} %"


def _floor(value: float, digits: int) -> str:
    """Round down, so that what is just below a threshold does not look as if it had reached it."""
    scale = 10**digits
    return f"{math.floor(value * scale + 1e-6) / scale:g}"
