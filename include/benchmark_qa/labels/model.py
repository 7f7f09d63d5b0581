from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Ring = tuple[tuple[float, float], ...]
BoxGeometry = tuple[float, float, float, float]
PolygonGeometry = tuple[tuple[Ring, ...], ...]
Size = tuple[float, float]

Range = tuple[int, int]
AnswerValue = str | frozenset[str]


@dataclass(frozen=True, slots=True)
class LabelObject:
    """
    One object on one frame.

    ``geometry`` is ``(x, y, w, h)`` for a bounding box, and for a polygon its parts, each an outer ring followed by
    holes; in pixels where the size of the frame is known, else in fractions.
    """

    feature_hash: str
    object_hash: str
    shape: str
    frame: int
    geometry: BoxGeometry | PolygonGeometry


@dataclass(frozen=True, slots=True)
class LabelClassification:
    """One classification, the frames it holds for (both ends inclusive) and its answers by attribute hash."""

    feature_hash: str
    classification_hash: str
    ranges: tuple[Range, ...]
    answers: Mapping[str, AnswerValue]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """
    The labels of one data unit.

    ``answers`` are the static attributes, by object hash and attribute hash: a text, or the hashes of the chosen
    options. ``problems`` says what could not be read; labels with a problem are left out.
    """

    data_type: str
    objects: tuple[LabelObject, ...] = ()
    answers: Mapping[str, Mapping[str, AnswerValue]] = field(default_factory=dict)
    classifications: tuple[LabelClassification, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def has_frames(self) -> bool:
        """Audio and text have no frames: their classifications hold for stretches of the file."""
        return self.data_type in FRAMED_TYPES


FRAMED_TYPES = frozenset({"image", "img_group", "video", "dicom", "nifti", "pdf"})
FRAMELESS_TYPES = frozenset({"audio", "plain_text"})
