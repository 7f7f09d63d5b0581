from __future__ import annotations

import math
import warnings
from itertools import combinations

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from include.benchmark_qa.statistics.reliability import cohen_kappa, krippendorff_alpha, pairwise_agreement

CODING_TABLES = st.integers(1, 12).flatmap(
    lambda units: st.lists(
        st.lists(st.sampled_from([None, -1, 0, 1, 7]), min_size=units, max_size=units), min_size=1, max_size=6
    )
)
MATRICES = st.integers(1, 5).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, 20), min_size=size, max_size=size), min_size=size, max_size=size)
)


def codings(table):
    """Return annotator, unit and value of the filled cells of a table with one row per annotator."""
    filled = [
        (annotator, unit, value)
        for annotator, row in enumerate(table)
        for unit, value in enumerate(row)
        if value is not None
    ]
    return np.array(filled, dtype=np.int64).reshape(-1, 3).T


def alpha(table):
    return krippendorff_alpha(*codings(table)[1:])


def from_letters(*rows: str):
    return [[None if letter == "." else ord(letter) for letter in row] for row in rows]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Krippendorff, Computing Krippendorff's alpha-reliability (2011), examples A, B and C.
        (("0100000010", "1110010000"), 0.095),
        (("aabbdcccedda", "babbbccceddd"), 0.692),
        (("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
        # Krippendorff's alpha on Wikipedia: three coders, fifteen units.
        ((".....34121133.3", "1.213343.......", "..21344.21133.4"), 0.691),
    ],
)
def test_published_alphas(rows, expected):
    assert alpha(from_letters(*rows)) == pytest.approx(expected, abs=5e-4)


@settings(deadline=None)
@given(CODING_TABLES)
def test_alpha_as_in_the_krippendorff_package(table):
    found = alpha(table)
    pairable = [
        [row[unit] for row in table if row[unit] is not None]
        for unit in range(len(table[0]))
        if sum(row[unit] is not None for row in table) >= 2
    ]
    if len({value for values in pairable for value in values}) < 2:
        assert found is None
        return
    data = np.array([[math.nan if value is None else value for value in row] for row in table])
    assert found == pytest.approx(krippendorff.alpha(data, level_of_measurement="nominal"), abs=1e-12)
    if all(len(set(values)) == 1 for values in pairable):
        assert found == 1.0


@settings(deadline=None)
@given(CODING_TABLES, st.randoms(use_true_random=False))
def test_the_order_of_codings_does_not_matter(table, random):
    columns = codings(table)
    order = random.sample(range(columns.shape[1]), columns.shape[1])
    assert krippendorff_alpha(*columns[1:, order]) == krippendorff_alpha(*columns[1:])
    first, second = pairwise_agreement(*columns), pairwise_agreement(*columns[:, order])
    for name in ("first", "second", "units", "agreed", "kappa"):
        assert np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)


def test_perfect_agreement_is_exactly_one_and_nothing_to_disagree_about_is_none():
    assert alpha([[1, 2, 3, 3, 1, 2, 2]] * 3) == 1.0
    assert alpha([[4, 4, 4]] * 3) is None
    assert alpha([[1, 2, None], [None, None, 3]]) is None
    assert krippendorff_alpha(*np.empty((2, 0), dtype=np.int64)) is None


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[0, 4, 1], [0, 8, 0], [0, 1, 5]], 0.4842),
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492),  # Cohen (1960), 200 cases
        ([[53, 5, 2], [11, 14, 5], [1, 6, 3]], 0.429),  # Fleiss, Cohen and Everitt (1969)
        ([[20, 5], [10, 15]], 0.4),  # Cohen's kappa on Wikipedia, this and the next two
        ([[45, 15], [25, 15]], 0.1304),
        ([[25, 35], [5, 35]], 0.2593),
    ],
)
def test_published_kappas(matrix, expected):
    digits = len(str(expected)) - 2
    assert round(cohen_kappa(np.array(matrix)), digits) == expected


@settings(deadline=None)
@given(MATRICES)
def test_kappa_as_in_statsmodels_and_scikit_learn(rows):
    matrix = np.array(rows, dtype=np.int64)
    found = cohen_kappa(matrix)
    first, second = np.nonzero(matrix + 1)
    labels = np.repeat(first, matrix.ravel()), np.repeat(second, matrix.ravel())
    if found is None:
        assert len(set(labels[0]) | set(labels[1])) <= 1
        return
    assert found == pytest.approx(cohens_kappa(matrix, return_results=False), abs=1e-12)
    assert found == pytest.approx(cohen_kappa_score(*labels), abs=1e-12)
    if np.trace(matrix) == matrix.sum():
        assert found == 1.0


@settings(deadline=None)
@given(CODING_TABLES)
def test_every_two_annotators_as_in_scikit_learn(table):
    pairs = pairwise_agreement(*codings(table))
    expected = {}
    for first, second in combinations(range(len(table)), 2):
        shared = [both for both in zip(table[first], table[second], strict=True) if None not in both]
        if shared:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # one value only: not a number, as here
                kappa = cohen_kappa_score(*zip(*shared, strict=True))
            expected[first, second] = (len(shared), sum(one == other for one, other in shared), kappa)
    found = {
        (int(first), int(second)): (units, agreed, kappa)
        for first, second, units, agreed, kappa in zip(
            pairs.first, pairs.second, pairs.units, pairs.agreed, pairs.kappa, strict=True
        )
    }
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, abs=1e-12, nan_ok=True)
