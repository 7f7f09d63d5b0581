"""What a DICOM file's header says; the pixels are never fetched."""

from __future__ import annotations

import re
from typing import Any, BinaryIO, cast

from include.benchmark_qa.manifest.metadata.reader import ObjectReader, RangeFile, UnreadableError, decoding
from include.benchmark_qa.manifest.metadata.sniffing import SNIFFED, guess

# All that the SDK's CustomerProvidedDicomSeriesDicomFileMetadata names as required; a file may lack some of them.
REQUIRED_TAGS = (
    "00080018",  # SOPInstanceUID
    "00100020",  # PatientID
    "00180050",  # SliceThickness
    "00181114",  # EstimatedRadiographicMagnificationFactor
    "00181164",  # ImagerPixelSpacing
    "0020000D",  # StudyInstanceUID
    "0020000E",  # SeriesInstanceUID
    "00200013",  # InstanceNumber
    "00200032",  # ImagePositionPatient
    "00200037",  # ImageOrientationPatient
    "00209113",  # PlanePositionSequence
    "00209116",  # PlaneOrientationSequence
    "00280004",  # PhotometricInterpretation
    "00280008",  # NumberOfFrames
    "00280010",  # Rows
    "00280011",  # Columns
    "00280030",  # PixelSpacing
    "00281050",  # WindowCenter
    "00281051",  # WindowWidth
    "00289110",  # PixelMeasuresSequence
    "52009229",  # SharedFunctionalGroupsSequence
    "52009230",  # PerFrameFunctionalGroupsSequence
)
_SERIES_UID = "0020000E"
_UID = re.compile(r"[0-9.]{1,64}")


def read_dicom(file: RangeFile) -> dict[str, Any]:
    """Return ``{"tags": ...}``: the required tags as pydicom's ``to_json_dict`` writes them, None for absent ones."""
    header = _read_header(file, REQUIRED_TAGS)
    _series_of(header)
    written = header.to_json_dict()
    return {"tags": {tag: written.get(tag) for tag in REQUIRED_TAGS}}


def series_uid(reader: ObjectReader, key: str, size: int) -> str:
    """
    Return the SeriesInstanceUID of a DICOM file, reading the beginning of its header.

    :param size: of the object in bytes, as listed
    :raises ValueError: the file is no DICOM file or has none; one sentence
    """
    file = RangeFile(reader, key, size)
    with decoding(file):
        return _series_of(_read_header(file, (_SERIES_UID,)))


def _series_of(header: Any) -> str:
    uid = str(header.get("SeriesInstanceUID") or "")
    if not uid:
        raise UnreadableError("has a DICOM header without a SeriesInstanceUID")
    if not _UID.fullmatch(uid):
        raise UnreadableError(
            "has a DICOM header with a SeriesInstanceUID that is none: not digits and dots, at most 64"
        )
    return uid


def _read_header(file: RangeFile, tags: tuple[str, ...]) -> Any:
    """Return the wanted elements; nothing behind the last of them is fetched."""
    from pydicom import config
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_partial
    from pydicom.tag import Tag

    config.settings.reading_validation_mode = config.IGNORE  # it would log values, among them a patient's
    wanted = [int(tag, 16) for tag in tags]
    last = max(wanted)
    passed: list[int] = []

    def is_behind(tag: int, _vr: str | None, _length: int) -> bool:
        if int(tag) > last:  # pydicom compares its own tags a dozen times slower
            passed.append(tag)
        return bool(passed)

    try:
        header = read_partial(cast("BinaryIO", file), stop_when=is_behind, specific_tags=[Tag(tag) for tag in wanted])
    except InvalidDicomError:
        file.seek(0)
        raise UnreadableError(f"is no DICOM file: {guess(file.read(SNIFFED))}") from None
    if not passed:
        raise UnreadableError("is a DICOM file without pixels: it is cut off, or holds no picture")
    return header
