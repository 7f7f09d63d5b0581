"""
The JSON manifest as Encord documents it, written and read.

One array per kind of data: ``videos``, ``images``, ``audio``, ``nifti``, ``text``, ``pdf`` (items with ``objectUrl``),
``image_groups`` (groups and sequences, told apart by an explicit ``createVideo``) and ``dicom_series`` (items with
``objectUrl_0``, ``objectUrl_1``, ...), then the two switches that make sending it twice harmless. Format: Encord's
page "Register cloud data", ``encord_formats.md`` section 1.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
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

# Upsert has no effect unless duplicates are skipped.
_SWITCHES: Mapping[str, bool] = {"skip_duplicate_urls": True, "upsert_metadata": True}


def render_item(unit: Unit) -> bytes:
    """Return the unit as one entry of its section: UTF-8 JSON on one line, keys in a fixed order."""
    item: dict[str, Any] = {}
    if unit.type.is_group:
        item["title"] = unit.title
        if unit.type is not UnitType.DICOM_SERIES:
            item["createVideo"] = unit.type is UnitType.IMAGE_SEQUENCE
        item |= {f"objectUrl_{position}": url for position, url in enumerate(unit.object_urls)}
    else:
        item["objectUrl"] = unit.object_urls[0]
        item["title"] = unit.title
    item["clientMetadata"] = dict(unit.client_metadata)
    return orjson.dumps(item)


def assemble(items: Iterable[tuple[UnitType, bytes]]) -> bytes:
    """Return the manifest of rendered items: an entry per line, equal items in equal order to equal bytes."""
    sections: dict[str, list[bytes]] = {}
    for unit_type, item in items:
        sections.setdefault(SECTIONS[unit_type], []).append(item)
    members = [b'"%s": [\n%s\n]' % (name.encode(), b",\n".join(sections[name])) for name in _ORDER if name in sections]
    members += [b'"%s": %s' % (name.encode(), orjson.dumps(value)) for name, value in _SWITCHES.items()]
    return b"{\n" + b",\n".join(members) + b"\n}\n"


def render_shard(units: Iterable[Unit]) -> bytes:
    """Return the manifest of some units as UTF-8 JSON."""
    return assemble((unit.type, render_item(unit)) for unit in units)


def read_shard(data: bytes) -> list[Unit]:
    """
    Return the units of a manifest that ``render_shard`` wrote, section by section.

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
        _read_item(section, position, item)
        for section in _ORDER
        for position, item in enumerate(manifest.get(section, []))
    ]


def _read_item(section: str, position: int, item: Any) -> Unit:
    try:
        unit_type = _unit_type(section, item)
        urls = _urls(unit_type, item)
        metadata = item["clientMetadata"]
        return Unit(unit_type, item["title"], urls, _keys(unit_type, urls, metadata["source_key"]), metadata)
    except (KeyError, TypeError) as error:
        raise ManifestError(
            f"entry {position} of section {section!r} was not written by this project: it lacks or misuses {error}"
        ) from error


def _unit_type(section: str, item: Mapping[str, Any]) -> UnitType:
    if section != "image_groups":
        return _TYPES[section]
    return UnitType.IMAGE_SEQUENCE if item["createVideo"] else UnitType.IMAGE_GROUP


def _urls(unit_type: UnitType, item: Mapping[str, Any]) -> tuple[str, ...]:
    if not unit_type.is_group:
        return (item["objectUrl"],)
    count = sum(name.startswith("objectUrl_") for name in item)
    return tuple(item[f"objectUrl_{position}"] for position in range(count))


def _keys(unit_type: UnitType, urls: tuple[str, ...], source_key: str) -> tuple[str, ...]:
    if not unit_type.is_group:
        return (source_key,)
    # Members lie in the directory itself, and percent-encoding keeps slashes, so the last segment is the name.
    return tuple(f"{source_key}/{unquote(url.rpartition('/')[2])}" for url in urls)
