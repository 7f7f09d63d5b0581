"""One entry of a JSON manifest of Encord's documented form: the unit that it describes, or all that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from include.benchmark_qa.manifest.model import Unit, UnitType
from include.benchmark_qa.manifest.render import SECTIONS
from include.benchmark_qa.manifest.validate_fields import (
    Finding,
    default_title,
    json_type,
    title_findings,
    with_article,
)
from include.benchmark_qa.manifest.validate_files import file_findings, is_file_key, read_files
from include.benchmark_qa.manifest.validate_json import doubled_keys

_SINGLE_TYPES = {section: unit_type for unit_type, section in SECTIONS.items() if not unit_type.is_group}


def read_entry(section: str, entry: Any) -> tuple[Unit | None, list[Finding]]:
    """
    Return the unit of an entry, or None and everything that is wrong with it.

    :param section: such as ``image_groups``; one of ``render.SECTIONS``.
    """
    if not isinstance(entry, dict):
        return None, [("", f"is {json_type(entry)}; an entry is an object in braces")]
    unit_type = _type_of(section, entry)
    findings = list(_findings(unit_type, entry))
    return (None, findings) if findings else (_unit(unit_type, entry), [])


def suggestion(name: str, known: list[str]) -> str:
    """Return the end of a sentence that names what was probably meant, or what there is."""
    plain = {other.replace("_", "").lower(): other for other in known}
    if near := get_close_matches(name.replace("_", "").lower(), plain, n=1):
        return f"did you mean {plain[near[0]]}?"
    return f"known: {', '.join(known)}"


def _type_of(section: str, entry: Mapping[str, Any]) -> UnitType:
    if section == "image_groups":
        return UnitType.IMAGE_SEQUENCE if entry.get("createVideo") is True else UnitType.IMAGE_GROUP
    return UnitType.DICOM_SERIES if section == "dicom_series" else _SINGLE_TYPES[section]


def _findings(unit_type: UnitType, entry: Mapping[str, Any]) -> Iterator[Finding]:
    yield from doubled_keys(entry)
    yield from _unknown_keys(unit_type, entry)
    yield from _title_findings(unit_type, entry.get("title"))
    if unit_type in {UnitType.IMAGE_GROUP, UnitType.IMAGE_SEQUENCE} and not isinstance(entry.get("createVideo"), bool):
        yield "createVideo", "must be true (a sequence) or false (a group); Encord's own defaults differ"
    yield from file_findings(unit_type, entry)
    yield from _metadata_findings(entry.get("clientMetadata"))


def _unknown_keys(unit_type: UnitType, entry: Mapping[str, Any]) -> Iterator[Finding]:
    known = ["title", "clientMetadata"]
    known += ["createVideo"] if unit_type in {UnitType.IMAGE_GROUP, UnitType.IMAGE_SEQUENCE} else []
    known += ["objectUrl_0"] if unit_type.is_group else ["objectUrl"]
    for name in entry:
        if name not in known and not is_file_key(unit_type, name):
            yield (
                name,
                f"is no key of {with_article(unit_type)}, so Encord would not look at it; {suggestion(name, known)}",
            )


def _title_findings(unit_type: UnitType, title: Any) -> Iterator[Finding]:
    if title is not None:
        yield from title_findings(title)
    elif unit_type.is_group:
        yield "title", f"is missing; {with_article(unit_type)} needs one"


def _metadata_findings(metadata: Any) -> Iterator[Finding]:
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        yield "clientMetadata", f"is {json_type(metadata)}; client metadata is an object in braces"
        return
    for name in metadata:
        if name == "keyframes":
            yield "clientMetadata.keyframes", "is Encord's old form; write the frames as clientMetadata.$encord.frames"
        elif not name or (name.startswith("$") and name != "$encord"):
            yield f"clientMetadata.{name}", "is no name that Encord takes; begin it with a letter or a digit"
    if "$encord" in metadata:
        yield from _frame_findings(metadata["$encord"])


def _frame_findings(block: Any) -> Iterator[Finding]:
    if not isinstance(block, dict):
        yield "clientMetadata.$encord", f"is {json_type(block)}; it is an object with config and frames"
        return
    for name in ("config", "frames"):
        if not isinstance(block.get(name, {}), dict):
            yield f"clientMetadata.$encord.{name}", f"is {json_type(block[name])}; it is an object in braces"
    frames = block.get("frames")
    for name in frames if isinstance(frames, dict) else ():
        if not name.isdecimal():
            yield f"clientMetadata.$encord.frames.{name}", "is no frame; frames are named by their number, from 0"


def _unit(unit_type: UnitType, entry: Mapping[str, Any]) -> Unit:
    urls, media = read_files(unit_type, entry)
    title = entry.get("title") or default_title(urls[0])
    metadata = entry.get("clientMetadata") or {}
    return Unit(unit_type, title, urls, urls, metadata, media)
