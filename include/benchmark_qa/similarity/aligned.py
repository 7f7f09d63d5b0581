"""What the kernels share: rows of numbers in pairs, cut into blocks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Kernel = Callable[[FloatArray, FloatArray], FloatArray]

BLOCK = 16384
"""Pairs at once: eight arrays of so many numbers fit into a cache of a megabyte."""


def as_rows(values: FloatArray, width: int) -> FloatArray:
    """Return the values as float64 of the shape (n, width); an empty list has no rows."""
    return np.asarray(values, dtype=np.float64).reshape(-1, width)


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Cut ``count`` rows into slices of at most ``size``."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def in_blocks(kernel: Kernel, a: FloatArray, b: FloatArray, size: int = BLOCK) -> FloatArray:
    """Return ``kernel(a, b)`` for K aligned rows, computed ``size`` rows at a time; shape (K,)."""
    similarity = np.empty(len(a))
    for block in blocks(len(a), size):
        similarity[block] = kernel(a[block], b[block])
    return similarity


def every_pair(kernel: Kernel, a: FloatArray, b: FloatArray, size: int = BLOCK) -> FloatArray:
    """Return the matrix (N, M) that a kernel of aligned rows gives for every row of ``a`` with every row of ``b``."""
    similarity = np.empty((len(a), len(b)))
    for block in blocks(len(a), max(1, size // max(1, len(b)))):
        rows = a[block]
        pairs = kernel(np.repeat(rows, len(b), axis=0), np.tile(b, (len(rows), 1)))
        similarity[block] = pairs.reshape(len(rows), len(b))
    return similarity


def in_order(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Return aligned rows with the lesser one of each pair first.

    A kernel that treats its two sides differently is thereby symmetric to the last digit.
    """
    swap = comes_after(a, b)[:, None]
    return np.where(swap, b, a), np.where(swap, a, b)


def comes_after(a: FloatArray, b: FloatArray) -> BoolArray:
    """Say which rows of ``a`` are greater than the aligned rows of ``b``, by the first number that differs."""
    rows, column = np.arange(len(a)), (a != b).argmax(axis=1)
    after: BoolArray = a[rows, column] > b[rows, column]
    return after


def identical(a: FloatArray, b: FloatArray) -> BoolArray:
    """Say which aligned rows are equal in every number, all of them finite."""
    equal: BoolArray = ((a == b) & np.isfinite(a)).all(axis=-1)
    return equal
