from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shapely.errors import ShapelyError

from include.benchmark_qa.labels.model import LabelRow, Size
from include.benchmark_qa.labels.ontology import OntologyIndex, index_ontology
from include.benchmark_qa.labels.reading import frame_sizes, is_unsaved, read_label_row
from include.benchmark_qa.scoring.classifications import judge_classifications
from include.benchmark_qa.scoring.objects import judge_objects
from include.benchmark_qa.scoring.rates import Rates, compute_rates
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.verdicts import LabelMatch

Blob = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SubmissionScore:
    """
    The score of one submission, with its evidence.

    ``score`` in [0, 1] and ``passed`` are None exactly when ``not_computed`` gives reasons. ``both_empty``: nothing to
    find and nothing submitted, which is right (score 1). ``rates`` is None when nothing was compared.
    """

    score: float | None
    passed: bool | None
    both_empty: bool = False
    not_computed: tuple[str, ...] = ()
    rates: Rates | None = None
    objects: tuple[LabelMatch, ...] = ()
    classifications: tuple[LabelMatch, ...] = ()


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
    settings = settings or ScoringSettings()
    index = index_ontology(ontology)
    if ground_truth is None or is_unsaved(ground_truth):
        return _not_computed("ground truth: there is none for this data unit")
    if submission is not None and is_unsaved(submission):
        submission = None
    sizes = _common_sizes(ground_truth, submission)
    truth = _read(ground_truth, index, sizes)
    submitted = LabelRow(truth.data_type) if submission is None else _read(submission, index, sizes)
    if problems := _problems(truth, submitted):
        return _not_computed(*problems)
    try:
        return _score(truth, submitted, index, settings)
    except ShapelyError as error:
        return _not_computed(f"a polygon cannot be compared ({error})")


# What reading a blob of the wrong structure can raise. Scoring must go on with the next submission.
_CORRUPT = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)


def _common_sizes(ground_truth: Blob, submission: Blob | None) -> dict[int, Size]:
    """Return the sizes to scale both rows with: it is the same image, also where one row does not know its size."""
    sizes: dict[int, Size] = {}
    for blob in (submission, ground_truth):
        with suppress(*_CORRUPT):  # reading the row will say what is wrong with it
            sizes.update(frame_sizes(blob) if blob else {})
    return sizes


def _read(blob: Blob, index: OntologyIndex, sizes: Mapping[int, Size]) -> LabelRow:
    try:
        return read_label_row(blob, index, sizes)
    except _CORRUPT as error:
        found = f"missing {error}" if isinstance(error, KeyError) else str(error)
        return LabelRow("", problems=(f"the labels are corrupt ({found})",))


def _problems(truth: LabelRow, submitted: LabelRow) -> list[str]:
    problems = [f"ground truth: {problem}" for problem in sorted(truth.problems)]
    problems += [f"submission: {problem}" for problem in sorted(submitted.problems)]
    if not problems and truth.data_type != submitted.data_type:
        problems.append(f"the ground truth is of data type {truth.data_type!r}, the submission {submitted.data_type!r}")
    return problems


def _score(truth: LabelRow, submitted: LabelRow, index: OntologyIndex, settings: ScoringSettings) -> SubmissionScore:
    objects = judge_objects(truth, submitted, index, settings)
    classifications = judge_classifications(truth, submitted, index, settings)
    rates = compute_rates(objects, classifications)
    both_empty = not objects and not classifications
    score = 1.0 if both_empty else rates.micro[settings.target_metric]
    if score is None:
        reason = f"{settings.target_metric} has an empty denominator"
        return SubmissionScore(None, None, False, (reason,), rates, objects, classifications)
    passed = score >= settings.pass_mark - 1e-9
    return SubmissionScore(score, passed, both_empty, (), rates, objects, classifications)


def _not_computed(*reasons: str) -> SubmissionScore:
    return SubmissionScore(None, None, not_computed=reasons)
