from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray, Mask
from include.benchmark_qa.labels.limits import offsets_of
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.labels.wire import DrawnObject

_NO_MASK: Final = Mask(0, 0, "")
_LONGEST_NUMBER: Final = 8  # characters of five bits: more than any image has pixels


def mask_table(objects: Sequence[DrawnObject], _: Vocabulary) -> tuple[tuple[Mask, ...], BoolArray]:
    """Return the masks; one is in order when its runs fill it exactly."""
    masks = tuple(
        Mask(mask.height, mask.width, mask.rle_string, mask.top, mask.left) if (mask := one.bitmask) else _NO_MASK
        for one in objects
    )
    pixels = np.array([mask.height * mask.width for mask in masks], np.float64)
    return masks, (run_totals([mask.counts for mask in masks]) == pixels) & (pixels > 0)


def masks_fit(masks: Sequence[Mask], sizes: FloatArray) -> BoolArray:
    """Say which masks lie within their frames; ``sizes`` (n, 2) is width and height in pixels, NaN where unknown."""
    reach = np.array([(mask.left + mask.width, mask.top + mask.height) for mask in masks], np.float64).reshape(-1, 2)
    found: BoolArray = ~np.logical_or.reduce(reach > sizes, axis=1)
    return found


def run_totals(counts: Sequence[str]) -> IntArray:
    """
    Return how many pixels the run lengths of each string cover, -1 for a string that is no list of run lengths.

    The string is COCO's (``rleFrString`` in pycocotools' maskApi.c): six bits a character from "0", the sixth says
    that the number goes on, the last character's fifth is the sign, and from the fourth number on each is told as the
    difference to the one two before it.
    """
    totals = np.full(len(counts), -1, np.int64)
    lengths = [len(one) for one in counts]
    string = np.repeat(np.arange(len(counts)), lengths)
    raw = np.frombuffer("".join(counts).encode("latin-1", "replace"), np.uint8).astype(np.int64) - ord("0")
    readable = _readable(raw, string, offsets_of(lengths))[string]
    raw, string = raw[readable], string[readable]
    if len(raw):
        string = string[raw & 32 == 0]
        runs = _runs(_numbers(raw), string)
        first = np.flatnonzero(np.diff(string, prepend=-1))
        fewest, total = np.minimum.reduceat(runs, first), np.add.reduceat(runs, first)
        totals[string[first]] = np.where(fewest < 0, -1, total)
    return totals


def _readable(raw: IntArray, string: IntArray, offsets: IntArray) -> BoolArray:
    """Say which strings have the right characters only, numbers that fit into an integer, and an end."""
    right = np.diff(offsets) > 0
    filled = np.flatnonzero(right)
    right[string[(raw < 0) | (raw > 63)]] = False
    ends = offsets[filled + 1] - 1
    right[filled[raw[ends] & 32 != 0]] = False
    place = np.arange(len(raw))
    ended = np.where(raw & 32 == 0, place, -1)
    ended[ends] = ends
    right[string[place - np.maximum.accumulate(ended) > _LONGEST_NUMBER]] = False
    return right


def _numbers(raw: IntArray) -> IntArray:
    ends = np.flatnonzero(raw & 32 == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    digit = np.arange(len(raw)) - np.repeat(starts, ends - starts + 1)
    values = np.add.reduceat((raw & 31) << (5 * digit), starts)
    negative = -(np.int64(1) << (5 * (digit[ends] + 1)))
    return np.bitwise_or(values, np.where(raw[ends] & 16 > 0, negative, 0))


def _runs(numbers: IntArray, string: IntArray) -> IntArray:
    """Undo the differences: of each string, the numbers 1, 3, 5, ... and 2, 4, 6, ... are sums up to there."""
    begins = np.flatnonzero(np.diff(string, prepend=-1))
    lengths = np.diff(np.append(begins, len(numbers)))
    place = np.arange(len(numbers)) - np.repeat(begins, lengths)
    runs = numbers.copy()
    chains = ((place % 2 == 1), (place % 2 == 0) & (place > 0))
    for chain in chains:
        sums = np.cumsum(np.where(chain, numbers, 0))  # a string's first number is in neither chain
        runs[chain] = (sums - np.repeat(sums[begins], lengths))[chain]
    return runs
