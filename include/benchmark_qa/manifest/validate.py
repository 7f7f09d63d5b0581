"""Manifest files that somebody wrote: every fault in them, all at once, before Encord is asked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from include.benchmark_qa.manifest.csv_reading import read_csv_manifest
from include.benchmark_qa.manifest.model import ManifestError, Problem, Unit, UnitType
from include.benchmark_qa.manifest.render import SECTIONS
from include.benchmark_qa.manifest.rules import MAX_SHARD_BYTES, MAX_SHARD_ITEMS
from include.benchmark_qa.manifest.shard_writer import MAX_SHARD_URLS
from include.benchmark_qa.manifest.validate_entry import read_entry, suggestion
from include.benchmark_qa.manifest.validate_fields import Finding, ReadManifest, describe, json_type
from include.benchmark_qa.manifest.validate_json import DoubledObject, parse_json

SUFFIXES = (".json", ".csv")

_SWITCHES = ("skip_duplicate_urls", "upsert_metadata")
_KNOWN_KEYS = [*dict.fromkeys(SECTIONS.values()), *_SWITCHES]


@dataclass(slots=True)
class Validation:
    """What manifest files hold together: ``units`` of each type without a fault, and all faults."""

    files: int = 0
    units: Counter[UnitType] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


def validate_files(paths: Iterable[Path]) -> Validation:
    """
    Check manifests of Encord's documented JSON and CSV forms, each alone and all of them for duplicates.

    :param paths: files that end in ``.json`` or ``.csv``
    :raises ManifestError: when a file has another ending.
    :raises OSError: when a file cannot be read.
    """
    validation = Validation()
    first_places: dict[bytes, str] = {}
    for path in paths:
        read = read_manifest(path.read_bytes(), str(path))
        read.problems += _duplicates(read, first_places)
        validation.files += 1
        validation.units.update(unit.type for unit in read.units.values())
        validation.problems += read.problems
    return validation


def read_manifest(data: bytes, file: str) -> ReadManifest:
    """
    Return what a manifest file holds; the name's ending tells JSON from CSV.

    :raises ManifestError: when it ends in neither.
    """
    if file.lower().endswith(".csv"):
        return read_csv_manifest(data, file)
    if file.lower().endswith(".json"):
        return read_json_manifest(data, file)
    raise ManifestError(f"{file}: a manifest's name ends in {' or '.join(SUFFIXES)}")


def read_json_manifest(data: bytes, file: str) -> ReadManifest:
    """Return what a manifest of Encord's documented JSON form holds; who wrote it does not matter."""
    manifest = ReadManifest(file)
    document, findings = parse_json(data)
    manifest.refuse("", findings)
    if isinstance(document, dict):
        manifest.refuse("", _top_level_findings(document))
        entries = list(_entries(document))
        for section, address, entry in entries:
            unit, entry_findings = read_entry(section, entry)
            manifest.refuse(address, entry_findings)
            if unit is not None:
                manifest.units[address] = unit
        manifest.refuse("", _limit_findings(len(data), len(entries), list(manifest.units.values())))
    elif not findings:
        manifest.refuse("", [("", f"is {json_type(document)}; a manifest is an object in braces")])
    return manifest


def _pairs(document: dict[str, Any]) -> Sequence[tuple[str, Any]]:
    return document.pairs if isinstance(document, DoubledObject) else list(document.items())


def _top_level_findings(document: dict[str, Any]) -> Iterator[Finding]:
    if isinstance(document, DoubledObject):
        for name in document.doubled:
            yield name, "is there more than once, and readers of JSON keep only the last; make one section of them"
    for name, value in _pairs(document):
        if name not in _KNOWN_KEYS:
            yield name, f"is no section of a manifest; {suggestion(name, _KNOWN_KEYS)}"
        elif name in _SWITCHES and not isinstance(value, bool):
            yield name, f"is {json_type(value)}; it is true or false"
        elif name not in _SWITCHES and not isinstance(value, list):
            yield name, f"is {json_type(value)}; a section is an array in brackets"
    if not any(name in _KNOWN_KEYS and name not in _SWITCHES for name, _ in _pairs(document)):
        yield "", f"has no section; a manifest has at least one of {', '.join(_KNOWN_KEYS[: -len(_SWITCHES)])}"


def _entries(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    # Sections that are there twice are numbered on, as if they were one.
    numbers: Counter[str] = Counter()
    for section, entries in _pairs(document):
        if section in _KNOWN_KEYS and isinstance(entries, list):
            for entry in entries:
                yield section, f"{section}[{numbers[section]}]", entry
                numbers[section] += 1


def _limit_findings(size: int, entries: int, units: Sequence[Unit]) -> Iterator[Finding]:
    urls = sum(len(unit.object_urls) for unit in units)
    for count, limit, what in (
        (entries, MAX_SHARD_ITEMS, "entries"),
        (urls, MAX_SHARD_URLS, "URLs"),
        (size, MAX_SHARD_BYTES, "bytes"),
    ):
        if count > limit:
            yield "", f"holds {count:,} {what}; Encord takes {limit:,} in one file: split it"


def _duplicates(read: ReadManifest, first_places: dict[bytes, str]) -> Iterator[Problem]:
    # Digests, since the URLs of a million units would be most of this process's memory.
    for address, unit in read.units.items():
        identity = hashlib.blake2b("\n".join((unit.type, *unit.object_urls)).encode(), digest_size=16).digest()
        place = f"{read.file}: {address}"
        if (first := first_places.setdefault(identity, place)) != place:
            name = "objectUrl_0" if unit.type.is_group else "objectUrl"
            reason = f"this {describe(unit.type)} is already registered by {first}; remove one"
            yield Problem(read.file, address, name, reason)
