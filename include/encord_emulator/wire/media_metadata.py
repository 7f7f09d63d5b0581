"""
What a customer may say about his files, so that nobody need look into them: ``CustomerProvided...Metadata``.

All fields of a document are required once it is given. Manifests write its keys in snake_case, the SDK in camelCase;
both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from include.encord_emulator.wire.payload import Name, Payload, problems

Bytes = Annotated[int, Field(ge=0, le=2**53)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]

REQUIRED_DICOM_TAGS = frozenset({
    "00080018", "00100020", "00180050", "00181114", "00181164", "0020000D", "0020000E", "00200013", "00200032",
    "00200037", "00209113", "00209116", "00280004", "00280008", "00280010", "00280011", "00280030", "00281050",
    "00281051", "00289110", "52009229", "52009230",
})  # fmt: skip
"""All of them must be there, though their values may be null (the SDK's docstring)."""
_INTEGER_TAGS = ("00280010", "00280011")  # Rows and Columns, the only ones the emulator looks at


class _Image(Payload):
    mime_type: Name
    file_size: Bytes
    height: Count
    width: Count


class _Video(_Image):
    fps: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)]
    duration: Seconds


class _Audio(Payload):
    duration: Seconds
    file_size: Bytes
    mime_type: Name
    sample_rate: Count
    bit_depth: Count
    codec: Name
    num_channels: Count


class _Text(Payload):
    file_size: Bytes
    mime_type: Name


class _Pdf(Payload):
    file_size: Bytes
    num_pages: Count


class _Dicom(Payload):
    tags: dict[str, dict[str, Any] | None]

    @field_validator("tags")
    @classmethod
    def _complete(cls, tags: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any] | None]:
        if missing := sorted(REQUIRED_DICOM_TAGS - set(tags)):
            raise ValueError(f"the tags {', '.join(missing)} are missing")
        for name in _INTEGER_TAGS:
            value = first_tag_value(tags, name)
            if value is not None and (type(value) is not int or not 1 <= value <= 65_535):
                raise ValueError(f"the value of {name} is a number of pixels, not {value!r}")
        return tags


_MODELS: dict[str, type[Payload]] = {
    "video": _Video,
    "image": _Image,
    "imageGroup": _Image,
    "imageSequence": _Image,
    "dicomSeries": _Dicom,
    "audio": _Audio,
    "plainText": _Text,
    "pdf": _Pdf,
}


def first_tag_value(tags: Mapping[str, Any], name: str) -> Any:
    """Return the first value of a tag in the form of pydicom's ``to_json_dict``, or ``None``."""
    values = (tags.get(name) or {}).get("Value")
    return values[0] if isinstance(values, list) and values else None


def has_media_metadata(item_type: str) -> bool:
    """Tell whether a customer can say anything about files of this type; of NIfTI he cannot."""
    return item_type in _MODELS


def read_media_metadata(item_type: str, given: object) -> dict[str, Any]:
    """
    Return the metadata of a file with its keys in snake_case; nothing given is fine.

    :raises ValueError: it is not what files of this type have; the message names the field.
    """
    if given is None or not has_media_metadata(item_type):
        return {}
    try:
        return _MODELS[item_type].model_validate(given).model_dump()
    except ValidationError as error:
        raise ValueError(problems(error, "metadata")) from None
