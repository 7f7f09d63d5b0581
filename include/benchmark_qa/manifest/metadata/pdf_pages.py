"""
The number of pages of a PDF, from its cross-reference and page tree (ISO 32000-1, 7.5), by a few small reads.

No library of the lock file reads PDFs. Only the few entries on the way to the number are looked for; what does not lead
there (a damaged file, an encrypted page tree) is a problem.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias, TypeVar

from include.benchmark_qa.manifest.metadata.reader import RangeFile, UnreadableError
from include.benchmark_qa.manifest.metadata.sniffing import SNIFFED, guess

_TAIL = 2048
_CHUNK = 64 * 1024
_MOST_SECTIONS = 10_000  # of one cross-reference; each saved change adds one

_Value = TypeVar("_Value")
_Place: TypeAlias = tuple[int, int]
"""Offset in the file and -1, or number of the object stream and index in it."""


@dataclass(slots=True)
class _CrossReference:
    places: dict[int, _Place] = field(default_factory=dict)
    root: int | None = None
    is_encrypted: bool = False


def count_pages(file: RangeFile) -> int:
    """
    Return the number of pages.

    :raises UnreadableError: the file is no PDF, or the number cannot be found
    """
    file.seek(0)
    head = file.read(1024)
    if b"%PDF-" not in head:
        raise UnreadableError(f"is no PDF: {guess(head[:SNIFFED])}")
    pages = _linearized_pages(head, file.size)
    if pages is None:
        table = _cross_reference(file)
        catalog = _object(file, table, _required(table.root, "no catalog"))
        tree = _object(file, table, _required(_number(rb"/Pages\s+(\d+)\s+\d+\s+R", catalog), "no page tree"))
        pages = _required(_number(rb"/Count\s+(\d+)", tree), "no number of pages")
    if pages < 1:
        raise UnreadableError("is a PDF without a page")
    return pages


def _linearized_pages(head: bytes, size: int) -> int | None:
    """Return the number that a PDF for the web tells at its beginning, if it was not changed since."""
    if b"/Linearized" not in head or _number(rb"/L\s+(\d+)", head) != size:
        return None
    return _number(rb"/N\s+(\d+)", head)


def _cross_reference(file: RangeFile) -> _CrossReference:
    file.seek(max(0, file.size - _TAIL))
    starts = re.findall(rb"startxref\s+(\d+)", file.read(_TAIL))
    waiting, seen = [int(_required(starts[-1] if starts else None, "no cross-reference at its end"))], set[int]()
    table = _CrossReference()
    while waiting and len(seen) < _MOST_SECTIONS:
        offset = waiting.pop(0)
        if offset in seen:
            continue
        seen.add(offset)
        file.seek(offset)
        begins = file.read(20).lstrip()
        trailer = _read_table(file, offset, table) if begins.startswith(b"xref") else _read_stream(file, offset, table)
        if table.root is None:
            table.root = _number(rb"/Root\s+(\d+)\s+\d+\s+R", trailer)
        table.is_encrypted |= b"/Encrypt" in trailer
        # Of what is said twice the first counts: the newest, and of a section its table before its stream.
        linked = (_number(rb"/XRefStm\s+(\d+)", trailer), _number(rb"/Prev\s+(\d+)", trailer))
        waiting = [one for one in linked if one is not None] + waiting
    return table


def _read_table(file: RangeFile, offset: int, table: _CrossReference) -> bytes:
    """Read a classic table of lines of 20 bytes; return its trailer."""
    text = _read_until(file, offset, rb"trailer.*?(startxref|%%EOF)")
    entries, _, trailer = text.partition(b"trailer")
    number = 0
    for words in (line.split() for line in entries.splitlines()):
        if len(words) == 2 and words[0] != b"xref":
            number = int(words[0])
        elif len(words) == 3:
            if words[2] == b"n":
                table.places.setdefault(number, (int(words[0]), -1))
            number += 1
    return trailer


def _read_stream(file: RangeFile, offset: int, table: _CrossReference) -> bytes:
    """Read a cross-reference that is a stream of packed entries; return its dictionary."""
    header, data = _stream(file, offset)
    widths = [int(one) for one in _required(re.search(rb"/W\s*\[\s*([\d\s]+)\]", header), "no entry widths")[1].split()]
    index = re.search(rb"/Index\s*\[\s*([\d\s]+)\]", header)
    ranges = [int(one) for one in index[1].split()] if index else [0, _number(rb"/Size\s+(\d+)", header) or 0]
    at = 0
    for first, count in zip(ranges[::2], ranges[1::2], strict=True):
        for number in range(first, first + count):
            ends = [at + sum(widths[:position]) for position in range(4)]
            kind, second, third = (int.from_bytes(data[start:end], "big") for start, end in pairwise(ends))
            kind = kind if widths[0] else 1
            if kind in {1, 2}:
                table.places.setdefault(number, (second, -1 if kind == 1 else third))
            at += sum(widths)
    return header


def _object(file: RangeFile, table: _CrossReference, number: int) -> bytes:
    place, index = _required(table.places.get(number), f"no object {number}")
    if index < 0:
        return _read_until(file, place, rb"endobj|stream")
    if table.is_encrypted:
        raise UnreadableError("is an encrypted PDF whose number of pages cannot be read; save it without a password")
    header, data = _stream(file, _required(table.places.get(place), f"no object {place}")[0])
    first = _required(_number(rb"/First\s+(\d+)", header), "no object offsets")
    offsets = [*[int(one) for one in data[:first].split()][1::2], len(data) - first]
    return data[first + offsets[index] : first + offsets[index + 1]]


def _stream(file: RangeFile, offset: int) -> tuple[bytes, bytes]:
    """Return dictionary and decoded content of the stream object at an offset."""
    header = _read_until(file, offset, rb"stream\r?\n")
    length = _required(_number(rb"/Length\s+(\d+)(?!\d|\s+\d+\s+R)", header), "no length of a stream")
    file.seek(offset + len(header))
    data = file.read(length)
    if b"/FlateDecode" in header:
        data = zlib.decompress(data)
    predictor = _number(rb"/Predictor\s+(\d+)", header) or 1
    if predictor >= 10:
        data = _undo_png_up(data, _number(rb"/Columns\s+(\d+)", header) or 1)
    return header, data


def _undo_png_up(data: bytes, columns: int) -> bytes:
    """Undo the row filters None and Up (PNG 9.2), the only ones that writers of PDF use here."""
    rows, above = [], bytes(columns)
    for start in range(0, len(data), columns + 1):
        kind, row = data[start], data[start + 1 : start + 1 + columns]
        if kind not in {0, 2}:
            raise UnreadableError(f"is a PDF whose cross-reference uses the row filter {kind}, which is not supported")
        above = row if kind == 0 else bytes((one + up) & 0xFF for one, up in zip(row, above, strict=False))
        rows.append(above)
    return b"".join(rows)


def _read_until(file: RangeFile, offset: int, pattern: bytes) -> bytes:
    """Return what lies between an offset and the end of the first match."""
    file.seek(offset)
    text, length = b"", _CHUNK
    while chunk := file.read(length):
        text += chunk
        length *= 2  # each look begins anew, so few looks at much
        if found := re.search(pattern, text, re.DOTALL):
            return text[: found.end()]
    raise UnreadableError("is a damaged or cut off PDF: an object in it has no end")


def _number(pattern: bytes, text: bytes) -> int | None:
    found = re.search(pattern, text)
    return int(found[1]) if found else None


def _required(value: _Value | None, missing: str) -> _Value:
    if value is None:
        raise UnreadableError(f"is a damaged PDF, or not one as the standard has it: there is {missing}")
    return value
