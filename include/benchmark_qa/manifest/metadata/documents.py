"""Texts and PDF documents."""

from __future__ import annotations

import mimetypes
from typing import Any

from include.benchmark_qa.manifest.metadata.pdf_pages import count_pages
from include.benchmark_qa.manifest.metadata.reader import RangeFile


def read_text(file: RangeFile) -> dict[str, Any]:
    """Return ``file_size`` (bytes) and ``mime_type``, which its name tells; nothing is fetched."""
    return {"file_size": file.size, "mime_type": mimetypes.guess_type(file.key)[0] or "text/plain"}


def read_pdf(file: RangeFile) -> dict[str, Any]:
    """Return ``file_size`` (bytes) and ``num_pages``."""
    return {"file_size": file.size, "num_pages": count_pages(file)}
