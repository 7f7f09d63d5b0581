"""PDFs as different writers make them: classic tables, cross-reference streams, object streams, later changes."""

from __future__ import annotations

import struct
import zlib

import pytest

from include.benchmark_qa.manifest.metadata.media import read_media
from include.benchmark_qa.manifest.metadata.reader import UnreadableError
from include.benchmark_qa.manifest.model import UnitType
from tests.unit.manifest_metadata.metadata_support import CountingBucket

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
CATALOG = b"<< /Type /Catalog /PageLabels 9 0 R /Pages 2 0 R >>"


def pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (10 + number) for number in range(count))
    return b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)


def numbered(number: int, body: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, body)


def stream(entries: bytes, data: bytes, *, packed: bool = True) -> bytes:
    data = zlib.compress(data) if packed else data
    filters = b"/Filter /FlateDecode " if packed else b""
    return b"<< %s %s/Length %d >>\nstream\r\n%s\nendstream" % (entries, filters, len(data), data)


def with_table(before: bytes, bodies: dict[int, bytes], more: bytes = b"") -> bytes:
    """Append objects and a classic table of them."""
    out, lines = before, b""
    for number, body in bodies.items():
        lines += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += numbered(number, body)
    tail = b"trailer\n<< /Size 20 /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (more, len(out))
    return out + b"xref\n0 1\n0000000000 65535 f \n" + lines + tail


def with_stream(bodies: dict[int, bytes], inside: dict[int, bytes], *, predictor: bool, more: bytes = b"") -> bytes:
    """Return a PDF whose cross-reference is a stream, with some objects inside an object stream, number 7."""
    heads, texts = b"", b""
    for number, body in inside.items():
        heads += b"%d %d " % (number, len(texts))
        texts += body + b" "
    out, rows = HEADER, {0: (0, 0, 255)}
    packed = stream(b"/Type /ObjStm /N %d /First %d" % (len(inside), len(heads)), heads + texts)
    for number, body in (bodies | {7: packed}).items():
        rows[number] = (1, len(out), 0)
        out += numbered(number, body)
    rows |= {number: (2, 7, index) for index, number in enumerate(inside)}
    rows[8] = (1, len(out), 0)
    table = [struct.pack(">BHB", *rows.get(number, (0, 0, 0))) for number in range(9)]
    parameters = b"/DecodeParms << /Columns 4 /Predictor 12 >>" if predictor else b""
    data = up_filtered(table) if predictor else b"".join(table)
    entries = b"/Type /XRef /Size 9 /W [1 2 1] /Root 1 0 R %s %s" % (parameters, more)
    start = len(out)
    return out + numbered(8, stream(entries, data)) + b"startxref\n%d\n%%%%EOF" % start


def up_filtered(rows: list[bytes]) -> bytes:
    above, out = bytes(4), b""
    for row in rows:
        out += b"\x02" + bytes((one - up) % 256 for one, up in zip(row, above, strict=True))
        above = row
    return out


def page_count(bucket: CountingBucket, data: bytes) -> int:
    bucket.write("a.pdf", data)
    return int(read_media(UnitType.PDF, bucket, "a.pdf", len(data))["num_pages"])


def test_a_classic_table(bucket: CountingBucket) -> None:
    picture = stream(b"/Type /XObject", bytes(3_000_000), packed=False)
    assert page_count(bucket, with_table(HEADER, {5: picture, 1: CATALOG, 2: pages(12)})) == 12
    assert bucket.fetched < 300_000


def test_a_table_of_many_objects(bucket: CountingBucket) -> None:
    bodies = {1: CATALOG, 2: pages(3)} | dict.fromkeys(range(20, 20_000), b"0")
    assert page_count(bucket, with_table(HEADER, bodies)) == 3


def test_of_later_changes_the_last_counts(bucket: CountingBucket) -> None:
    first = with_table(HEADER, {1: CATALOG, 2: pages(3)})
    changed = with_table(first, {2: pages(5)}, b"/Prev %d " % first.rindex(b"xref\n0 1"))
    assert page_count(bucket, changed) == 5
    again = with_table(changed, {15: b"(note)"}, b"/Prev %d " % changed.rindex(b"xref\n0 1"))
    assert page_count(bucket, again) == 5


@pytest.mark.parametrize("predictor", [False, True])
def test_cross_reference_and_objects_in_streams(bucket: CountingBucket, predictor: bool) -> None:
    data = with_stream({}, {3: b"<< /Other 1 >>", 1: CATALOG, 2: pages(4)}, predictor=predictor)
    assert page_count(bucket, data) == 4


def test_a_catalog_outside_and_a_page_tree_inside(bucket: CountingBucket) -> None:
    assert page_count(bucket, with_stream({1: CATALOG}, {2: pages(6)}, predictor=True)) == 6


def test_a_pdf_for_the_web_tells_its_pages_at_once(bucket: CountingBucket) -> None:
    body = with_table(HEADER, {1: CATALOG, 2: pages(2)})
    first = b"%PDF-1.7\n1 0 obj\n<< /Linearized 1 /L 0000000 /O 4 /E 9 /N 31 /T 7 >>\nendobj\n"
    data = first + bytes(1_000_000) + body
    data = data.replace(b"/L 0000000", b"/L %07d" % len(data))
    assert page_count(bucket, data) == 31
    assert bucket.fetched == 64 * 1024


def test_what_encryption_hides_is_a_problem(bucket: CountingBucket) -> None:
    open_tree = with_table(HEADER, {1: CATALOG, 2: pages(3)}, b"/Encrypt 6 0 R ")
    assert page_count(bucket, open_tree) == 3
    with pytest.raises(UnreadableError, match="encrypted"):
        page_count(bucket, with_stream({1: CATALOG}, {2: pages(6)}, predictor=True, more=b"/Encrypt 6 0 R"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (with_table(HEADER, {1: CATALOG, 2: pages(3)})[:-60], "no cross-reference"),
        (with_table(HEADER, {1: CATALOG}), "no object 2"),
        (with_table(HEADER, {1: b"<< >>", 2: pages(3)}), "no page tree"),
        (with_table(HEADER, {1: CATALOG, 2: b"<< /Kids [] >>"}), "no number of pages"),
        (with_table(HEADER, {1: CATALOG, 2: pages(0)}), "without a page"),
        (HEADER + b"startxref\n999999999\n%%EOF", "damaged"),
        (b"<html>", "no PDF"),
    ],
)
def test_what_leads_to_no_number_is_a_problem(bucket: CountingBucket, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        page_count(bucket, data)
