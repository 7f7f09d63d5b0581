"""The size of an uploaded image: the one thing the emulator looks into a file for, as labels are drawn on it."""

from __future__ import annotations

import struct

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG's segments that tell the size."""
LOOKED_AT = 1024 * 1024
"""Bytes; thumbnails and colour profiles may come before the size."""


def image_size(content: bytes) -> tuple[int, int] | None:
    """
    Return width and height of a PNG, GIF or JPEG in pixels, ``None`` for anything else.

    >>> image_size(b"GIF89a" + bytes([64, 0, 48, 0]))
    (64, 48)
    """
    content = content[:LOOKED_AT]
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack_from(">II", content, 16)
        elif content.startswith((b"GIF87a", b"GIF89a")):
            width, height = struct.unpack_from("<HH", content, 6)
        elif content.startswith(b"\xff\xd8"):
            width, height = _jpeg_size(content)
        else:
            return None
    except struct.error:  # cut off
        return None
    return (width, height) if width and height else None


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while True:
        lead, marker, length = struct.unpack_from(">BBH", content, at)
        if lead != 0xFF:
            return 0, 0
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 1 if marker == 0xFF else 2 + max(2, length)  # a run of 0xFF is padding
