"""
What is known of the media of an item.

The emulator does not look into files: the facts are the customer's metadata where given, else the defaults below.
A ``media`` document has ``mime, file_size, width, height, fps, duration, frames, audio``; duration is in seconds.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any

from include.encord_emulator.wire.media_metadata import first_tag_value

DEFAULT_IMAGE = {"width": 1920, "height": 1080, "file_size": 500_000}
DEFAULT_VIDEO = {"width": 1920, "height": 1080, "file_size": 5_000_000, "fps": 25.0, "duration": 4.0}
DEFAULT_AUDIO = {
    "file_size": 500_000,
    "duration": 10.0,
    "sample_rate": 44_100,
    "bit_depth": 16,
    "codec": "pcm_s16le",
    "num_channels": 1,
}
DEFAULT_SLICE = {"width": 512, "height": 512, "file_size": 500_000}
DEFAULT_NIFTI_SLICES = 16
DEFAULT_DOCUMENT = {"file_size": 10_000, "num_pages": 1}
_ROWS_TAG, _COLUMNS_TAG = "00280010", "00280011"

_MIME = {
    "video": "video/mp4",
    "image": "image/jpeg",
    "imageGroup": "image/jpeg",
    "imageSequence": "image/jpeg",
    "dicomSeries": "application/dicom",
    "audio": "audio/wav",
    "nifti": "application/nifti",
    "plainText": "text/plain",
    "pdf": "application/pdf",
}
_NO_GUESS = {"dicomSeries", "nifti", "pdf"}

DATA_TYPES = {
    "video": "video",
    "image": "image",
    "imageGroup": "img_group",
    "imageSequence": "img_group",
    "dicomSeries": "dicom",
    "audio": "audio",
    "nifti": "nifti",
    "plainText": "plain_text",
    "pdf": "pdf",
    "group": "group",
}
"""Item type of the storage API to data type of datasets and labels."""


def media_facts(item_type: str, files: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """
    Return the media document of an item.

    :param files: URL and customer metadata (snake_case) of each file.
    """
    url, given = files[0]
    facts = _FACTS[item_type](given, len(files))
    mime = given.get("mime_type") or (None if item_type in _NO_GUESS else mimetypes.guess_type(url)[0])
    return {"fps": None, "duration": None, "width": None, "height": None, "audio": None} | facts | {
        "mime": mime or _MIME[item_type]
    }  # fmt: skip


def _image(given: Mapping[str, Any], files: int) -> dict[str, Any]:
    return _filled(DEFAULT_IMAGE, given) | {"frames": files}


def _video(given: Mapping[str, Any], _files: int) -> dict[str, Any]:
    facts = _filled(DEFAULT_VIDEO, given)
    return facts | {"frames": max(1, round(facts["fps"] * facts["duration"]))}


def _dicom(given: Mapping[str, Any], files: int) -> dict[str, Any]:
    tags = given.get("tags") or {}
    size = {"height": first_tag_value(tags, _ROWS_TAG), "width": first_tag_value(tags, _COLUMNS_TAG)}
    return _filled(DEFAULT_SLICE, {name: value for name, value in size.items() if value}) | {"frames": files}


def _nifti(_given: Mapping[str, Any], _files: int) -> dict[str, Any]:
    return DEFAULT_SLICE | {"frames": DEFAULT_NIFTI_SLICES}


def _audio(given: Mapping[str, Any], _files: int) -> dict[str, Any]:
    facts = _filled(DEFAULT_AUDIO, given)
    audio = {name: facts.pop(name) for name in ("sample_rate", "bit_depth", "codec", "num_channels")}
    # Audio labels are ranges of milliseconds, so a frame is one millisecond.
    return facts | {"audio": audio, "frames": round(facts["duration"] * 1000)}


def _document(given: Mapping[str, Any], _files: int) -> dict[str, Any]:
    facts = _filled(DEFAULT_DOCUMENT, given)
    return {"file_size": facts["file_size"], "frames": facts["num_pages"]}


def _filled(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given.get(name, default) for name, default in defaults.items()}


_FACTS = {
    "video": _video,
    "image": _image,
    "imageGroup": _image,
    "imageSequence": _image,
    "dicomSeries": _dicom,
    "audio": _audio,
    "nifti": _nifti,
    "plainText": _document,
    "pdf": _document,
}
