"""
Media metadata: what Encord would find out by reading a file, found out by reading a little of it.

Encord takes these numbers unchecked and shows labels by them, so a file that leaves one open is a problem, not a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from include.benchmark_qa.manifest.metadata.audio import read_audio
from include.benchmark_qa.manifest.metadata.dicom import read_dicom
from include.benchmark_qa.manifest.metadata.documents import read_pdf, read_text
from include.benchmark_qa.manifest.metadata.images import read_image
from include.benchmark_qa.manifest.metadata.reader import ObjectReader, RangeFile, decoding
from include.benchmark_qa.manifest.metadata.video import read_video
from include.benchmark_qa.manifest.model import UnitType

# What a manifest calls the metadata of a file, by the type of its unit. The SDK has none for NIfTI.
MEDIA_FIELDS: Mapping[UnitType, str] = {
    UnitType.IMAGE: "imageMetadata",
    UnitType.IMAGE_GROUP: "imageMetadata",
    UnitType.IMAGE_SEQUENCE: "imageMetadata",
    UnitType.VIDEO: "videoMetadata",
    UnitType.AUDIO: "audioMetadata",
    UnitType.DICOM_SERIES: "dicomMetadata",
    UnitType.TEXT: "textMetadata",
    UnitType.PDF: "pdfMetadata",
}
_READERS: Mapping[str, Callable[[RangeFile], dict[str, Any]]] = {
    "imageMetadata": read_image,
    "videoMetadata": read_video,
    "audioMetadata": read_audio,
    "dicomMetadata": read_dicom,
    "textMetadata": read_text,
    "pdfMetadata": read_pdf,
}


def read_media(unit_type: UnitType, reader: ObjectReader, key: str, size: int) -> dict[str, Any]:
    """
    Return the fields of the SDK's ``CustomerProvided...Metadata`` for one file of a unit, all of them.

    :param unit_type: one that ``MEDIA_FIELDS`` has
    :param size: of the object in bytes, as listed
    :raises UnreadableError: the file is not what its type says; one sentence
    """
    file = RangeFile(reader, key, size)
    with decoding(file):
        return _READERS[MEDIA_FIELDS[unit_type]](file)
