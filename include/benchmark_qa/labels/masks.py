from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray, Masks
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.labels.wire import Bitmask, DrawnObject
from include.benchmark_qa.similarity.mask_runs import MaskRuns, decode_runs

_NO_MASK: Final = Bitmask(0, 0, "")


def mask_table(objects: Sequence[DrawnObject], _: Vocabulary) -> tuple[Masks, BoolArray]:
    """Return the masks; one is in order when its runs fill it exactly."""
    masks = masks_of([one.bitmask or _NO_MASK for one in objects])
    pixels = masks.boxes[:, 2] * masks.boxes[:, 3]
    return masks, (pixels_covered(masks.runs) == pixels) & (pixels > 0)


def masks_of(bitmasks: Sequence[Bitmask]) -> Masks:
    """Decode bitmasks, whatever their strings hold."""
    boxes = np.array([(one.top, one.left, one.height, one.width) for one in bitmasks], np.float64).reshape(-1, 4)
    # A character that is not of the alphabet stays so in UTF-8.
    return Masks(decode_runs([one.rle_string.encode("utf-8", "surrogatepass") for one in bitmasks]), boxes)


def pixels_covered(runs: MaskRuns) -> IntArray:
    """Return how many pixels the runs of each mask cover, -1 where its string is no list of run lengths."""
    return np.where(runs.valid, np.diff(runs.begins), -1)


def masks_fit(masks: Masks, sizes: FloatArray) -> BoolArray:
    """Say which masks lie within their frames; ``sizes`` (n, 2) is width and height in pixels, NaN where unknown."""
    top, left, height, width = masks.boxes.T
    found: BoolArray = ~((left + width > sizes[:, 0]) | (top + height > sizes[:, 1]))
    return found
