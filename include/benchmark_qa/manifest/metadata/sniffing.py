"""What a file looks like by its first bytes, for the messages about files that are not what they should be."""

from __future__ import annotations

# Offset and bytes; the first that fits counts.
_SIGNATURES = (
    (128, b"DICM", "DICOM"),  # what comes before it may look like a TIFF
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n", "PNG"),
    (0, b"GIF8", "GIF"),
    (8, b"WEBP", "WebP"),
    (8, b"WAVE", "WAV"),
    (8, b"AVI ", "AVI"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftyp", "MP4 or QuickTime"),
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"BM", "BMP"),
    (0, b"fLaC", "FLAC"),
    (0, b"ID3", "MP3"),
    (0, b"OggS", "Ogg"),
    (0, b"%PDF-", "PDF"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "something packed with gzip"),
    (0, b"<", "HTML or XML"),
    (0, b"{", "JSON"),
)
SNIFFED = 256
"""How many bytes at most are looked at."""


def content_name(head: bytes) -> str | None:
    """
    Return what a file seems to be, or None.

    >>> content_name(b"%PDF-1.7")
    'PDF'
    """
    found = (name for offset, mark, name in _SIGNATURES if head[offset : offset + len(mark)] == mark)
    return next(found, None)


def guess(head: bytes) -> str:
    """Return a half-sentence about why a file that begins so cannot be read."""
    if not head:
        return "it is empty"
    if not head.strip(b"\0"):
        return "it begins with nothing but zeros"
    name = content_name(head)
    likeness = f"it begins like {name}" if name else "it begins like no known format"
    return f"{likeness}, and is damaged, cut off, or of another type than its name says"
