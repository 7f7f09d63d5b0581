"""What a dialect makes of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

XML, JSON = "application/xml", "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer without its length."""

    body: bytes = b""
    media_type: str = XML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def xml_text(text: str) -> str:
    # A bare carriage return would be read as a line feed.
    return escape(text, {"\r": "&#13;"})
