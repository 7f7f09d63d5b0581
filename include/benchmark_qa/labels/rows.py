"""One label row as it was read, whether quickly (``RowDecoder``) or carefully (``careful_rows``)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from include.benchmark_qa.labels.drawn_types import drawn_type
from include.benchmark_qa.labels.wire import (
    LARGEST_FRAME,
    AnyRow,
    ClassificationAnswer,
    DrawnClassification,
    DrawnObject,
    ImageSequence,
    MovingRow,
    ObjectActions,
    ObjectAnswer,
    StillRow,
)

Blob: TypeAlias = bytes | Mapping[str, Any]

UNKNOWN_SIZE: Final = (math.nan, math.nan)
SMALLEST_SIDE: Final = 1e-6  # of a frame, in pixels


class DrawnFrame(Struct, gc=False):
    """What is drawn on one frame; ``size`` is its width and height in pixels, as far as they are known."""

    frame: int
    size: tuple[float | None, float | None]
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


_REFUSED: Final = (ValueError, RecursionError)  # msgspec's errors are ValueErrors; junk may be nested however deep


class RowDecoder:
    """Reads label rows with objects of these shapes; the geometry of other shapes is passed over."""

    def __init__(self, shapes: Iterable[str]) -> None:
        drawn: Any = drawn_type(frozenset(shapes))
        any_row: Any = AnyRow
        # A sequence of images has the data type of an image group and the frames of a video.
        kinds = (any_row[drawn], ImageSequence[drawn])
        self._ways = [(kind, msgspec.json.Decoder(kind).decode) for kind in kinds]

    def decode(self, blob: Blob) -> ReadRow | None:
        """Read a label row that is as Encord writes it; None for any other, which has to be read carefully."""
        for kind, decode in self._ways:
            try:
                row = decode(blob) if isinstance(blob, bytes) else msgspec.convert(blob, kind, str_keys=True)
                return _read_row(row)
            except _REFUSED:
                continue
        return None


@lru_cache(maxsize=64)
def decoder_for(shapes: frozenset[str]) -> RowDecoder:
    """Return the decoder of an ontology with these shapes, which takes a while to make."""
    return RowDecoder(shapes)


def known_size(width: float | None, height: float | None) -> tuple[float, float]:
    """Return width and height in pixels, NaN where either is unknown; Encord writes 0 for unknown."""
    if width and height and min(width, height) >= SMALLEST_SIDE and max(width, height) <= LARGEST_FRAME:
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


def _read_row(row: AnyRow[DrawnObject] | ImageSequence[DrawnObject]) -> ReadRow | None:
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


def _frames(row: AnyRow[DrawnObject] | ImageSequence[DrawnObject]) -> Sequence[DrawnFrame]:
    if isinstance(row, StillRow):
        return [
            DrawnFrame(
                number if isinstance(number := unit.data_sequence, int) else frame_number(number),
                (unit.width, unit.height),
                labels.objects or (),
                labels.classifications or (),
            )
            for unit in row.data_units.values()
            if (labels := unit.labels)
        ]
    if isinstance(row, MovingRow):
        return [
            DrawnFrame(frame, size, labels.objects or (), labels.classifications or ())
            for unit in row.data_units.values()
            for size in [(unit.width, unit.height)]
            for frame, labels in (unit.labels or {}).items()
        ]
    return ()
