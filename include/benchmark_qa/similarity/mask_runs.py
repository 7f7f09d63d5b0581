"""
Bitmasks as runs of pixels: COCO's run-length strings are decoded, and compared, many at a time and never as pixels.

The string code is that of pycocotools (``rleFrString`` in maskApi.c): numbers in digits of 5 bits, least digit first,
each digit plus 48 as a character, 32 added where another digit follows, the last digit's bit 16 is the sign. From the
fourth number on, each is the difference to the number two before it. The numbers are the lengths of runs of pixels,
outside and inside in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.benchmark_qa.similarity.ragged import IntArray, offsets_of, portions, positions_between

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MAX_PIXELS = 1 << 34  # more than any image has; the sums below stay exact in float64
MOST_DIGITS = 7  # 35 bits, which hold every run of MAX_PIXELS
RUNS_AT_ONCE = 1 << 20
_LAST_DIGIT = np.array([(digit & 31) - 2 * (digit & 16) for digit in range(64)], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class MaskRuns:
    """
    The runs of many masks, end to end on one line of pixels.

    Mask ``i`` has the runs ``offsets[i]:offsets[i + 1]``; a run goes from ``edges[2 * run]`` up to the next edge, and
    ``inside`` counts the pixels inside any mask before each edge. ``begins`` (n + 1,) is where each mask begins on
    the line, ``area`` how many pixels it has inside, ``first`` and ``last`` where these begin and end, counted from the
    mask's own begin (infinity and minus infinity for an empty mask). ``valid`` is False for masks that could not be
    decoded: they are empty here.
    """

    edges: FloatArray
    inside: FloatArray
    offsets: IntArray
    begins: FloatArray
    area: FloatArray
    first: FloatArray
    last: FloatArray
    valid: BoolArray


def decode_runs(counts: Sequence[bytes], pixels: IntArray) -> MaskRuns:
    """
    Decode run-length strings.

    :param counts: of n masks. Runs that end before the mask does are followed by pixels outside.
    :param pixels: shape (n,), how many pixels each mask has; -1 for a mask that is known to be wrong.
    :return: a mask is not valid where its string is malformed, or holds more than ``pixels`` or MAX_PIXELS pixels.
    """
    numbers, offsets, valid = _numbers(counts)
    return runs_of_numbers(numbers, offsets, valid & (pixels >= 0) & (pixels <= MAX_PIXELS), pixels)


def _numbers(counts: Sequence[bytes]) -> tuple[IntArray, IntArray, BoolArray]:
    """Return the numbers that the strings hold, end to end, the offsets of each string's, and which are well formed."""
    digits = np.frombuffer(b"".join(counts), dtype=np.uint8) - np.uint8(48)
    text = offsets_of(np.fromiter(map(len, counts), dtype=np.int64, count=len(counts)))
    valid = np.ones(len(counts), dtype=np.bool_)
    valid[np.searchsorted(text, np.flatnonzero(digits > 63), side="right") - 1] = False
    continued = (digits & 32) != 0
    last = text[1:][text[1:] > text[:-1]] - 1
    cut_off = last[continued[last]]
    valid[np.searchsorted(text, cut_off, side="right") - 1] = False
    continued[cut_off] = False
    numbers = _LAST_DIGIT.take(digits[~continued] & 63)
    places = np.flatnonzero(continued)
    too_long = _add_low_digits(numbers, places, digits[places] & 31)
    valid[np.searchsorted(text, too_long, side="right") - 1] = False
    return numbers, text - np.searchsorted(places, text), valid


def _add_low_digits(numbers: IntArray, places: IntArray, digits: NDArray[np.integer]) -> IntArray:
    """
    Put the digits that others follow below the last digit of their numbers.

    :param numbers: by now the last digit of each.
    :param places: where in the text the lower digits stand.
    :return: the places that make a number too long.
    """
    number = places - np.arange(len(places))  # what is neither a lower digit nor before this one ends another number
    digit = places - places[np.searchsorted(number, number)]
    shift = 5 * np.minimum(digit, MOST_DIGITS - 2)
    np.left_shift.at(numbers, number, 5)
    np.add.at(numbers, number, digits << shift)
    return places[digit > MOST_DIGITS - 2]


