from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.benchmark_qa.labels.careful_values import (
    ProblemError,
    mapping,
    number,
    pair,
    sequence,
    shown,
    whole,
)
from include.benchmark_qa.labels.limits import LARGEST_COORDINATE
from include.benchmark_qa.labels.wire import HtmlPlace, HtmlRange, ObjectAnswer


def read_extent(feature_hash: str, raw: Mapping[str, Any]) -> ObjectAnswer:
    """Return the ranges of an object that is ranges of a file: milliseconds, characters, or places in HTML."""
    html = [_html_range(mapping(one, "a range")) for one in sequence(raw.get("range_html"), "range_html")]
    ranges = [_range(one) for one in sequence(raw.get("range"), "range")]
    if not html and not ranges:
        raise ProblemError("has no range")
    return ObjectAnswer(None, feature_hash, ranges, html)


def _range(raw: object) -> tuple[float, float]:
    start, end = (number(value, "an end of a range") for value in pair(raw))
    if start > end:
        raise ProblemError(f"has the range {shown(raw)}, which ends before it begins")
    if max(-start, end) > LARGEST_COORDINATE:
        raise ProblemError(f"has the range {shown(raw)}, which is out of all bounds")
    return start, end


def _html_range(raw: Mapping[str, Any]) -> HtmlRange:
    start, end = (_place(mapping(raw.get(name), name)) for name in ("start", "end"))
    if start.xpath == end.xpath and start.offset > end.offset:
        raise ProblemError(f"has the range {start.offset} to {end.offset}, which ends before it begins")
    return HtmlRange(start, end)


def _place(raw: Mapping[str, Any]) -> HtmlPlace:
    xpath = raw.get("xpath")
    if not isinstance(xpath, str):
        raise ProblemError("has a range without an xpath")
    return HtmlPlace(xpath, whole(raw.get("offset"), "an offset"))
