"""Twice the labels may take twice the memory, not four times: measured in processes of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.measure import run

_HERE = "tests.unit.scoring.test_scorer_memory"
_SOME_MB = 30  # what caches and allocators add


def crowded_frame(count: str) -> Callable[[], float | None]:
    """Score a frame with ``count`` boxes of one class on either side, each of which overlaps a few others."""
    side = int(int(count) ** 0.5) + 1
    places = [(place % side / side * 0.9, place // side / side * 0.9) for place in range(int(count))]
    return _scoring([(f"o{index}", 0, x, y, 1.5 / side) for index, (x, y) in enumerate(places)])


def long_video(count: str) -> Callable[[], float | None]:
    """Score a box over ``count`` frames."""
    return _scoring([("o", frame, 0.1 + frame % 100 / 1_000, 0.1, 0.2) for frame in range(int(count))])


def _scoring(boxes: list[tuple[str, int, float, float, float]]) -> Callable[[], float | None]:
    import orjson

    from include.benchmark_qa.scoring.submission import score_submission
    from tests.unit.scoring import raw_rows

    frames: dict[str, dict[str, list[object]]] = {}
    for object_hash, frame, x, y, size in boxes:
        shown = {
            "objectHash": object_hash,
            "featureHash": raw_rows.CLASSES["bounding_box"][0],
            "shape": "bounding_box",
            "boundingBox": {"x": x, "y": y, "w": size, "h": size},
        }
        frames.setdefault(str(frame), {"objects": [], "classifications": []})["objects"].append(shown)
    answers = {object_hash: {"objectHash": object_hash, "classifications": []} for object_hash, *_ in boxes}
    row = orjson.dumps(raw_rows.blob("video", frames, answers, {}, 200, 100))
    del frames, answers
    return lambda: score_submission(raw_rows.ONTOLOGY, row, row).score


@pytest.mark.parametrize(("labels", "count"), [("crowded_frame", 2_500), ("long_video", 25_000)])
def test_memory_is_linear_in_the_labels(labels: str, count: int) -> None:
    nothing, once, twice = (run(f"{_HERE}:{labels}", str(each)) for each in (1, count, 2 * count))
    assert [one.result for one in (nothing, once, twice)] == pytest.approx([1, 1, 1])
    assert twice.peak_mb - nothing.peak_mb < 2.2 * (once.peak_mb - nothing.peak_mb) + _SOME_MB
