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
RUNS_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class MaskRuns:
    """
    The runs of many masks, end to end on one line of pixels.

    Mask ``i`` has the runs ``offsets[i]:offsets[i + 1]``; run ``j`` goes from ``edges[j, 0]`` up to ``edges[j, 1]``,
    and ``inside`` counts the pixels inside any mask before each of the two. ``begins`` (n + 1,) is where each mask
    begins on the line, ``area`` how many pixels it has inside, ``first`` and ``last`` where these begin and end,
    counted from the mask's own begin (infinity and minus infinity for an empty mask). ``valid`` is False for masks that
    could not be decoded: they are empty here.
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
    numbers, counted, valid = _numbers(counts)
    valid &= (pixels >= 0) & (pixels <= MAX_PIXELS)
    is_odd = counted % 2
    rows = offsets_of((counted + is_odd) // 2)
    outside, inside = _undo_differences(numbers, rows)
    # Pixels outside behind the last run inside are a row of their own, with nothing inside.
    ends = rows[1:] - is_odd
    inside[ends[is_odd > 0]] = 0
    _refuse_misfits(outside, inside, rows, valid, pixels)
    return _on_one_line(outside, inside, rows, ends, valid)


def _numbers(counts: Sequence[bytes]) -> tuple[IntArray, IntArray, BoolArray]:
    """
    Return the numbers that the strings hold, how many each has, and which strings are well formed.

    Numbers lie end to end; a string with an odd count is followed by a 0 that is not counted.
    """
    digits = np.frombuffer(b"0".join([*counts, b""]), dtype=np.uint8) - np.uint8(48)
    text = offsets_of(np.fromiter(map(len, counts), dtype=np.int64, count=len(counts)) + 1)
    behind = text[1:] - 1  # the 0 that was put there
    continued = (digits & 32) != 0
    cut_off = behind[(behind > text[:-1]) & continued[behind - 1]] - 1
    continued[cut_off] = False
    places = np.flatnonzero(continued)
    counted = np.diff(text - np.searchsorted(places, text)) - 1
    dropped = behind[counted % 2 == 0]
    is_last = ~continued
    is_last[dropped] = False
    numbers = (((digits[is_last] & 31) ^ 16).view(np.int8) - 16).astype(np.int64)  # bit 16 is the sign
    too_long = _add_low_digits(numbers, places, np.searchsorted(dropped, places), digits[places] & 31)
    valid = np.ones(len(counts), dtype=np.bool_)
    unknown = np.flatnonzero(digits > 63)
    for wrong in (unknown, cut_off, too_long):
        if len(wrong):
            valid[np.searchsorted(text, wrong, side="right") - 1] = False
    return numbers, counted, valid


def _add_low_digits(numbers: IntArray, places: IntArray, dropped: IntArray, digits: NDArray[np.integer]) -> IntArray:
    """
    Put the digits that others follow below the last digit of their numbers.

    :param numbers: by now the last digit of each.
    :param places: where in the text the lower digits stand.
    :param dropped: how many characters before each of them stand for no number.
    :return: the places that make a number too long.
    """
    number = places - np.arange(len(places)) - dropped  # every other character before this one ends a number
    digit = places - places[np.searchsorted(number, number)]
    shift = 5 * np.minimum(digit, MOST_DIGITS - 2)
    np.left_shift.at(numbers, number, 5)
    np.add.at(numbers, number, digits << shift)
    return places[digit > MOST_DIGITS - 2]


def _undo_differences(numbers: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the lengths of the runs outside and of those inside: sums from the fourth number of each mask on."""
    heads = rows[:-1][rows[1:] > rows[:-1]]
    outside, inside = numbers[::2].copy(), numbers[1::2].copy()
    first = outside[heads]
    outside[heads] = 0
    for lengths in (outside, inside) if len(heads) else ():
        # Each mask begins by taking back what the sums have grown to over the mask before it.
        lengths[heads[1:]] -= np.add.reduceat(lengths, heads)[:-1]
        np.cumsum(lengths, out=lengths)
    outside[heads] = first
    return outside, inside


def _refuse_misfits(outside: IntArray, inside: IntArray, rows: IntArray, valid: BoolArray, pixels: IntArray) -> None:
    """Mark the masks that do not fit into their pixels as not valid, and blank all that are not."""
    for lengths in (outside, inside):
        unsigned = lengths.view(np.uint64)  # a negative length is huge without its sign
        if len(lengths) and unsigned.max() > MAX_PIXELS:
            absurd = np.flatnonzero(unsigned > MAX_PIXELS)
            lengths[absurd] = 0
            valid[np.searchsorted(rows, absurd, side="right") - 1] = False
    total = offsets_of(outside + inside)[rows]
    valid &= total[1:] - total[:-1] <= pixels
    if not valid.all():
        blank = np.repeat(~valid, np.diff(rows))
        outside[blank] = inside[blank] = 0


def _on_one_line(outside: IntArray, inside: IntArray, rows: IntArray, ends: IntArray, valid: BoolArray) -> MaskRuns:
    edges, before = np.empty((2, len(inside), 2))
    end = offsets_of(outside + inside)
    edges[:, 1] = end[1:]
    edges[:, 0] = end[1:] - inside
    total = offsets_of(inside)
    before[:, 1] = total[1:]
    before[:, 0] = total[:-1]
    begins = end[rows].astype(np.float64)
    area = np.diff(total[rows]).astype(np.float64)
    first, last = np.full(len(area), np.inf), np.full(len(area), -np.inf)
    filled = np.flatnonzero(area)
    first[filled] = edges[rows[filled], 0] - begins[filled]
    last[filled] = edges[ends[filled] - 1, 1] - begins[filled]
    return MaskRuns(edges, before, rows, begins, area, first, last, valid)


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
    # Only the runs of b that reach into the stretch of pixels where both have any; there may be none.
    begins = runs.begins[b]
    first_run = np.searchsorted(runs.edges[:, 1], begins + start, side="right")
    beyond = np.searchsorted(runs.edges[:, 0], begins + end)
    some = np.flatnonzero(first_run < beyond)
    kept, a, b, first_run, beyond = kept[some], a[some], b[some], first_run[some], beyond[some]
    for part in portions(beyond - first_run, RUNS_AT_ONCE):
        common[kept[part]] = _common_pixels(runs, a[part], b[part], first_run[part], beyond[part])
    return common


def _common_pixels(runs: MaskRuns, a: IntArray, b: IntArray, first_run: IntArray, beyond: IntArray) -> FloatArray:
    """Count, for each run of ``b``, the pixels inside ``a`` before its end less those before its start."""
    positions, begins = positions_between(first_run, beyond)
    # Moved to where a lies; what reaches beyond a's end must not count the masks that follow it.
    wanted = runs.edges.take(positions, axis=0)
    wanted += np.repeat(runs.begins[a] - runs.begins[b], beyond - first_run)[:, None]
    ends = begins[1:] - 1
    wanted[ends, 1] = np.minimum(wanted[ends, 1], runs.begins[a + 1])
    inside = np.interp(wanted.ravel(), runs.edges.ravel(), runs.inside.ravel())
    found: FloatArray = np.add.reduceat(inside[1::2] - inside[::2], begins[:-1])
    return found
