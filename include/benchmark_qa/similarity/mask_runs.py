"""
Bitmasks as runs of pixels: COCO's run-length strings are decoded many at a time, and never to pixels.

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

from include.benchmark_qa.similarity.ragged import IntArray, offsets_of, portions, positions_of

BoolArray = NDArray[np.bool_]

CHARACTERS_AT_ONCE = 1 << 17  # of run lengths: what is made of them stays in the processor's cache
MAX_PIXELS = 1 << 34  # more than any image has; sums over as many masks as are compared at once stay exact in float64
MOST_DIGITS = 7  # 35 bits, which hold every run of MAX_PIXELS


@dataclass(frozen=True, slots=True)
class MaskRuns:
    """
    The runs of many masks, end to end on one line of pixels.

    Mask ``i`` lies on the line from ``begins[i]`` to ``begins[i + 1]``, and has the runs of pixels inside
    ``offsets[i]:offsets[i + 1]``; run ``j`` goes from ``edges[j, 0]`` up to ``edges[j, 1]``. Pixels outside behind the
    last one are a run of their own, with nothing inside. ``valid`` is False for masks whose string is malformed or
    covers more than MAX_PIXELS: they have no pixels here.
    """

    edges: IntArray
    offsets: IntArray
    begins: IntArray
    valid: BoolArray

    def chosen(self, index: IntArray) -> MaskRuns:
        """Return the masks of these indices, in this order."""
        positions, offsets = positions_of(2 * self.offsets, index)
        begins = offsets_of(self.begins[index + 1] - self.begins[index])
        edges = self.edges.take(positions)
        edges += np.repeat(begins[:-1] - self.begins[index], np.diff(offsets))
        return MaskRuns(edges.reshape(-1, 2), offsets >> 1, begins, self.valid[index])


def decode_runs(counts: Sequence[bytes]) -> MaskRuns:
    """Decode run-length strings; of masks that are malformed, only ``valid`` tells."""
    lengths = np.fromiter(map(len, counts), dtype=np.int64, count=len(counts))
    return join_runs([_decode(counts[part], lengths[part]) for part in portions(lengths, CHARACTERS_AT_ONCE)])


def join_runs(parts: Sequence[MaskRuns]) -> MaskRuns:
    """Return all masks on one line."""
    if len(parts) == 1:
        return parts[0]
    runs = offsets_of(np.array([len(part.edges) for part in parts], dtype=np.int64))
    masks = offsets_of(np.array([len(part.valid) for part in parts], dtype=np.int64))
    edges = np.empty((runs[-1], 2), dtype=np.int64)
    offsets, begins = np.zeros((2, masks[-1] + 1), dtype=np.int64)
    valid = np.empty(masks[-1], dtype=np.bool_)
    for place, part in enumerate(parts):
        start, end = masks[place], masks[place + 1]
        np.add(part.edges, begins[start], out=edges[runs[place] : runs[place + 1]])
        np.add(part.offsets[1:], offsets[start], out=offsets[start + 1 : end + 1])
        np.add(part.begins[1:], begins[start], out=begins[start + 1 : end + 1])
        valid[start:end] = part.valid
    return MaskRuns(edges, offsets, begins, valid)


def _decode(counts: Sequence[bytes], lengths: IntArray) -> MaskRuns:
    digits = np.frombuffer(b"0".join([*counts, b""]), dtype=np.uint8) - np.uint8(48)
    text = offsets_of(lengths + 1)
    behind = text[1:] - 1  # the 0 that was put there; it is a number of its own where the mask has an odd count
    is_last = digits & 32 == 0
    valid = is_last[behind - 1]
    counted = np.add.reduceat(is_last, text[:-1], dtype=np.int64) - 1
    is_odd = counted & 1
    is_last[behind[is_odd == 0]] = False
    numbers, too_long = _numbers(digits, np.flatnonzero(is_last))
    if len(too_long) or digits.max() > 63:
        wrong = np.append(too_long, np.flatnonzero(digits > 63))
        valid[np.searchsorted(text, wrong, side="right") - 1] = False
    rows = offsets_of((counted + is_odd) >> 1)
    outside, inside = _undo_differences(numbers, rows)
    inside[rows[1:][is_odd > 0] - 1] = 0
    return _on_one_line(outside, inside, rows, valid)


def _numbers(digits: NDArray[np.uint8], last: IntArray) -> tuple[IntArray, IntArray]:
    """
    Return the numbers whose last digits stand at these places, and the places that make a number too long.

    The digit before the first is never one that another follows.
    """
    numbers = (((digits[last] & 31) ^ 16).view(np.int8) - 16).astype(np.int64)  # bit 16 is the sign
    place = last - 1
    number = np.flatnonzero(digits[place] > 31)
    place = place[number]
    for _ in range(MOST_DIGITS - 1):
        if not len(number):
            break
        numbers[number] = numbers[number] << 5 | digits[place] & 31
        place -= 1
        goes_on = digits[place] > 31
        number, place = number[goes_on], place[goes_on]
    return numbers, place


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


def _on_one_line(outside: IntArray, inside: IntArray, rows: IntArray, valid: BoolArray) -> MaskRuns:
    """Lay runs end to end; masks with lengths that cannot be are marked as not valid."""
    both = (outside | inside).view(np.uint64)  # a negative length is huge without its sign
    if len(both) and both.max() >= 2 * MAX_PIXELS:
        absurd = np.flatnonzero(both >= 2 * MAX_PIXELS)
        valid[np.searchsorted(rows, absurd, side="right") - 1] = False
    ends = _ends(outside, inside, rows, valid)
    too_large = np.diff(ends[rows]) > MAX_PIXELS
    if too_large.any():
        valid[too_large] = False
        ends = _ends(outside, inside, rows, valid)
    edges = np.empty((len(inside), 2), dtype=np.int64)
    edges[:, 1] = ends[1:]
    np.subtract(ends[1:], inside, out=edges[:, 0])
    return MaskRuns(edges, rows, ends[rows], valid)


def _ends(outside: IntArray, inside: IntArray, rows: IntArray, valid: BoolArray) -> IntArray:
    """Return where each run ends, after a 0, having blanked the masks that are not valid."""
    if not valid.all():
        blank = np.repeat(~valid, np.diff(rows))
        outside[blank] = inside[blank] = 0
    return offsets_of(outside + inside)
