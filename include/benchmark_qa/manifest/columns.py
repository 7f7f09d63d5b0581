"""
Keys as columns: what can be said of thousands of keys at once, by Arrow's kernels.

Only of *simple* keys: printable ASCII without quotation marks and backslashes, so that a key stands in JSON as it is
and Python's ``re`` and Arrow's RE2 agree about it; and nothing hidden, no empty segment. All others go one by one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.manifest.arrow import Column, as_rows, kernels, text_layout
from include.benchmark_qa.manifest.patterns import glob_expression

if TYPE_CHECKING:
    from include.benchmark_qa.manifest.arrow import Rows
    from include.benchmark_qa.manifest.rules import FileRule


_FIRST = r"[ !#-\-0-\[\]-~]"  # of a segment: printable, and none of " \ / .
_LATER = r"[ !#-.0-\[\]-~]"
_SIMPLE = f"(?:{_FIRST}{_LATER}*/)*{_FIRST}{_LATER}*"
_HADOOP_MARKER = "_$folder$"
# What a URL carries as it is (RFC 3986); of the other simple characters each becomes "%" and two digits.
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
# An escaped character, a class of characters, or the bracket that opens a group without a name.
_GROUP_OPENS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?)", re.DOTALL)


def simple_rows(keys: Column, prefix: str) -> Rows:
    """Tell of each key of a string array whether it is simple and begins with the prefix."""
    import numpy as np

    pc = kernels()

    if not re.fullmatch(r"[ !#-\[\]-~]*", prefix):
        return np.zeros(len(keys), bool)
    if _is_all_plain(keys, prefix):
        return np.ones(len(keys), bool)
    simple = pc.match_substring_regex(keys, f"^{re.escape(prefix)}{_SIMPLE}$")
    return as_rows(pc.and_not(simple, pc.ends_with(keys, _HADOOP_MARKER)))


def _is_all_plain(keys: Column, prefix: str) -> bool:
    """Tell whether every key is simple and needs no escaping: one look at the bytes, cheaper than at each key."""
    pc = kernels()

    lengths, starts, content = text_layout(keys)
    if not len(keys) or int(lengths.min()) <= len(prefix) or unsafe_bytes(content):
        return False
    slash, dot = (content == ord(character) for character in "/.")
    if (slash[:-1] & (slash[1:] | dot[1:])).any():  # an empty or a hidden segment, or two keys that only look so
        return False
    first = starts + len(prefix)
    if (slash[first] | dot[first] | slash[starts + lengths - 1]).any():
        return False
    return bool(as_rows(pc.starts_with(keys, prefix)).all())


def unsafe_bytes(content: Any) -> set[int]:
    """Return which bytes that a URL does not carry as they are occur in an array of bytes."""
    return set(content.tobytes().translate(None, _UNRESERVED))


def url_paths(keys: Column) -> Column:
    """Return simple keys as paths of URLs: percent-encoded, slashes kept."""
    pc = kernels()

    unsafe = unsafe_bytes(text_layout(keys)[2])
    for byte in sorted(unsafe, key=lambda byte: byte != ord("%")):  # the sign of escapes before any escape
        keys = pc.replace_substring(keys, chr(byte), f"%{byte:02X}")
    return keys


def key_columns(keys: Column, fields: frozenset[str]) -> dict[str, Column]:
    """Return those of ``patterns.KEY_FIELDS`` that are asked for, of simple keys."""
    pc = kernels()

    columns = {"key": keys}
    if "directory" in fields:
        nested = pc.match_substring(keys, "/")
        columns["directory"] = pc.if_else(nested, pc.replace_substring_regex(keys, "/[^/]*$", ""), "")
    if fields & {"name", "stem"}:
        columns["name"] = pc.replace_substring_regex(keys, "^.*/", "")
    if "stem" in fields:
        columns["stem"] = pc.list_element(pc.split_pattern(columns["name"], ".", max_splits=1), 0)
    return columns


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
