"""
Keys as columns: what can be said of thousands of keys at once, by Arrow's kernels and numpy.

Only of *simple* keys: without control characters, quotation marks and backslashes, so that a key stands in JSON as it
is; nothing hidden, no empty segment; and none about which Python and Arrow might differ. All others go one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.manifest.arrow import Column, as_rows, kernels, slices, text_array, text_layout
from include.benchmark_qa.manifest.patterns import glob_expression

if TYPE_CHECKING:
    from include.benchmark_qa.manifest.arrow import Rows
    from include.benchmark_qa.manifest.rules import FileRule


_HADOOP_MARKER = "_$folder$"
_KELVIN = "\u212a"  # the one letter beyond ASCII that Python makes an ASCII letter when it lowers it
_UNSIMPLE = re.compile(r'[\x00-\x1f"\\\x7f]')
# What a URL carries as it is (RFC 3986); each other byte becomes "%" and two digits.
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
# Bytes by what becomes of them in a URL, and whether they may be in a simple key.
_AS_IS, _ESCAPED, _ODD = range(3)
_CLASSES = bytes(
    _AS_IS if byte in _UNRESERVED else _ODD if _UNSIMPLE.match(chr(byte)) else _ESCAPED for byte in range(256)
)
# An escaped character, a class of characters, or the bracket that opens a group without a name.
_GROUP_OPENS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?)", re.DOTALL)
# What Python's ``re`` and Arrow's RE2 understand differently of characters beyond ASCII.
_DIFFERS_BEYOND_ASCII = re.compile(r"\\[bBdDsSwW]|\(\?[a-zA-Z-]+[:)]")


def simple_rows(keys: Column, prefix: str, *, ascii_only: bool) -> Rows:
    """Tell of each key of a string array, all valid UTF-8, whether it is simple and begins with the prefix."""
    import numpy as np

    pc = kernels()

    lengths, starts, content = text_layout(keys)
    first = starts + len(prefix.encode())  # of what follows the prefix
    simple: Rows = starts + lengths > first
    if _UNSIMPLE.search(prefix) or not simple.any():
        return np.zeros(len(keys), bool)
    simple &= as_rows(pc.starts_with(keys, prefix))
    text = content.tobytes()

    def leave_out(positions: Any) -> None:
        simple[np.searchsorted(starts, positions, "right") - 1] = False

    classes = np.frombuffer(text.translate(_CLASSES), np.uint8)
    leave_out(np.flatnonzero(classes == _ODD))
    if not text.isascii():
        if ascii_only:
            leave_out(np.flatnonzero(content > 127))
        elif _KELVIN.encode() in text:
            simple &= ~as_rows(pc.match_substring(keys, _KELVIN))
    slash, dot = (content == ord(character) for character in "/.")
    # An empty or a hidden segment. Two keys may only look so together, and the prefix may be what it likes.
    begins = np.flatnonzero(slash[:-1] & (slash[1:] | dot[1:])) + 1
    leave_out(begins[begins > first[np.searchsorted(starts, begins, "right") - 1]])
    chosen = np.flatnonzero(simple)
    begins, ends = first[chosen], starts[chosen] + lengths[chosen]
    simple[chosen] = ~(slash[begins] | dot[begins] | slash[ends - 1])
    return simple & ~as_rows(pc.ends_with(keys, _HADOOP_MARKER)) if b"$" in text else simple


def url_paths(keys: Column) -> Column:
    """Return simple keys as paths of URLs: percent-encoded, slashes kept."""
    import numpy as np

    lengths, starts, content = text_layout(keys)
    text = content.tobytes()
    escaped = np.flatnonzero(np.frombuffer(text.translate(_CLASSES), bool))
    if not len(escaped):
        return keys
    for byte in sorted(
        set(content[escaped].tolist()), key=lambda byte: byte != ord("%")
    ):  # the sign of escapes before any escape
        text = text.replace(bytes([byte]), b"%%%02X" % byte)
    ends = starts + lengths
    return text_array(np.append(0, ends + 2 * np.searchsorted(escaped, ends)), text)


def key_columns(keys: Column, fields: frozenset[str]) -> dict[str, Column]:
    """Return those of ``patterns.KEY_FIELDS`` that are asked for, of simple keys."""
    import numpy as np

    columns = {"key": keys}
    if fields <= columns.keys():
        return columns
    lengths, starts, content = text_layout(keys)
    ends = starts + lengths
    slashes = np.append(-1, np.flatnonzero(content == ord("/")))
    names = np.maximum(slashes[np.searchsorted(slashes, ends) - 1] + 1, starts)
    if "directory" in fields:
        columns["directory"] = slices(content, starts, np.maximum(names - 1, starts))
    if "name" in fields:
        columns["name"] = slices(content, names, ends)
    if "stem" in fields:
        dots = np.append(np.flatnonzero(content == ord(".")), len(content))
        columns["stem"] = slices(content, names, np.minimum(dots[np.searchsorted(dots, names)], ends))
    return columns


def differs_beyond_ascii(rules: Sequence[FileRule]) -> bool:
    """Tell whether the rules might mean another thing to Arrow than to Python by a key that is not all ASCII."""
    return any(
        not all(suffix.isascii() for suffix in rule.suffixes) or _DIFFERS_BEYOND_ASCII.search(rule.pattern or "")
        for rule in rules
    )


class RuleColumns:
    """
    A rule's language, for simple keys.

    :raises ValueError: its regular expression is one that only Python can read (it looks ahead or back)
    """

    def __init__(self, rule: FileRule, prefix: str) -> None:
        import pyarrow as pa

        self._rule = rule
        self._expression: str | None = None
        if isinstance(rule.match, str):
            self._expression = f"(?s)^{re.escape(prefix)}(?:{glob_expression(rule.match)})$"
        elif rule.pattern is not None:
            if "[:" in rule.pattern:  # means different things to the two
                raise ValueError(rule.pattern)
            named_only = _GROUP_OPENS.sub(lambda found: "(?:" if found[0] == "(" else found[0], rule.pattern)
            self._expression = f"^{re.escape(prefix)}(?:{named_only})$"
            self.captures(pa.array([""]))  # raises where it cannot be read

    def matches(self, keys: Column) -> Rows:
        """Tell of each key whether the rule is for it."""
        pc = kernels()

        if self._expression is not None:
            return as_rows(pc.match_substring_regex(keys, self._expression))
        return ends_with_any(keys, self._rule.suffixes)

    def captures(self, keys: Column) -> dict[str, Column]:
        """Return the pattern's captures by name, of keys that it matches; empty too where one did not take part."""
        pc = kernels()

        if not self._rule.captures:
            pc.match_substring_regex(keys, self._expression or "")
            return {}
        found = pc.extract_regex(keys, self._expression or "")
        return {name: pc.struct_field(found, name) for name in self._rule.captures}


def ends_with_any(keys: Column, suffixes: tuple[str, ...]) -> Rows:
    """Tell of each key whether it ends in one of some suffixes in lower case, itself in whatever case."""
    import numpy as np

    pc = kernels()

    lowered = pc.ascii_lower(keys)
    found = np.zeros(len(keys), bool)
    for suffix in suffixes:
        found |= as_rows(pc.ends_with(lowered, suffix))
        if found.all():
            break
    return found
