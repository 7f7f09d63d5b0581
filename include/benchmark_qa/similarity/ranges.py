from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from include.benchmark_qa.similarity.ragged import IntArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Ranges = Sequence[tuple[float, float]]


def range_iou(a: Sequence[Ranges], b: Sequence[Ranges]) -> FloatArray:
    """
    Return the intersection over union, by length, of every pair of lists of ranges.

    :param a: N lists of (start, end) in any unit, in any order; ranges of one list may overlap: they are united. A
        range holds the real numbers between both ends (give frames a to b, both inclusive, as a, b + 1).
    :param b: M lists, likewise.
    :return: shape (N, M), float64 in [0, 1]. Two empty lists have 1, an empty one has 0 with any other. Ranges without
        length count only where nothing on either side has any: 1 if they are the same, else 0.
    :raises ValueError: when a range ends before it starts, or an end is not finite.

    >>> range_iou([[(0, 10), (5, 15)]], [[(10, 20)], []])
    array([[0.25, 0.  ]])
    """
    pairs = range_iou_pairs([one for one in a for _ in b], [other for _ in a for other in b])
    return pairs.reshape(len(a), len(b))


def range_iou_pairs(a: Sequence[Ranges], b: Sequence[Ranges]) -> FloatArray:
    """Return the intersection over union of each list of ``a`` with its neighbour in ``b``, shape (K,)."""
    first, second = _flatten(a), _flatten(b)
    for _, ranges in (first, second):
        if not (np.isfinite(ranges).all() and (ranges[:, 0] <= ranges[:, 1]).all()):
            raise ValueError("a range must have finite ends, and end where it starts or later")
    return united_iou(len(a), *first, *second)


def united_iou(pairs: int, a_pair: IntArray, a: FloatArray, b_pair: IntArray, b: FloatArray) -> FloatArray:
    """
    Return the intersection over union of the united ranges of both sides of each pair.

    :param pairs: how many pairs there are.
    :param a_pair: shape (n,), the pair that each range of the one side belongs to.
    :param a: shape (n, 3): start, end, and a number for what it is a range of; only ranges of the same overlap.
    :param b_pair: shape (m,), likewise for the other side.
    :param b: shape (m, 3).
    :return: shape (pairs,), see ``range_iou``; NaN for a pair with a range that is reversed or not finite.
    """
    pair, ranges = np.concatenate([a_pair, b_pair]), np.concatenate([a, b])
    is_a = np.arange(len(pair)) < len(a_pair)
    right = np.isfinite(ranges).all(axis=1) & (ranges[:, 0] <= ranges[:, 1])
    wrong = np.zeros(pairs, dtype=np.bool_)
    wrong[pair[~right]] = True
    both, either, same = _sweep(pairs, pair[right], ranges[right], is_a[right])
    iou = np.divide(both, either, out=same, where=either > 0)
    iou[wrong] = np.nan
    return iou


def _sweep(
    pairs: int, pair: IntArray, ranges: FloatArray, is_a: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    Go through the ends of all ranges in the order of their pair, of what they are of, and of their place.

    :return: per pair the length that both sides cover, the length that either covers, and whether each place is an
        end on both sides (1 also for a pair without ranges).
    """
    pair, axis, is_a = np.tile(pair, 2), np.tile(ranges[:, 2], 2), np.tile(is_a, 2)
    place = np.concatenate([ranges[:, 0], ranges[:, 1]])
    opened = np.repeat([1, -1], len(ranges))
    order = np.lexsort((place, axis, pair))
    pair, axis, is_a, place, opened = pair[order], axis[order], is_a[order], place[order], opened[order]
    # What a side opened in one pair it has closed before the next begins, so that the sums need no reset.
    in_a, in_b = np.cumsum(opened * is_a) > 0, np.cumsum(opened * ~is_a) > 0
    step = np.diff(place, append=0.0)
    both = np.bincount(pair, step * (in_a & in_b), pairs).astype(np.float64)
    either = np.bincount(pair, step * (in_a | in_b), pairs).astype(np.float64)
    return both, either, _same_places(pairs, pair, axis, place, is_a)


def _same_places(pairs: int, pair: IntArray, axis: FloatArray, place: FloatArray, is_a: BoolArray) -> FloatArray:
    same = np.ones(pairs)
    if len(pair):
        is_new = np.ones(len(pair), dtype=np.bool_)
        is_new[1:] = (np.diff(pair) != 0) | (np.diff(axis) != 0) | (np.diff(place) != 0)
        first = np.flatnonzero(is_new)
        shared = np.logical_or.reduceat(is_a, first) & np.logical_or.reduceat(~is_a, first)
        same[pair[first[~shared]]] = 0.0
    return same


def index_jaccard(a: Collection[int], b: Collection[int]) -> float:
    """
    Return the share of indices that both have among those that either has, as for the points of a segmentation.

    >>> index_jaccard([1, 2, 3], [3, 4])
    0.25
    """
    first, second = set(a), set(b)
    union = first | second
    return len(first & second) / len(union) if union else 1.0


def _flatten(lists: Sequence[Ranges]) -> tuple[IntArray, FloatArray]:
    ranges = np.array([(*one, 0.0) for ranges in lists for one in ranges], dtype=np.float64).reshape(-1, 3)
    return np.repeat(np.arange(len(lists)), [len(ranges) for ranges in lists]), ranges
