from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.benchmark_qa.labels.columns import IntArray
from include.benchmark_qa.scoring.columns import VerdictColumns
from include.benchmark_qa.statistics.grouping import distinct

UNMATCHED = -1


@dataclass(frozen=True, slots=True)
class ConfusionCounts:
    """
    The filled cells of the confusion matrices of many groups, sorted by group, submitted class and true class.

    Classes are codes of the ontology; ``UNMATCHED`` as the true class is a label that nothing in the ground truth
    answers to (extra), as the submitted class one that was not drawn (missing). ``count`` is in units of the score:
    objects per frame, or frames of a classification.
    """

    group: IntArray
    submitted_class: IntArray
    truth_class: IntArray
    count: IntArray

    def __len__(self) -> int:
        return len(self.group)


def confusion_counts(verdicts: VerdictColumns, group_of_submission: IntArray) -> ConfusionCounts:
    """
    Count which class was submitted for which.

    :param verdicts: of objects or of classifications, in any order.
    :param group_of_submission: (P,) the group of each submission, such as its annotator; negative: left out.
    """
    group = group_of_submission[verdicts.submission]
    kept = group >= 0
    (groups, submitted, truth), place = distinct(
        group[kept], verdicts.submitted_class[kept], verdicts.truth_class[kept]
    )
    count = np.bincount(place, verdicts.frames[kept], len(groups)).astype(np.int64)
    return ConfusionCounts(groups, submitted, truth, count)


def confusion_matrix(counts: ConfusionCounts, group: int, classes: IntArray) -> IntArray:
    """
    Return the confusion matrix of one group, shape (C + 1, C + 1).

    Row i is what was submitted as ``classes[i]``, column j what is ``classes[j]`` in the ground truth; the last row
    and the last column are the unmatched.

    :param counts: from ``confusion_counts``.
    :param group: one without any labels has a matrix of zeros.
    :param classes: (C,) the classes to show, without repeats, in the order of the rows; cells of others are left out.
    """
    shown = np.append(classes, UNMATCHED)
    order = np.argsort(shown)
    mine = counts.group == group
    submitted, truth = counts.submitted_class[mine], counts.truth_class[mine]
    is_shown = np.isin(submitted, shown) & np.isin(truth, shown)
    row, column = (order[np.searchsorted(shown, one[is_shown], sorter=order)] for one in (submitted, truth))
    matrix = np.zeros((len(shown), len(shown)), dtype=np.int64)
    matrix[row, column] = counts.count[mine][is_shown]
    return matrix
