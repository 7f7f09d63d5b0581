"""Single kernels of the scorer beside the libraries that others use for them, in turns in one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.measure import table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEADER = ("kernel", "pairs", "ours, ms", "peer", "its ms", "ours to peer")
_LEAST_S = 0.05

Kernel = Callable[[], Any]


def compare_kernels(repetitions: int) -> str:
    """Return a table of kernels on the same input; each must give the same numbers as its peer."""
    import numpy as np

    rng = np.random.default_rng(5)
    contests = [
        *(_boxes(rng, count) for count in (8, 100, 1_000)),
        _bitmasks(rng, 10),
        *(_polygons(rng, 10, vertices) for vertices in (20, 200)),
        *(_rotated_boxes(rng, count) for count in (10, 100)),
    ]
    return table(_HEADER, [_row(*contest, repetitions) for contest in contests])


def _row(name: str, pairs: int, ours: Kernel, peer_name: str, peer: Kernel, repetitions: int) -> tuple[str, ...]:
    import numpy as np

    np.testing.assert_allclose(ours(), peer(), atol=1e-9, err_msg=name)
    rounds = [(_seconds(ours), _seconds(peer)) for _ in range(max(repetitions, 1) * 3)]
    ours_ms, peer_ms = (median(times) * 1e3 for times in zip(*rounds, strict=True))
    ratio = median(one / other for one, other in rounds)
    return name, f"{pairs:,}", f"{ours_ms:.3f}", peer_name, f"{peer_ms:.3f}", f"{ratio:.2f}"


def _seconds(kernel: Kernel) -> float:
    """Return the CPU seconds of one call, from as many as take a twentieth of a second."""
    calls, started = 0, time.process_time()
    while (spent := time.process_time() - started) < _LEAST_S:
        kernel()
        calls += 1
    return spent / calls


def _boxes(rng: np.random.Generator, count: int) -> tuple[str, int, Kernel, str, Kernel]:
    from pycocotools import mask

    from include.benchmark_qa.similarity.boxes import box_iou

    a, b = (_random_boxes(rng, count) for _ in range(2))
    crowd = [0] * count
    return f"boxes {count} x {count}", count**2, lambda: box_iou(a, b), "pycocotools", lambda: mask.iou(a, b, crowd)


def _bitmasks(rng: np.random.Generator, count: int) -> tuple[str, int, Kernel, str, Kernel]:
    from pycocotools import mask

    from benchmarks.scoring_masks import ellipse_mask
    from include.benchmark_qa.similarity.bitmasks import bitmask_iou

    width, height = 1920, 1080
    a, b = (
        [
            {"size": [width, height], "counts": ellipse_mask(box, width, height, 0.04, rng).encode()}
            for box in (_random_boxes(rng, count) / 1_000).tolist()
        ]
        for _ in range(2)
    )
    crowd = [0] * count
    name = f"masks {count} x {count}, 1080p"
    return name, count**2, lambda: bitmask_iou(a, b), "pycocotools", lambda: mask.iou(a, b, crowd)


def _polygons(rng: np.random.Generator, count: int, vertices: int) -> tuple[str, int, Kernel, str, Kernel]:
    import numpy as np
    import shapely

    from benchmarks.scoring_plain import polygon_iou as plain_iou
    from include.benchmark_qa.similarity.polygons import polygon_iou

    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    a, b = (
        [
            shapely.Polygon(box[:2] + box[2:] / 2 * circle * rng.uniform(0.8, 1, size=(vertices, 1)))
            for box in _random_boxes(rng, count)
        ]
        for _ in range(2)
    )
    name = f"polygons {count} x {count}, {vertices} vertices"
    return name, count**2, lambda: polygon_iou(a, b), "loop, shapely", lambda: _loop(plain_iou, a, b)


def _rotated_boxes(rng: np.random.Generator, count: int) -> tuple[str, int, Kernel, str, Kernel]:
    import numpy as np
    from shapely import affinity, box

    from benchmarks.scoring_plain import polygon_iou as plain_iou
    from include.benchmark_qa.similarity.rotated_boxes import rotated_box_iou

    a, b = (np.hstack([_random_boxes(rng, count), rng.uniform(0, 360, size=(count, 1))]) for _ in range(2))

    def peer() -> list[list[float]]:
        # A turn that is counter-clockwise in mathematics is clockwise on a screen, where y points down.
        turned = [[affinity.rotate(box(x, y, x + w, y + h), theta) for x, y, w, h, theta in side] for side in (a, b)]
        return _loop(plain_iou, *turned)

    return f"rotated boxes {count} x {count}", count**2, lambda: rotated_box_iou(a, b), "loop, shapely", peer


def _loop(similarity: Callable[[Any, Any], float], a: list[Any], b: list[Any]) -> list[list[float]]:
    return [[similarity(one, other) for other in b] for one in a]


def _random_boxes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    import numpy as np

    return np.hstack([rng.uniform(0, 600, size=(count, 2)), rng.uniform(50, 300, size=(count, 2))])
