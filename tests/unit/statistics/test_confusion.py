from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix

from include.benchmark_qa.scoring.verdicts import Verdict
from include.benchmark_qa.statistics.confusion import UNMATCHED, confusion_counts, confusion_matrix
from tests.unit.statistics.statistics_support import verdict_table

CAR, BUS = 11, 4


def row(submission, submitted, truth, frames=1):
    """Return a verdict; the classes alone tell which one it is."""
    verdict = Verdict.MATCHED if submitted == truth else Verdict.MISLABELLED
    verdict = {truth: Verdict.EXTRA, submitted: Verdict.MISSING}.get(UNMATCHED, verdict)
    return (submission, verdict, truth, min(truth, 0), submitted, min(submitted, 0), 0, frames)


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([-1, 0, 2, 5]), st.sampled_from([-1, 0, 2, 5]), st.integers(1, 9)).map(
        lambda one: row(*one)
    ),
    max_size=30,
)


def test_the_worked_matrix_of_cvat():
    # Rows: submitted car, bus, unmatched; columns: truth.
    cells = [(CAR, CAR)] * 2 + [(CAR, BUS), (CAR, UNMATCHED), (BUS, BUS), (UNMATCHED, CAR)]
    counts = confusion_counts(verdict_table([row(0, *cell) for cell in cells]), np.array([0]))
    assert confusion_matrix(counts, 0, np.array([CAR, BUS])).tolist() == [[2, 1, 1], [0, 1, 0], [1, 0, 0]]


@given(ROWS)
def test_the_cells_as_counted_by_hand_and_by_scikit_learn(rows):
    group = np.array([7, 3, 7, -1])  # the last submission is nobody's
    counts = confusion_counts(verdict_table(rows), group)
    expected = Counter()
    for submission, _, truth, _, submitted, _, _, frames in rows:
        if group[submission] >= 0:
            expected[int(group[submission]), submitted, truth] += frames
    found = zip(counts.group, counts.submitted_class, counts.truth_class, counts.count, strict=True)
    assert [tuple(map(int, one)) for one in found] == [(*key, expected[key]) for key in sorted(expected)]
    mine = [(one[4], one[2], one[7]) for one in rows if group[one[0]] == 7]
    if mine:
        submitted, truth, frames = zip(*mine, strict=True)
        labels = [5, 0, 2, UNMATCHED]
        by_sklearn = sklearn_confusion_matrix(submitted, truth, labels=labels, sample_weight=frames)
        assert np.array_equal(confusion_matrix(counts, 7, np.array(labels[:-1])), by_sklearn)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_verdicts_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    group = np.arange(4)
    first, second = confusion_counts(verdict_table(rows), group), confusion_counts(verdict_table(shuffled), group)
    for name in ("group", "submitted_class", "truth_class", "count"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_a_group_without_labels_and_classes_that_are_not_shown():
    counts = confusion_counts(verdict_table([row(0, CAR, BUS), row(0, CAR, CAR)]), np.array([0]))
    assert not confusion_matrix(counts, 1, np.array([CAR, BUS])).any()
    assert confusion_matrix(counts, 0, np.array([CAR])).tolist() == [[1, 0], [0, 0]]
