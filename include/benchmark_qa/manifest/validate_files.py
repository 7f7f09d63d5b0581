"""
The files of one entry: ``objectUrl`` of a single file, ``objectUrl_0``, ``objectUrl_1``, ... of a group.

Groups whose files come with media metadata list them as the SDK does: ``images`` or ``dicomFiles``, each with ``url``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from include.benchmark_qa.manifest.model import UnitType
from include.benchmark_qa.manifest.validate_fields import Finding, group_findings, url_findings, with_article
from include.benchmark_qa.manifest.validate_media import media_findings, media_keys, read_media

_NUMBERED = re.compile(r"objectUrl_(0|[1-9][0-9]{0,6})")
_LISTED = {
    UnitType.IMAGE_GROUP: "images",
    UnitType.IMAGE_SEQUENCE: "images",
    UnitType.DICOM_SERIES: "dicomFiles",
}


def is_file_key(unit_type: UnitType, name: str) -> bool:
    """Tell whether an entry of this type may say something of its files under this name."""
    if unit_type.is_group:
        return name == _LISTED[unit_type] or _NUMBERED.fullmatch(name) is not None
    return name in media_keys(unit_type)


def file_findings(unit_type: UnitType, entry: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the files of an entry, alone and taken together."""
    if not unit_type.is_group:
        if "objectUrl" in entry:
            yield from url_findings("objectUrl", entry["objectUrl"], unit_type)
        else:
            yield "objectUrl", "is missing; write the object's URL"
        yield from media_findings(unit_type, entry, "")
        return
    listed = _LISTED[unit_type]
    numbers = _numbers(entry)
    if numbers and listed in entry:
        yield listed, "excludes objectUrl_0, objectUrl_1, ...; keep one of the two forms"
    elif listed in entry:
        yield from _listed_findings(unit_type, listed, entry[listed])
    elif numbers:
        yield from _numbered_findings(unit_type, entry, numbers)
    else:
        yield "objectUrl_0", f"is missing; {with_article(unit_type)} numbers its files objectUrl_0, objectUrl_1, ..."


def read_files(unit_type: UnitType, entry: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Mapping[str, Any], ...]]:
    """Return the URLs of a sound entry in their order, and the media metadata: of all files or none."""
    if not unit_type.is_group:
        media = read_media(unit_type, entry)
        return (entry["objectUrl"],), () if media is None else (media,)
    if files := entry.get(_LISTED[unit_type]):
        found = [media for file in files if (media := read_media(unit_type, file)) is not None]
        return tuple(file["url"] for file in files), tuple(found) if len(found) == len(files) else ()
    return tuple(entry[f"objectUrl_{number}"] for number in _numbers(entry)), ()


def _numbers(entry: Mapping[str, Any]) -> list[int]:
    return sorted(int(match[1]) for name in entry if (match := _NUMBERED.fullmatch(name)))


def _numbered_findings(unit_type: UnitType, entry: Mapping[str, Any], numbers: list[int]) -> Iterator[Finding]:
    if numbers[-1] != len(numbers) - 1:
        gap = next(position for position, number in enumerate(numbers) if number != position)
        yield f"objectUrl_{gap}", f"is missing below objectUrl_{numbers[-1]}; numbers start at 0 and leave no gap"
    yield from _group_findings(unit_type, {f"objectUrl_{number}": entry[f"objectUrl_{number}"] for number in numbers})


def _listed_findings(unit_type: UnitType, listed: str, files: Any) -> Iterator[Finding]:
    if not isinstance(files, list) or not files or not all(isinstance(file, dict) for file in files):
        yield listed, "must be an array of at least one object with a url"
        return
    for position, file in enumerate(files):
        yield from media_findings(unit_type, file, f"{listed}[{position}].")
        for name in file.keys() - {"url", "title", *media_keys(unit_type)}:
            yield f"{listed}[{position}].{name}", "is no key of a file, so Encord would not look at it"
    yield from _group_findings(unit_type, {f"{listed}[{n}].url": file.get("url") for n, file in enumerate(files)})


def _group_findings(unit_type: UnitType, urls: Mapping[str, Any]) -> Iterator[Finding]:
    for name, url in urls.items():
        yield from url_findings(name, url, unit_type)
    if all(isinstance(url, str) for url in urls.values()):
        yield from group_findings(unit_type, tuple(urls.values()), next(iter(urls)))
