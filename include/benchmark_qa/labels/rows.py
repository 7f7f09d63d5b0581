"""One label row as it was read, whether quickly (``decode_row``) or carefully (``careful_rows``)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from include.benchmark_qa.labels.wire import (
    LARGEST_FRAME,
    AnyRow,
    ClassificationAnswer,
    DrawnClassification,
    DrawnObject,
    ImageSequence,
    MovingRow,
    MovingUnit,
    ObjectActions,
    ObjectAnswer,
    StillRow,
    StillUnit,
)

Blob: TypeAlias = bytes | Mapping[str, Any]

UNKNOWN_SIZE: Final = (math.nan, math.nan)


class DrawnFrame(Struct, gc=False):
    """What is drawn on one frame; ``size`` is its width and height in pixels, NaN where unknown."""

    frame: int
    size: tuple[float, float]
    objects: Sequence[DrawnObject]
    classifications: Sequence[DrawnClassification] = ()


class ReadRow(Struct, gc=False):
    """A label row; ``problems`` says in sentences what was left out."""

    data_type: str = ""
    saved: bool = True
    frames: Sequence[DrawnFrame] = ()
    object_answers: Mapping[str, ObjectAnswer] = {}
    object_actions: Mapping[str, ObjectActions] = {}
    classification_answers: Mapping[str, ClassificationAnswer] = {}
    problems: tuple[str, ...] = ()


# A sequence of images has the data type of an image group and the frames of a video.
_TYPES: Final = (AnyRow, ImageSequence)
_DECODERS: Final = (msgspec.json.Decoder(AnyRow), msgspec.json.Decoder(ImageSequence))


def decode_row(blob: Blob) -> ReadRow | None:
    """Read a label row that is as Encord writes it; None for any other, which has to be read carefully."""
    for kind, decoder in zip(_TYPES, _DECODERS, strict=True):
        try:
            row: AnyRow | ImageSequence = (
                decoder.decode(blob) if isinstance(blob, bytes) else msgspec.convert(blob, kind, str_keys=True)
            )
            return _read_row(row)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors; junk may be nested however deep
            continue
    return None


def known_size(width: float | None, height: float | None) -> tuple[float, float]:
    """Return width and height in pixels, NaN where either is unknown; Encord writes 0 for unknown."""
    if width and height and 1e-6 <= width <= LARGEST_FRAME and 1e-6 <= height <= LARGEST_FRAME:
        return width, height
    return UNKNOWN_SIZE


def frame_number(value: int | str | None) -> int:
    """
    Return the number of a frame, which Encord writes as a number or as text.

    :raises ValueError: when it is no frame.
    """
    frame = int(value or 0)
    if not 0 <= frame <= LARGEST_FRAME:
        raise ValueError(f"frame {frame} does not exist")
    return frame


def _read_row(row: AnyRow | ImageSequence) -> ReadRow | None:
    if row.label_hash is None:
        return ReadRow(row.data_type, saved=False)
    if row.spaces:
        return None
    return ReadRow(
        row.data_type,
        True,
        _frames(row),
        row.object_answers or {},
        row.object_actions or {},
        row.classification_answers or {},
    )


def _frames(row: AnyRow | ImageSequence) -> Sequence[DrawnFrame]:
    if isinstance(row, StillRow):
        return list(_still_frames(row.data_units.values()))
    if isinstance(row, MovingRow):
        return list(_moving_frames(row.data_units.values()))
    return ()


def _still_frames(units: Iterable[StillUnit]) -> Iterator[DrawnFrame]:
    for unit in units:
        if labels := unit.labels:
            size = known_size(unit.width, unit.height)
            yield DrawnFrame(frame_number(unit.data_sequence), size, labels.objects or (), labels.classifications or ())


def _moving_frames(units: Iterable[MovingUnit]) -> Iterator[DrawnFrame]:
    for unit in units:
        size = known_size(unit.width, unit.height)
        for frame, labels in (unit.labels or {}).items():
            yield DrawnFrame(frame, size, labels.objects or (), labels.classifications or ())
