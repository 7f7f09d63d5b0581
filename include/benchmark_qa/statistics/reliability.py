"""How far annotators agree with each other, corrected for the agreement that chance would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.benchmark_qa.labels.columns import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """
    One entry per two annotators with any unit in common, sorted by both; ``first`` < ``second``.

    ``units`` is how many units both coded, ``agreed`` on how many of them they gave the same value; ``kappa`` is
    Cohen's, NaN where it is not defined.
    """

    first: IntArray
    second: IntArray
    units: IntArray
    agreed: IntArray
    kappa: FloatArray

    def __len__(self) -> int:
        return len(self.first)


def krippendorff_alpha(unit: IntArray, value: IntArray) -> float | None:
    """
    Return Krippendorff's alpha for nominal values, of any number of annotators and with values missing anywhere.

    alpha = 1 - D_o / D_e. With n_uc annotators who gave unit u the value c, m_u of them in all, n the sum of m_u and
    n_c that of n_uc, over units with m_u >= 2 only:
    D_o = sum_u (m_u² - sum_c n_uc²) / (m_u - 1) / n and D_e = (n² - sum_c n_c²) / (n (n - 1))
    (K. Krippendorff, Computing Krippendorff's alpha-reliability, 2011).

    :param unit: (K,) the unit of each coding, any integers.
    :param value: (K,) what an annotator gave the unit, any integers. Who gave it does not matter; each annotator codes
        a unit once, and codings that are missing are left out.
    :return: at most 1, which is perfect agreement; 0 is chance. None where no unit has two codings, or all values of
        such units are equal: then there is nothing that annotators could have disagreed about.
    """
    _, unit = np.unique(unit, return_inverse=True)
    coders = np.bincount(unit)
    pairable = coders[unit] >= 2
    values, value = np.unique(value[pairable], return_inverse=True)
    total, per_value = len(value), np.bincount(value).astype(np.int64)
    could_differ = total**2 - int((per_value**2).sum())
    if not could_differ:
        return None
    cells, alike = np.unique(unit[pairable] * len(values) + value, return_counts=True)
    differing = np.where(coders >= 2, coders**2, 0) - np.bincount(cells // len(values), alike**2, len(coders))
    observed = float((differing / np.maximum(1, coders - 1)).sum())
    return 1.0 - (total - 1) * observed / could_differ


def cohen_kappa(matrix: IntArray) -> float | None:
    """
    Return Cohen's kappa of two annotators: (p_o - p_e) / (1 - p_e), unweighted.

    p_o is the share of units on the diagonal, p_e what the margins give by chance (J. Cohen, A coefficient of agreement
    for nominal scales, 1960).

    :param matrix: (C, C) counts of units: rows by the value of the one, columns by the value of the other.
    :return: at most 1, which is perfect agreement; 0 is chance. None where it is not defined: no units, or both gave
        all units one and the same value.

    >>> import numpy
    >>> round(cohen_kappa(numpy.array([[0, 4, 1], [0, 8, 0], [0, 1, 5]])), 4)
    0.4842
    """
    units = int(matrix.sum())
    by_chance = int((matrix.sum(axis=1) * matrix.sum(axis=0)).sum())  # times units²; whole numbers keep 1 exact
    if units**2 == by_chance:
        return None
    return (units * int(np.trace(matrix)) - by_chance) / (units**2 - by_chance)


def pairwise_agreement(annotator: IntArray, unit: IntArray, value: IntArray) -> PairAgreement:
    """
    Return agreement and kappa of every two annotators, over the units that both coded.

    Memory grows with the codings, and with the annotators times the values; time with the codings times the
    annotators.

    :param annotator: (K,) who coded, any integers; each annotator codes a unit once.
    :param unit: (K,) what was coded, any integers.
    :param value: (K,) the value given, any integers.
    """
    annotators, annotator = np.unique(annotator, return_inverse=True)
    units, unit = np.unique(unit, return_inverse=True)
    values, value = np.unique(value, return_inverse=True)
    order = np.lexsort((value, unit, annotator))
    annotator, unit, value = annotator[order], unit[order], value[order]
    starts = np.searchsorted(annotator, np.arange(len(annotators) + 1))
    given = np.full(len(units), -1, dtype=np.int64)
    found = []
    for first in range(len(annotators)):
        own, later = slice(starts[first], starts[first + 1]), slice(starts[first + 1], None)
        given[unit[own]] = value[own]
        shared = given[unit[later]] >= 0
        mine, theirs = given[unit[later]][shared], value[later][shared]
        found.append(_agreement_with_each(first, annotator[later][shared], mine, theirs, len(values)))
        given[unit[own]] = -1
    if not found:
        nothing = np.empty(0, dtype=np.int64)
        return PairAgreement(nothing, nothing, nothing, nothing, np.empty(0))
    first_of, second_of, shared_units, agreed, kappa = (np.concatenate(column) for column in zip(*found, strict=True))
    return PairAgreement(annotators[first_of], annotators[second_of], shared_units, agreed, kappa)


def _agreement_with_each(
    first: int, other: IntArray, mine: IntArray, theirs: IntArray, values: int
) -> tuple[IntArray, IntArray, IntArray, IntArray, FloatArray]:
    """Return the columns of `PairAgreement` for one annotator, from codings (S,) of units that others share."""
    size = int(other.max(initial=-1)) + 1
    units = np.bincount(other, minlength=size)
    agreed = np.bincount(other[mine == theirs], minlength=size)
    cells = (size, values)
    mine_per_value = np.bincount(other * values + mine, minlength=size * values).reshape(cells)
    theirs_per_value = np.bincount(other * values + theirs, minlength=size * values).reshape(cells)
    by_chance = (mine_per_value * theirs_per_value).sum(axis=1)
    with_units = np.flatnonzero(units)
    units, agreed, by_chance = units[with_units], agreed[with_units], by_chance[with_units]
    could_differ = units**2 - by_chance
    kappa = np.full(len(units), np.nan)
    np.divide(units * agreed - by_chance, could_differ, out=kappa, where=could_differ > 0)
    return np.full(len(units), first, dtype=np.int64), with_units, units, agreed, kappa
