"""Values out of JSON that may hold anything: each is what it should be, or a problem in words."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from include.benchmark_qa.labels.limits import BORDER_TOLERANCE, LARGEST_SIDE
from include.benchmark_qa.labels.vocabulary import clean
from include.benchmark_qa.labels.wire import LARGEST_FRAME


class ProblemError(ValueError):
    """Something that cannot be read; its text goes on after the name of the label: "has x = nan, which ..."."""


def shown(value: object) -> str:
    """Return a value as an annotation manager may see it: never more than a line."""
    return reprlib.repr(value)


def mapping(value: object, name: str) -> Mapping[str, Any]:
    """Return a JSON object; none for null."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ProblemError(f"the labels are corrupt ({name} is {shown(value)}, not an object)")
    return value


def sequence(value: object, name: str) -> Sequence[Any]:
    """Return a JSON array; an empty one for null."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise ProblemError(f"the labels are corrupt ({name} is {shown(value)}, not a list)")
    return value


def text_of(raw: Mapping[str, Any], key: str) -> str:
    """Return a hash or a name that must be there."""
    value = raw.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return shown(value)
    if not isinstance(value, str):
        raise ProblemError(f"the labels are corrupt (missing {key!r})")
    return clean(value)


def number(value: object, name: str) -> float:
    """Return a finite number."""
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = math.inf
        if math.isfinite(found):
            return found
    raise ProblemError(f"has {name} = {shown(value)}, which is not a finite number")


def numbers(raw: Mapping[str, Any], names: Iterable[str]) -> list[float]:
    """Return the finite numbers of these names."""
    return [number(raw.get(name), name) for name in names]


def check_inside(*values: float) -> None:
    """Refuse coordinates outside the image."""
    for value in values:
        if not -BORDER_TOLERANCE <= value <= 1 + BORDER_TOLERANCE:
            raise ProblemError(f"reaches outside the image (coordinate {value:g}, expected 0 to 1)")


def check_sides(what: str, *values: float) -> None:
    """Refuse lengths below 0, and those that no image has."""
    if any(value < 0 for value in values):
        raise ProblemError(f"has a negative {what} ({' x '.join(f'{value:g}' for value in values)})")
    if any(value > LARGEST_SIDE for value in values):
        raise ProblemError(f"has a {what} of more than {LARGEST_SIDE:g} images ({max(values):g})")


def whole(value: object, name: str) -> int:
    """Return a number of a frame, a pixel or a character: whole, and not negative."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_FRAME:
        raise ProblemError(f"has {name} = {shown(value)}, which is not a whole number from 0 on")
    return value


def frame_of(value: object) -> int:
    """Return a frame's number, which Encord writes as a number or as text; 0 for null."""
    try:
        frame = int(value or 0) if isinstance(value, str | int | None) else -1
    except ValueError:
        frame = -1
    if not 0 <= frame <= LARGEST_FRAME:
        raise ProblemError(f"the labels are corrupt (frame {shown(value)} does not exist)")
    return frame


def frame_ranges(value: object) -> list[tuple[int, int]]:
    """Return ranges of frames, both ends inclusive, in order; those that overlap become one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(_frame_range(one) for one in sequence(value, "range")):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def _frame_range(value: object) -> tuple[int, int]:
    first, last = (whole(end, "a frame") for end in pair(value))
    if first > last:
        raise ProblemError(f"has the range {shown(value)}, which ends before it begins")
    return first, last


def pair(value: object) -> Sequence[Any]:
    """Return the two ends of a range."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ProblemError(f"has {shown(value)} for a range, which is not two numbers")
    return value
