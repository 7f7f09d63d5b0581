"""
The JSON manifest as Encord documents it, written and read.

One array per kind of data: ``videos``, ``images``, ``audio``, ``nifti``, ``text``, ``pdf`` (items with ``objectUrl``),
``image_groups`` (groups and sequences, told apart by an explicit ``createVideo``) and ``dicom_series`` (items with
``objectUrl_0``, ``objectUrl_1``, ...), then the two switches that make sending it twice harmless. Format: Encord's
page "Register cloud data", ``encord_formats.md`` section 1.3. Of groups whose files come with media metadata, for which
that page has no example, the files are listed as the SDK sends them (``images``, ``dicomFiles``; section 1.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import unquote

import orjson

from include.benchmark_qa.manifest.model import ManifestError, Unit, UnitType

SECTIONS = {
    UnitType.VIDEO: "videos",
    UnitType.IMAGE: "images",
    UnitType.IMAGE_GROUP: "image_groups",
    UnitType.IMAGE_SEQUENCE: "image_groups",
    UnitType.DICOM_SERIES: "dicom_series",
    UnitType.AUDIO: "audio",
    UnitType.NIFTI: "nifti",
    UnitType.TEXT: "text",
    UnitType.PDF: "pdf",
}
# Sections in their order in the file; a section appears once, since readers of JSON keep the last of two.
_ORDER = tuple(dict.fromkeys(SECTIONS.values()))
_TYPES = {section: unit_type for unit_type, section in SECTIONS.items() if section != "image_groups"}

MEDIA_FIELDS = {
    UnitType.VIDEO: "videoMetadata",
    UnitType.IMAGE: "imageMetadata",
    UnitType.IMAGE_GROUP: "imageMetadata",
    UnitType.IMAGE_SEQUENCE: "imageMetadata",
    UnitType.DICOM_SERIES: "dicomMetadata",
    UnitType.AUDIO: "audioMetadata",
    UnitType.TEXT: "textMetadata",
    UnitType.PDF: "pdfMetadata",
}
_PARTS = {"image_groups": "images", "dicom_series": "dicomFiles"}

# Upsert has no effect unless duplicates are skipped.
_SWITCHES: Mapping[str, bool] = {"skip_duplicate_urls": True, "upsert_metadata": True}

# Follows every item, also the last until the section is closed.
SEPARATOR = b",\n"

Bytes: TypeAlias = bytes | memoryview


def render_item(unit: Unit) -> bytes:
    """Return the unit as one entry of its section: UTF-8 JSON on one line, keys in a fixed order, and a separator."""
    item: dict[str, Any] = {}
    if unit.type.is_group:
        item["title"] = unit.title
        if unit.type is not UnitType.DICOM_SERIES:
            item["createVideo"] = unit.type is UnitType.IMAGE_SEQUENCE
        item |= _files(unit)
    else:
        item["objectUrl"] = unit.object_urls[0]
        item["title"] = unit.title
        if unit.media:
            item[MEDIA_FIELDS[unit.type]] = unit.media[0]
    item["clientMetadata"] = dict(unit.client_metadata)
    return orjson.dumps(item) + SEPARATOR


def _files(unit: Unit) -> dict[str, Any]:
    if not unit.media:
        return {f"objectUrl_{position}": url for position, url in enumerate(unit.object_urls)}
    files = zip(unit.object_urls, unit.media, strict=True)
    return {_PARTS[SECTIONS[unit.type]]: [{"url": url, MEDIA_FIELDS[unit.type]: media} for url, media in files]}


def assemble(sections: Mapping[str, Sequence[Bytes]]) -> bytes:
    """
    Return the manifest of rendered items, an entry a line: equal items in equal order give equal bytes.

    :param sections: by section, pieces of bytes that together are whole items, each with its separator
    """
    pieces: list[Bytes] = [b"{\n"]
    for name in _ORDER:
        if items := sections.get(name):
            *most, last = items
            pieces += [b'"%s": [\n' % name.encode(), *most, last[: -len(SEPARATOR)], b"\n],\n"]
    switches = [b'"%s": %s' % (name.encode(), orjson.dumps(value)) for name, value in _SWITCHES.items()]
    return b"".join([*pieces, b",\n".join(switches), b"\n}\n"])


def render_shard(units: Iterable[Unit]) -> bytes:
    """Return the manifest of some units as UTF-8 JSON."""
    sections: dict[str, list[bytes]] = {}
    for unit in units:
        sections.setdefault(SECTIONS[unit.type], []).append(render_item(unit))
    return assemble(sections)


def read_shard(data: bytes, url_prefix: str) -> list[Unit]:
    """
    Return the units of a manifest that this project wrote, section by section.

    :param url_prefix: what every URL begins with, before the percent-encoded key
    :raises ManifestError: when the bytes are not such a manifest; the message names section and entry.
    """
    try:
        manifest = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ManifestError(f"this manifest is no JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise ManifestError(f"this manifest is a JSON {type(manifest).__name__}, not an object")
    if unknown := sorted(set(manifest) - {*_ORDER, *_SWITCHES}):
        raise ManifestError(f"this manifest has unknown section(s) {unknown}; known: {list(_ORDER)}")
    return [
        _read_item(section, position, item, url_prefix)
        for section in _ORDER
        for position, item in enumerate(manifest.get(section, []))
    ]


def _read_item(section: str, position: int, item: Any, url_prefix: str) -> Unit:
    try:
        unit_type = _unit_type(section, item)
        urls, media = _read_files(unit_type, item)
        metadata = item["clientMetadata"]
        keys = tuple(_key(url, url_prefix) for url in urls) if unit_type.is_group else (metadata["source_key"],)
        return Unit(unit_type, item["title"], urls, keys, metadata, media)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(
            f"entry {position} of section {section!r} was not written by this project: it lacks or misuses {error}"
        ) from error


def _unit_type(section: str, item: Mapping[str, Any]) -> UnitType:
    if section != "image_groups":
        return _TYPES[section]
    return UnitType.IMAGE_SEQUENCE if item["createVideo"] else UnitType.IMAGE_GROUP


def _read_files(unit_type: UnitType, item: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Mapping[str, Any], ...]]:
    field = MEDIA_FIELDS.get(unit_type, "")
    if not unit_type.is_group:
        return (item["objectUrl"],), ((item[field],) if field in item else ())
    if parts := item.get(_PARTS[SECTIONS[unit_type]]):
        return tuple(part["url"] for part in parts), tuple(part[field] for part in parts)
    count = sum(name.startswith("objectUrl_") for name in item)
    return tuple(item[f"objectUrl_{position}"] for position in range(count)), ()


def _key(url: str, url_prefix: str) -> str:
    if not url.startswith(url_prefix):
        raise ValueError(f"URL {url!r}, which does not begin with {url_prefix!r}")
    return unquote(url.removeprefix(url_prefix))