def runs_of_numbers(numbers: IntArray, offsets: IntArray, valid: BoolArray, pixels: IntArray) -> MaskRuns:
    """Return the runs that numbers in COCO's code (differences from the fourth on) stand for."""
    counted = np.diff(offsets)
    is_odd = counted % 2
    rows = offsets_of((counted + is_odd) // 2)
    heads = 2 * rows[:-1][counted > 0]
    added = 2 * rows[1:][is_odd > 0] - 1
    is_number = np.ones(2 * rows[-1], dtype=np.bool_)
    is_number[added] = False
    lengths = np.zeros(len(is_number), dtype=np.int64)  # outside, inside, outside, inside, ... of every mask
    lengths[is_number] = numbers
    first = lengths[heads]
    lengths[heads] = 0
    for side in (lengths[::2], lengths[1::2]):
        # Each mask begins by taking back what the sums have grown to over the mask before it.
        side[heads[1:] // 2] -= np.add.reduceat(side, heads // 2)[:-1] if len(heads) else 0
        np.cumsum(side, out=side)
    lengths[heads] = first
    lengths[added] = 0
    return _on_one_line(lengths, rows, is_odd, _fitting(lengths, rows, valid, pixels))


def _fitting(lengths: IntArray, rows: IntArray, valid: BoolArray, pixels: IntArray) -> BoolArray:
    """Return which masks hold no more than their pixels, and blank the others."""
    valid = valid.copy()
    bounded = lengths.view(np.uint64)  # a negative length is huge without its sign
    if len(lengths) and bounded.max() > MAX_PIXELS:
        absurd = np.flatnonzero(bounded > MAX_PIXELS)
        lengths[absurd] = 0
        valid[np.searchsorted(2 * rows, absurd, side="right") - 1] = False
    filled = np.flatnonzero(np.diff(rows))
    if len(filled):
        valid[filled] &= np.add.reduceat(lengths, 2 * rows[filled]) <= pixels[filled]
    if not valid.all():
        lengths[np.repeat(~valid, 2 * np.diff(rows))] = 0
    return valid


def _on_one_line(lengths: IntArray, rows: IntArray, is_odd: IntArray, valid: BoolArray) -> MaskRuns:
    edges = offsets_of(lengths).astype(np.float64)
    counted = offsets_of(lengths[1::2])
    inside = np.repeat(counted.astype(np.float64), 2)[1:-1]
    begins = edges[2 * rows]
    area = np.diff(counted[rows]).astype(np.float64)
    first, last = np.full(len(area), np.inf), np.full(len(area), -np.inf)
    filled = np.flatnonzero(area)
    first[filled] = edges[2 * rows[filled] + 1] - begins[filled]
    last[filled] = edges[2 * (rows[1:] - is_odd)[filled]] - begins[filled]
    return MaskRuns(edges[1:], inside, rows, begins, area, first, last, valid)


def intersections(runs: MaskRuns, a: IntArray, b: IntArray) -> FloatArray:
    """
    Return how many pixels the masks ``a[k]`` and ``b[k]`` have in common, shape (K,), 0 where one is not valid.

    Both must be masks of the same size. Time and memory follow the runs of the mask that has fewer of them.
    """
    common = np.zeros(len(a))
    start, end = np.maximum(runs.first[a], runs.first[b]), np.minimum(runs.last[a], runs.last[b])
    kept = np.flatnonzero(start < end)
    a, b, start, end = a[kept], b[kept], start[kept], end[kept]
    counted = np.diff(runs.offsets)
    swap = counted[b] > counted[a]
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    # Only the runs of b that reach into the stretch of pixels where both have any.
    first_run = np.searchsorted(runs.edges[1::2], runs.begins[b] + start, side="right")
    beyond = np.searchsorted(runs.edges[::2], runs.begins[b] + end)
    for part in portions(beyond - first_run, RUNS_AT_ONCE):
        common[kept[part]] = _common_pixels(runs, a[part], b[part], first_run[part], beyond[part])
    return common


def _common_pixels(runs: MaskRuns, a: IntArray, b: IntArray, first_run: IntArray, beyond: IntArray) -> FloatArray:
    """Count, for each run of ``b``, the pixels inside ``a`` before its end less those before its start."""
    positions, begins = positions_between(2 * first_run, 2 * beyond)
    # Moved to where a lies; what reaches beyond a's end must not count the masks that follow it.
    wanted = runs.edges[positions]
    wanted += np.repeat(runs.begins[a] - runs.begins[b], np.diff(begins))
    ends = begins[1:] - 1
    wanted[ends] = np.minimum(wanted[ends], runs.begins[a + 1])
    inside = np.interp(wanted, runs.edges, runs.inside)
    found = np.zeros(len(a))
    some = np.flatnonzero(np.diff(begins))
    found[some] = np.add.reduceat(inside[1::2] - inside[::2], begins[some] // 2)
    return found
