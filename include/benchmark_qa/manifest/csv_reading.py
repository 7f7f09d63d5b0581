"""The CSV manifest of Encord's web app, read; how it is written is told in ``csv_manifest.py``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from include.benchmark_qa.manifest.csv_manifest import TITLE_HEADERS, URL_HEADER, VIDEO_HEADER
from include.benchmark_qa.manifest.model import Unit, UnitType
from include.benchmark_qa.manifest.validate_fields import (
    Finding,
    ReadManifest,
    file_name,
    group_findings,
    title_findings,
    url_findings,
    with_article,
)

# Under "image group title" a row says in its third column whether it belongs to a group or to a sequence.
_TYPES: Mapping[str, UnitType] = {
    "video title": UnitType.VIDEO,
    "image title": UnitType.IMAGE,
    "image group title": UnitType.IMAGE_GROUP,
    "series title": UnitType.DICOM_SERIES,
    "dicom title": UnitType.DICOM_SERIES,
}
_CREATE_VIDEO = {"": True, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class _Header:
    """What a header row says of the rows below it; no type: it could not be understood."""

    line: int
    type: UnitType | None
    columns: int


@dataclass(slots=True)
class _Group:
    """The rows of one title; ``line`` is the first's."""

    line: int
    title: str
    type: UnitType
    urls: list[str] = field(default_factory=list)
    is_sound: bool = True


def read_csv_manifest(data: bytes, file: str) -> ReadManifest:
    """
    Return what a CSV manifest holds: single files as they come, then groups in the order of their first rows.

    Units have no client metadata, since CSV has none. A single column ``ObjectURL`` is Encord's oldest form: videos.
    """
    reader = _Reader(ReadManifest(file))
    try:
        reader.read(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        reader.manifest.refuse("", [("", f"is not UTF-8 (byte {error.start}); save it as UTF-8")])
    except csv.Error as error:
        reader.manifest.refuse("", [("", f"is no CSV: {error}; nothing after {reader.last} was read")])
    reader.close()
    return reader.manifest


@dataclass(slots=True)
class _Reader:
    manifest: ReadManifest
    headers: list[_Header] = field(default_factory=list)
    groups: dict[tuple[str, str], _Group] = field(default_factory=dict)
    last: str = "line 0"

    def read(self, text: str) -> None:
        """Take up the rows of a file."""
        for line, cells in _rows(text):
            self.last = f"line {line}"
            if cells[0].lower() == URL_HEADER.lower():
                self._read_header(line, cells)
            elif not self.headers:
                reason = f"is no header; a file begins with {URL_HEADER},Video title or the like, separated by commas"
                self.manifest.refuse(self.last, [("", reason)])
                return
            elif (header := self.headers[-1]).type is not None:
                self._read_row(header, header.type, line, cells)
        if not self.headers:
            self.manifest.refuse("", [("", "is empty; a CSV manifest has a header and a row for each file")])

    def close(self) -> None:
        """Make units of the groups, and look at the file as a whole."""
        for group in self.groups.values():
            address, urls = f"line {group.line}", tuple(group.urls)
            findings = list(group_findings(group.type, urls, URL_HEADER))
            self.manifest.refuse(address, findings)
            if group.is_sound and not findings:
                self.manifest.units[address] = Unit(group.type, group.title, urls, urls, {})
        if any(group.type is UnitType.IMAGE_SEQUENCE for group in self.groups.values()):
            reason = "is missing; once a file holds an image sequence, every header has three columns"
            for header in self.headers:
                self.manifest.refuse(f"line {header.line}", [(VIDEO_HEADER, reason)] if header.columns < 3 else [])

    def _read_header(self, line: int, cells: Sequence[str]) -> None:
        names = [cell.lower() for cell in cells]
        while not names[-1]:
            names.pop()
        unit_type = _TYPES.get(names[1]) if len(names) > 1 else UnitType.VIDEO
        if unit_type is None:
            known = ", ".join(dict.fromkeys(TITLE_HEADERS.values()))
            finding = (cells[1], f"is no header; known: {known}. The rows below were not read")
            self.manifest.refuse(f"line {line}", [finding])
        elif names[2:] not in ([], [VIDEO_HEADER.lower()]):
            finding = (cells[2], f"is no header; the third column is {VIDEO_HEADER}. The rows below were not read")
            self.manifest.refuse(f"line {line}", [finding])
            unit_type = None
        self.headers.append(_Header(line, unit_type, len(names)))

    def _read_row(self, header: _Header, header_type: UnitType, line: int, cells: Sequence[str]) -> None:
        url, title, create_video = [*cells, "", ""][:3]
        unit_type = header_type
        if header_type is UnitType.IMAGE_GROUP and _CREATE_VIDEO.get(create_video.lower(), False):
            unit_type = UnitType.IMAGE_SEQUENCE
        findings = list(_row_findings(header_type, header.columns, cells, create_video))
        if title or header_type is UnitType.IMAGE_GROUP:
            findings += title_findings(title)
        findings += url_findings(URL_HEADER, url, unit_type)
        if unit_type.is_group and (title or unit_type is UnitType.DICOM_SERIES):
            # A series without a title is a file of its own.
            fresh = _Group(line, title or file_name(url), unit_type)
            group = self.groups.setdefault((TITLE_HEADERS[unit_type], title or url), fresh)
            findings += _join(group, unit_type, url, is_sound=not findings)
        elif not findings:
            self.manifest.units[f"line {line}"] = Unit(unit_type, title or file_name(url), (url,), (url,), {})
        self.manifest.refuse(f"line {line}", findings)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank with their lines; URLs as they are, other cells without spaces around them."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, [cells[0], *(cell.strip() for cell in cells[1:])]
        line = reader.line_num + 1


def _row_findings(header_type: UnitType, columns: int, cells: Sequence[str], create_video: str) -> Iterator[Finding]:
    if any(cells[columns:]):
        yield "", f"has more cells than its header has columns ({columns}); quote cells that hold a comma"
    if columns < 3:
        return
    if create_video.lower() not in _CREATE_VIDEO:
        yield VIDEO_HEADER, f"is {create_video!r}; write true, false, or nothing for true"
    elif header_type is not UnitType.IMAGE_GROUP and _CREATE_VIDEO[create_video.lower()]:
        yield VIDEO_HEADER, f"must be false for {with_article(header_type)}, since nothing means true"


def _join(group: _Group, unit_type: UnitType, url: str, *, is_sound: bool) -> Iterator[Finding]:
    group.urls.append(url)
    if is_sound and group.type is not unit_type:
        is_sound = False
        yield (
            VIDEO_HEADER,
            f"makes this {with_article(unit_type)}, unlike line {group.line} of the same title; choose one",
        )
    group.is_sound &= is_sound
