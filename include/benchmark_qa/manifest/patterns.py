"""Small languages of the rules: globs over keys, templates for titles and metadata, numeric order of names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from string import Formatter

KEY_FIELDS = ("key", "name", "stem", "directory")

_GLOB_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|.", re.DOTALL)
_GLOB_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_CLASS_MEMBER = re.compile(r"(.)-(.)|.", re.DOTALL)
_NUMBER = re.compile(r"([0-9]+)")


def glob_expression(pattern: str) -> str:
    """
    Return a regular expression that follows the glob when it matches a whole key, case-sensitively.

    ``*`` and ``?`` stay within a directory, ``**/`` is any number of directories, none included, ``[abc]``
    and ``[!abc]`` one character. A pattern without a slash looks at the name alone, at any depth. Python's ``re`` and
    Arrow's RE2 read the expression alike; the dot has to match line ends.
    """
    anchored = pattern if "/" in pattern else f"**/{pattern}"
    return "".join(_translate(token) for token in _GLOB_TOKEN.findall(anchored))


def compile_glob(pattern: str) -> re.Pattern[str]:
    """
    Return an expression whose ``fullmatch`` follows the glob (see ``glob_expression``).

    >>> bool(compile_glob("groups/*/*.jpg").fullmatch("groups/a/1.jpg"))
    True
    >>> bool(compile_glob("groups/*.jpg").fullmatch("groups/a/1.jpg"))
    False
    >>> bool(compile_glob("*.jpg").fullmatch("groups/a/1.jpg"))
    True
    """
    return re.compile(glob_expression(pattern), re.DOTALL)


def _translate(token: str) -> str:
    if meaning := _GLOB_MEANING.get(token):
        return meaning
    if len(token) > 1:
        negated = token[1] == "!"
        members = "".join(_without_slash(member.group(0)) for member in _CLASS_MEMBER.finditer(token[1 + negated : -1]))
        # A class never matches the slash, as the other wildcards never do.
        return f"[^/{members}]" if negated else f"[{members}]"
    return re.escape(token)


def _without_slash(member: str) -> str:
    """Return one character or range of a class, written for ``re``, without the slash that a range may hold."""
    if len(member) == 1:
        return re.escape(member)
    first, last = member[0], member[2]
    ranges = [(first, "."), ("0", last)] if first < "/" < last else [(first, last)]
    return "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges)


def split_template(template: str, captures: Collection[str] = ()) -> tuple[tuple[str, str | None], ...]:
    """
    Return a template as pairs of plain text and the field that follows it, None after the last.

    :param captures: names that may be fields beside ``KEY_FIELDS``
    :raises ValueError: it names another field, or its braces do not close.
    """
    pieces: list[tuple[str, str | None]] = []
    for text, name, spec, conversion in Formatter().parse(template):
        known = name is None or name in KEY_FIELDS or name in captures
        if not known or spec or conversion:
            written = f"{{{name}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}}}"
            allowed = ", ".join(f"{{{field}}}" for field in (*KEY_FIELDS, *captures))
            raise ValueError(f"template {template!r} holds {written}; it may hold {allowed} and plain text")
        pieces.append((text, name))
    return tuple(pieces)


def fields_of_key(key: str) -> dict[str, str]:
    """Return what a template may say of a key; of a group, the key is what it is known by, such as its directory."""
    directory, _, name = key.rpartition("/")
    stem = name[:1] + name[1:].partition(".")[0]  # a leading dot belongs to the name
    return {"key": key, "name": name, "stem": stem, "directory": directory}


def fill_template(template: str, fields: Mapping[str, str]) -> str:
    """
    Return the template with its fields filled in.

    >>> fill_template("{directory} | {name} | {stem}", fields_of_key("production/scans/knee.nii.gz"))
    'production/scans | knee.nii.gz | knee'
    """
    return template.format_map(fields)


def numeric_order(name: str) -> list[tuple[str, int]]:
    """
    Return a sort key under which the numbers in names count as numbers: ``_9`` before ``_10``.

    >>> sorted(["f10.jpg", "f9.jpg", "f1.jpg"], key=numeric_order)
    ['f1.jpg', 'f9.jpg', 'f10.jpg']
    """
    parts = _NUMBER.split(name)
    texts, numbers = parts[::2], [*map(int, parts[1::2]), -1]
    return list(zip(texts, numbers, strict=True))
