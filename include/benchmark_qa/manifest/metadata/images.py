"""Size and type of an image, from its header."""

from __future__ import annotations

import io
import struct
from pathlib import PurePosixPath
from typing import Any, BinaryIO, TypeAlias, cast

from include.benchmark_qa.manifest.metadata.reader import RangeFile, UnreadableError
from include.benchmark_qa.manifest.metadata.sniffing import guess

# MPO is what phones name a JPEG with a second picture after it.
_MIME_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
}
_HEAD = 64 * 1024
_LARGEST_AVIF = 64 * 1024 * 1024
_ORIENTATION = 0x0112
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_WEBP_HAS_EXIF = 0x08

_Facts: TypeAlias = tuple[str, tuple[int, int], bytes | None]
"""MIME type, width and height as stored, EXIF data."""


def read_image(file: RangeFile) -> dict[str, Any]:
    """
    Return ``mime_type``, ``file_size`` (bytes), ``width`` and ``height`` (pixels), by the content and not the name.

    Width and height are those of the picture as browsers show it, that is after the turn that EXIF asks for, since that
    is what labels are drawn on.
    """
    head = file.read(_HEAD)
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    mime_type, (width, height), exif = _webp_facts(file, head) if is_webp else _pillow_facts(file, head)
    if exif and _orientation(exif) in _QUARTER_TURNS:
        width, height = height, width
    return {"mime_type": mime_type, "file_size": file.size, "width": width, "height": height}


def _pillow_facts(file: RangeFile, head: bytes) -> _Facts:
    from PIL import Image, UnidentifiedImageError

    file.seek(0)
    source = _padded(head, file.size) if head[4:12] in {b"ftypavif", b"ftypavis"} else file
    try:
        with Image.open(cast("BinaryIO", source)) as image:
            kind, size, exif = image.format or "", image.size, image.info.get("exif")
    except Image.DecompressionBombError as error:
        raise UnreadableError(f"is an image beyond all limits: {error}") from None
    except UnidentifiedImageError:
        raise UnreadableError(f"is no image that can be read: {guess(head)}") from None
    if kind not in _MIME_TYPES:
        raise UnreadableError(
            f"is named {PurePosixPath(file.key).suffix} but holds {kind}, which Encord does not take; convert it"
        )
    return _MIME_TYPES[kind], size, None if kind == "TIFF" else exif  # Pillow has turned a TIFF already


def _padded(head: bytes, size: int) -> io.BytesIO:
    """Return a file that begins truly and goes on with zeros: Pillow loads all of an AVIF to look at its header."""
    return io.BytesIO(head.ljust(min(size, _LARGEST_AVIF), b"\0"))


def _orientation(exif: bytes) -> int | None:
    from PIL import Image

    tags = Image.Exif()
    try:
        tags.load(exif)
    except (OSError, SyntaxError, ValueError, struct.error):  # browsers show such a picture as it is
        return None
    return tags.get(_ORIENTATION)


def _webp_facts(file: RangeFile, head: bytes) -> _Facts:
    """Return the facts out of the chunks' headers (RFC 9649); Pillow would load the whole file."""
    kind, data = head[12:16], head[20:30]
    if len(data) == 10 and kind == b"VP8X":
        size = 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
        return "image/webp", size, _webp_exif(file) if data[0] & _WEBP_HAS_EXIF else None
    if len(data) == 10 and kind == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return "image/webp", (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)), None
    if len(data) == 10 and kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 6)
        return "image/webp", (width & 0x3FFF, height & 0x3FFF), None
    raise UnreadableError("is a damaged image: the first chunk of this WebP tells no size")


def _webp_exif(file: RangeFile) -> bytes | None:
    """Return the EXIF chunk, which comes after the picture; only the chunks' headers before it are read."""
    file.seek(12)
    while len(header := file.read(8)) == 8:
        length = int.from_bytes(header[4:], "little")
        if header[:4] == b"EXIF":
            return file.read(length)
        file.seek(length + length % 2, io.SEEK_CUR)
    return None
