"""Bitmasks as Encord writes them, made without a picture: COCO's run-length string of the mask in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def ellipse_mask(box: Sequence[float], width: int, height: int, noise: float, rng: np.random.Generator) -> str:
    """
    Return the mask of the ellipse in a box, with an edge that is never quite smooth, as a brush's is not.

    :param box: x, y, w, h as fractions; the ellipse is clipped at the border of the image.
    """
    import numpy as np
    from pycocotools import mask

    x, y, w, h = np.asarray(box) * (width, height, width, height)
    rows = np.arange(max(0, int(y)), min(height, int(y + h)))
    half = w / 2 * np.sqrt(np.clip(1 - ((rows + 0.5 - y - h / 2) / (h / 2)) ** 2, 0, 1))
    edges = np.stack([x + w / 2 - half, x + w / 2 + half])
    edges += rng.normal(0, 1 + noise * 10, size=edges.shape)
    first, last = np.clip(np.rint(edges), 0, width).astype(int)
    kept = last > first
    starts, ends = rows[kept] * width + first[kept], rows[kept] * width + last[kept]
    bounds = np.concatenate([[0], np.stack([starts, ends], axis=1).ravel(), [width * height]])
    # Encord's mask in rows is COCO's mask in columns of the transposed picture.
    counts: bytes = mask.frPyObjects({"size": [width, height], "counts": np.diff(bounds).tolist()}, width, height)[
        "counts"
    ]
    return counts.decode("ascii")
