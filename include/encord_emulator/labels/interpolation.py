"""
Filling the frames between key frames: what the legacy query ``labelingalgorithm`` answers.

Coordinates move in straight lines from one key frame of an object to its next; other keys are those of the earlier one.
Only geometries made of the same keys can be interpolated (boxes, points, polygons of as many corners).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from include.encord_emulator.errors import ApiError, invalid

MOST_FRAMES = 100_000
"""Labels of one answer; a gap of millions of frames would fill the memory."""
_MOVING = ("boundingBox", "rotatableBoundingBox", "polygon", "polyline", "point", "skeleton", "circle", "ellipse")

Label = dict[str, Any]
Track = list[tuple[int, Label]]


def interpolate(key_frames: Mapping[str, Sequence[Label]], wanted: Sequence[str]) -> dict[str, Any]:
    """
    Return all frames from the first to the last key frame of each wanted object, by frame number.

    :param key_frames: the objects of each key frame.
    :param wanted: object hashes.
    """
    filled: dict[int, list[Label]] = {}
    count = 0
    for object_hash in dict.fromkeys(wanted):
        for frame, label in _filled(_track(key_frames, object_hash)):
            filled.setdefault(frame, []).append(label)
            count += 1
            if count > MOST_FRAMES:
                raise ApiError(413, f"The emulator interpolates at most {MOST_FRAMES} labels in one request.")
    return {str(frame): {"objects": filled[frame], "classifications": []} for frame in sorted(filled)}


def _track(key_frames: Mapping[str, Sequence[Label]], object_hash: str) -> Track:
    found = {
        int(frame): label
        for frame, labels in key_frames.items()
        for label in labels
        if label["objectHash"] == object_hash
    }
    if not found:
        raise invalid(f"objects_to_interpolate: {object_hash} is on no key frame")
    return sorted(found.items())


def _filled(track: Track) -> Iterator[tuple[int, Label]]:
    for (start, first), (end, second) in pairwise(track):
        for frame in range(start, end):
            yield frame, _between(first, second, (frame - start) / (end - start))
    yield track[-1]


def _between(first: Label, second: Label, share: float) -> Label:
    moved = {key: _moved(first[key], second.get(key), share, key) for key in _MOVING if first.get(key) is not None}
    if not moved:
        raise ApiError(501, "The emulator interpolates boxes, points, polygons, skeletons, circles and ellipses only.")
    # The flat form of a polygon moved; its nested one would contradict it.
    return {key: value for key, value in first.items() if key != "polygons"} | moved


def _moved(first: Any, second: Any, share: float, where: str) -> Any:
    if isinstance(first, Mapping) and isinstance(second, Mapping) and first.keys() == second.keys():
        return {key: _moved(first[key], second[key], share, where) for key in first}
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [_moved(one, other, share, where) for one, other in zip(first, second, strict=True)]
    if _is_number(first) and _is_number(second):
        return first + (second - first) * share
    if isinstance(first, (str, bool)) or first is None:
        return first
    raise invalid(f"{where}: the key frames of an object differ in form")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
