from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from include.benchmark_qa.labels.rows import DrawnFrame, ReadRow
from include.benchmark_qa.labels.wire import ClassificationAnswer


class _Drawn(NamedTuple):
    feature_hash: str
    frames: list[int]


def placed_classifications(row: ReadRow) -> Mapping[str, ClassificationAnswer]:
    """
    Return a row's classifications, by hash, all of them with class and frames.

    Older rows tell these two on each frame instead of beside the answers. A classification without frames, on an
    image or for a whole file, has the range 0 to 0. Answers without a class are left over from a classification that
    was deleted: Encord's SDK passes over them too.
    """
    given = row.classification_answers
    if None not in [(one.feature_hash and one.range) or None for one in given.values()]:
        return given
    return dict(_completed(row))


def _completed(row: ReadRow) -> Iterator[tuple[str, ClassificationAnswer]]:
    drawn: dict[str, _Drawn] | None = None
    for classification_hash, answer in row.classification_answers.items():
        feature_hash, ranges = answer.feature_hash, answer.range
        if feature_hash is None or not ranges:
            drawn = _drawn_classifications(row.frames) if drawn is None else drawn
            seen = drawn.get(classification_hash, _Drawn("", [0]))
            feature_hash = feature_hash or seen.feature_hash
            ranges = ranges or list(as_ranges(seen.frames))
        if feature_hash:
            yield classification_hash, ClassificationAnswer(feature_hash, ranges, answer.classifications)


def as_ranges(frames: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Return frames as ranges, both ends inclusive, in order."""
    first = last = -2
    for frame in sorted(frames):
        if frame > last + 1:
            if last >= 0:
                yield first, last
            first = frame
        last = frame
    if last >= 0:
        yield first, last


def _drawn_classifications(frames: Sequence[DrawnFrame]) -> dict[str, _Drawn]:
    """Return class and frames of the classifications that frames tell of, by hash."""
    found: dict[str, _Drawn] = {}
    for frame in frames:
        for one in frame.classifications:
            found.setdefault(one.classification_hash, _Drawn(one.feature_hash, [])).frames.append(frame.frame)
    return found
