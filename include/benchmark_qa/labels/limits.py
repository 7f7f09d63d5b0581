"""What geometry must keep to, and how lists of different lengths lie end to end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray

# Editors round coordinates and let a shape touch the border; anything further out is not a drawing on this image.
BORDER_TOLERANCE: Final = 0.01

# A turned box on a long image may be longer than the image is wide; beyond this, areas are no longer numbers.
LARGEST_SIDE: Final = 100.0

# Of coordinates in space, milliseconds and characters: the cube of it is still a number.
LARGEST_COORDINATE: Final = 1e15


def inside(*columns: FloatArray) -> BoolArray:
    """Say which rows lie inside the image in every column, give or take the tolerance; NaN does not."""
    limits = [(column >= -BORDER_TOLERANCE) & (column <= 1 + BORDER_TOLERANCE) for column in columns]
    found: BoolArray = np.logical_and.reduce(limits)
    return found


def offsets_of(lengths: Sequence[int]) -> IntArray:
    """Return where each list begins, and behind the last one where it ends: shape (n + 1,)."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def all_of_each(right: BoolArray, offsets: IntArray) -> BoolArray:
    """Say of which lists all members are right: (n,) for offsets (n + 1,); an empty list has no wrong one."""
    wrong_before = np.concatenate([[0], np.cumsum(~right)])
    found: BoolArray = wrong_before[offsets[1:]] == wrong_before[offsets[:-1]]
    return found
