"""
The CSV manifest that Encord's web app takes, written.

A header row says of which type the rows below it are, and comes again when the type changes: ``ObjectURL`` and a
title's column; for image groups and sequences ``Create video`` too. Once a file holds a sequence, every header has the
three columns, and what is no sequence says ``false``. Source: Encord's page "Benchmark QA Workflow".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from include.benchmark_qa.manifest.metadata.keys import RESERVED_KEYS
from include.benchmark_qa.manifest.model import Problem, Unit, UnitType
from include.benchmark_qa.manifest.validate_fields import describe

URL_HEADER = "ObjectURL"
VIDEO_HEADER = "Create video"
TITLE_HEADERS: Mapping[UnitType, str] = {
    UnitType.VIDEO: "Video title",
    UnitType.IMAGE: "Image title",
    UnitType.IMAGE_GROUP: "Image group title",
    UnitType.IMAGE_SEQUENCE: "Image group title",
    UnitType.DICOM_SERIES: "Series title",
}
_ALWAYS_THREE = {TITLE_HEADERS[UnitType.IMAGE_GROUP]}


@dataclass(frozen=True, slots=True)
class CsvManifest:
    """
    A CSV file as UTF-8, the units in it, and those that CSV has no way to write.

    Each unit that was left out has a problem; its key is the unit's source key.
    """

    data: bytes
    units: tuple[Unit, ...]
    left_out: tuple[tuple[Unit, Problem], ...]


def render_csv(units: Iterable[Unit], file: str) -> CsvManifest:
    """
    Return the units as CSV, those of a type in their order, a header for each type.

    ``source_key`` and ``kind``, which this project sets on every unit, are not written; client metadata that somebody
    asked for would be missed, so such units are left out, as are the types that CSV does not know.

    :param file: the name of the file, for the problems
    """
    written: list[Unit] = []
    left_out: list[tuple[Unit, Problem]] = []
    series: dict[tuple[str, str], Unit] = {}
    for unit in units:
        if reason := _reason_against(unit, series):
            key = str(unit.client_metadata.get("source_key", unit.object_urls[0]))
            left_out.append((unit, Problem(file, key, reason[0], reason[1])))
        else:
            written.append(unit)
    order = list(TITLE_HEADERS)
    written.sort(key=lambda unit: order.index(unit.type))
    return CsvManifest(_render(written), tuple(written), tuple(left_out))


def _reason_against(unit: Unit, groups: dict[tuple[str, str], Unit]) -> tuple[str, str] | None:
    if unit.type not in TITLE_HEADERS:
        return "type", f"CSV has no way to register {describe(unit.type)} files; use the JSON manifest"
    if lost := sorted(set(unit.client_metadata) - RESERVED_KEYS):
        return "clientMetadata", f"CSV cannot carry client metadata ({', '.join(lost)}); use the JSON manifest"
    if unit.media:
        return "metadata.media", "CSV cannot carry media metadata; use the JSON manifest"
    if unit.type.is_group:
        first = groups.setdefault((TITLE_HEADERS[unit.type], unit.title), unit)
        if first is not unit:
            reason = (
                f"title {unit.title!r} is that of the {describe(first.type)} {first.source_keys[0]!r}, too, and CSV"
            )
            return "title", f"{reason} tells groups apart by it; give them different titles"
    return None


def _render(units: Sequence[Unit]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    has_sequence = any(unit.type is UnitType.IMAGE_SEQUENCE for unit in units)
    header: list[str] = []
    for unit in units:
        title_header = TITLE_HEADERS[unit.type]
        columns = [URL_HEADER, title_header]
        if has_sequence or title_header in _ALWAYS_THREE:
            columns.append(VIDEO_HEADER)
        if columns != header:
            header = columns
            writer.writerow(header)
        create_video = "true" if unit.type is UnitType.IMAGE_SEQUENCE else "false"
        writer.writerows([url, unit.title, create_video][: len(header)] for url in unit.object_urls)
    return text.getvalue().encode()
