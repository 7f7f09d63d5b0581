from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index as index_of
from typing import Any

import numpy as np

from include.benchmark_qa.similarity.mask_overlap import FloatArray, run_iou
from include.benchmark_qa.similarity.mask_runs import CHARACTERS_AT_ONCE, BoolArray, MaskRuns, decode_runs
from include.benchmark_qa.similarity.ragged import IntArray, portions

Rle = Mapping[str, Any]

_LONGEST_SIDE = 1 << 31


def bitmask_iou(a: Sequence[Rle], b: Sequence[Rle]) -> FloatArray:
    """
    Return the intersection over union of every pair of bitmasks, without ever making their pixels.

    :param a: N masks ``{"size": [h, w], "counts": ...}`` as pycocotools writes them: ``counts`` is its run-length
        string (bytes or str) of the mask column by column. Runs that end before the mask does are followed by pixels
        outside.
    :param b: M masks, all of one size with those of ``a``.
    :return: shape (N, M), float64 in [0, 1]: as ``pycocotools.mask.iou`` (iscrowd 0), except that two empty masks have
        1 here. An empty one has 0 with one that is not.
    :raises ValueError: when masks differ in size, or one is malformed.

    >>> left, right, full = ({"size": [2, 2], "counts": counts} for counts in ("02", "22", "04"))
    >>> bitmask_iou([left], [left, right, full])
    array([[1. , 0. , 0.5]])
    """
    runs, sizes, valid = _decode([_read_mask(mask) for mask in (*a, *b)])
    if not valid.all():
        raise ValueError(f"mask {int(np.argmin(valid))} of both lists is not a COCO run-length encoded mask")
    if (sizes != sizes[:1]).any():
        raise ValueError(f"masks differ in size: {sorted({(int(h), int(w)) for h, w in sizes})}")
    rows, columns = np.divmod(np.arange(len(a) * len(b)), max(len(b), 1))
    return run_iou(runs, rows, columns + len(a)).reshape(len(a), len(b))


def bitmask_iou_pairs(a: Sequence[Rle], b: Sequence[Rle]) -> FloatArray:
    """
    Return the intersection over union of each mask of ``a`` with its neighbour in ``b``; see ``bitmask_iou``.

    :param a: K masks; one object that stands in several places is decoded once.
    :param b: K masks.
    :return: shape (K,), NaN where the two differ in size or one is malformed.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} masks cannot be paired with {len(b)}")
    similarity = np.empty(len(a))
    read = {id(mask): _read_mask(mask) for masks in (a, b) for mask in masks}
    keys = np.array([[id(one), id(other)] for one, other in zip(a, b, strict=True)], dtype=np.int64).reshape(-1, 2)
    lengths = [len(read[one][1]) + len(read[other][1]) for one, other in keys.tolist()]
    for part in portions(np.array(lengths, dtype=np.int64), CHARACTERS_AT_ONCE):
        distinct, place = np.unique(keys[part], return_inverse=True)
        rows, columns = place.reshape(-1, 2).T
        runs, sizes, valid = _decode([read[key] for key in distinct.tolist()])
        comparable = valid[rows] & valid[columns] & (sizes[rows] == sizes[columns]).all(axis=1)
        similarity[part] = np.where(comparable, run_iou(runs, rows, columns), np.nan)
    return similarity


def _decode(masks: Sequence[tuple[tuple[int, int], bytes]]) -> tuple[MaskRuns, IntArray, BoolArray]:
    """Return the runs of masks, their sizes, shape (n, 2), and which are masks whose runs fit into their sizes."""
    sizes = np.array([size for size, _ in masks], dtype=np.int64).reshape(-1, 2)
    runs = decode_runs([counts for _, counts in masks])
    height, width = sizes.T
    return runs, sizes, runs.valid & (height >= 0) & (np.diff(runs.begins) <= height * width)


def _read_mask(mask: Rle) -> tuple[tuple[int, int], bytes]:
    """Return a mask's size and its run-length string; what is no mask has the size -1, -1."""
    try:
        height, width = mask["size"]
        counts = mask["counts"]
        if isinstance(counts, str):
            counts = counts.encode("utf-8", "surrogatepass")
        if isinstance(counts, bytes) and 0 <= height < _LONGEST_SIDE and 0 <= width < _LONGEST_SIDE:
            return (index_of(height), index_of(width)), counts
    except (KeyError, TypeError, ValueError):
        pass
    return (-1, -1), b""
