"""
Media metadata of one file: what Encord takes on trust instead of reading the file.

All fields are required once any is given (SDK ``CustomerProvided...Metadata``). The documentation spells the fields in
snake_case, people copy the SDK's camelCase, and Encord's own pages write both ``audioMetadata`` and ``audiometadata``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from include.benchmark_qa.manifest.metadata.dicom import REQUIRED_TAGS
from include.benchmark_qa.manifest.model import UnitType
from include.benchmark_qa.manifest.render import MEDIA_FIELDS
from include.benchmark_qa.manifest.validate_fields import Finding, json_type

_LARGEST = 2**53  # as far as JSON's readers agree on whole numbers
_OTHER_KEYS = {UnitType.AUDIO: ("audiometadata",)}
_SIZE = {"width": int, "height": int}
_FILE = {"file_size": int, "mime_type": str}
_IMAGE = {**_SIZE, **_FILE}
_SOUND = {"duration": float, "sample_rate": int, "bit_depth": int, "codec": str, "num_channels": int}
_FIELDS: Mapping[UnitType, Mapping[str, type]] = {
    UnitType.VIDEO: {"fps": float, "duration": float, **_SIZE, **_FILE},
    UnitType.IMAGE: _IMAGE,
    UnitType.IMAGE_GROUP: _IMAGE,
    UnitType.IMAGE_SEQUENCE: _IMAGE,
    UnitType.AUDIO: {**_SOUND, **_FILE},
    UnitType.TEXT: _FILE,
    UnitType.PDF: {"file_size": int, "num_pages": int},
}


def media_keys(unit_type: UnitType) -> tuple[str, ...]:
    """Return the names under which a file of this type may have media metadata."""
    return (MEDIA_FIELDS[unit_type], *_OTHER_KEYS.get(unit_type, ())) if unit_type in MEDIA_FIELDS else ()


def media_findings(unit_type: UnitType, file: Mapping[str, Any], path: str) -> Iterator[Finding]:
    """Yield what is wrong with a file's media metadata; ``path`` is what the file's keys are named below."""
    for key in media_keys(unit_type):
        given = file.get(key)
        if isinstance(given, dict) and unit_type is UnitType.DICOM_SERIES:
            yield from _tag_findings(f"{path}{key}.tags", given.get("tags"))
        elif isinstance(given, dict):
            yield from _field_findings(f"{path}{key}", _in_snake_case(given), _FIELDS[unit_type])
        elif given is not None:
            yield f"{path}{key}", f"is {json_type(given)}; media metadata is an object in braces"


def read_media(unit_type: UnitType, file: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a file's media metadata in the SDK's names, or None."""
    given = next((file[key] for key in media_keys(unit_type) if file.get(key) is not None), None)
    return given if given is None or unit_type is UnitType.DICOM_SERIES else _in_snake_case(given)


def _tag_findings(name: str, tags: Any) -> Iterator[Finding]:
    if not isinstance(tags, dict):
        yield name, f"is {json_type(tags)}; tags are an object in braces, as pydicom's to_json_dict writes them"
    elif missing := [tag for tag in REQUIRED_TAGS if tag not in tags]:
        yield name, f"lacks {', '.join(missing)}; Encord wants all of these, null where a file has none"


def _field_findings(path: str, given: Mapping[str, Any], fields: Mapping[str, type]) -> Iterator[Finding]:
    if missing := [name for name in fields if given.get(name) is None]:
        yield path, f"lacks {', '.join(missing)}; Encord wants all fields, or no media metadata at all"
    for name, value in given.items():
        if name not in fields:
            yield f"{path}.{name}", f"is no field of this; known: {', '.join(fields)}"
        elif value is not None and (reason := _value_reason(value, fields[name])):
            yield f"{path}.{name}", reason


def _value_reason(value: Any, wanted: type) -> str | None:
    if wanted is str:
        return None if isinstance(value, str) and value else f"is {json_type(value)}; write text"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"is {json_type(value)}; write a number"
    if not 0 < value <= _LARGEST:
        return "is no number above 0 that Encord could store; write what the file has"
    return None if wanted is float or value == int(value) else f"is {value}; write a whole number"


def _in_snake_case(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name): value
        for name, value in given.items()
    }
